"""Where CI decides, nothing may be left unlooked at: a skipped test makes the run red."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.machine.folder import ROOT

ONE_SKIPPED = 'import pytest\n\ndef test_a(): pass\n\ndef test_b(): pytest.skip("no tool")\n'


@pytest.mark.parametrize(("ci", "code"), [("true", 1), ("", 0)])
def test_a_skipped_test_is_a_failure_where_ci_decides(tmp_path: Path, ci: str, code: int) -> None:
    (tmp_path / "test_two.py").write_text(ONE_SKIPPED)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-c",
        tmp_path / "pytest.ini",
        "-p",
        "tests.conftest",
        "-p",
        "no:cacheprovider",
        tmp_path,
    ]
    env = os.environ | {"CI": ci, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert "1 passed, 1 skipped" in done.stdout, done.stdout + done.stderr
    assert done.returncode == code
    assert ("CI=true: a skipped test is a failure" in done.stdout) is (ci == "true")
