"""Programs that checks call: the locked ones beside this Python, the distribution's on the path."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.check.finding import Skipped

DISTRIBUTION = {"promtool", "amtool"}
"""Only these may be absent, where there is no Debian: the other programs come with the locked Python packages."""
SECONDS = 60
"""Longest a program may take; none needs ten."""


def find(program: str) -> str:
    """Where `program` is. Raises Skipped when it is absent, FileNotFoundError when it is a locked one."""
    beside = Path(sys.executable).parent / program
    if program not in DISTRIBUTION:
        if not beside.exists():
            raise FileNotFoundError(f"{program} is not in {beside.parent}; run make setup")
        return str(beside)
    found = shutil.which(program)
    if found is None:
        raise Skipped(f"{program} is not on this machine")
    return found


def run(
    program: str, *arguments: str | Path, cwd: Path | None = None, given: bytes | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs it to its end; output as text, `given` on standard input. Raises as `find` does."""
    command: Sequence[str] = [find(program), *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, input=given, capture_output=True, timeout=SECONDS, check=False)
    return subprocess.CompletedProcess(
        command, done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    )


def complaint(done: subprocess.CompletedProcess[str]) -> str:
    """What it said, on one line."""
    return " · ".join(line.strip() for line in (done.stdout + "\n" + done.stderr).splitlines() if line.strip())
