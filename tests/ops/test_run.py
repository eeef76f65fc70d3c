"""`make run`, as a person meets it: it starts, says what it does, survives being killed, and leaves nothing behind."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from deploy.machine import ports
from deploy.machine.folder import ROOT, Folder
from deploy.system.issuer import Issuer

LETTER = {
    "kind": "help",
    "name": "张三",
    "mobile": "13800000001",
    "description": "地铁口的路灯坏了，晚上很暗。",
    "place": "地铁A口",
    "identity": "named",
}
pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="lianxin-run-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def run(folder: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []

    def start(**variables: str) -> subprocess.Popen[str]:
        env = {k: v for k, v in os.environ.items() if k not in ("LANG", "LC_ALL")} | {"RUN": str(folder)} | variables
        command = [sys.executable, "-m", "deploy.system.run"]
        started.append(subprocess.Popen(command, cwd=ROOT, env=env, stdout=-1, stderr=subprocess.STDOUT, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()
    subprocess.run(
        [sys.executable, "-m", "deploy.system.stop"], cwd=ROOT, env=os.environ | {"RUN": str(folder)}, check=True
    )


def said(process: subprocess.Popen[str], sentence: str) -> str:
    """The first line it prints with the sentence in it; fails with everything it said if it ends before."""
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if sentence in line:
            return line
    raise AssertionError("".join(lines))


def ours(folder: Path) -> list[str]:
    """Command lines of processes that have to do with the folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            environment, command = (path / "environ").read_bytes(), (path / "cmdline").read_bytes()
        except OSError:
            continue
        if bytes(folder) in environment + command and int(path.name) != os.getpid():
            found.append(command.replace(b"\0", b" ").decode())
    return found


def test_it_takes_letters_and_a_killed_run_is_cleaned_up_by_the_next(
    run: Callable[..., subprocess.Popen[str]], folder: Path
) -> None:
    first = run()
    url = re.findall(r"http://\S+", said(first, "letters are taken in at"))[0]
    assert requests.post(f"{url}/api/intake/v1/cases", json=LETTER, timeout=15).status_code == 201
    said(first, "everything is ready")
    first.kill()
    first.wait()

    second = run()
    assert "postgres" in said(second, "stopped what a killed run had left")
    url = re.findall(r"http://\S+", said(second, "letters are taken in at"))[0]
    said(second, "everything is ready")
    headers = {"Authorization": f"Bearer {Issuer(Folder(folder)).token('centre', 'CENTRE')}"}
    assert len(requests.get(f"{url}/api/intake/v1/desk/cases", headers=headers, timeout=15).json()["items"]) == 1

    second.send_signal(signal.SIGINT)
    said(second, "stopped everything")
    assert second.wait(30) == 0
    assert ours(folder) == []


def test_a_service_that_dies_is_started_again_and_said_so(
    run: Callable[..., subprocess.Popen[str]], folder: Path
) -> None:
    process = run()
    said(process, "everything is ready")
    record = (folder / "children" / "sla-worker.json").read_text()
    os.kill(int(re.findall(r'"pid": (\d+)', record)[0]), signal.SIGKILL)
    assert "code -9" in said(process, "sla-worker had ended")


def test_interrupted_at_any_moment_of_starting_it_leaves_nothing(
    run: Callable[..., subprocess.Popen[str]], folder: Path
) -> None:
    for moment in ("postgres", "rabbitmq", "intake-api"):
        process = run()
        deadline = time.monotonic() + 60
        while not (folder / "children" / f"{moment}.json").exists():
            assert time.monotonic() < deadline, moment
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        assert ours(folder) == [], moment


def test_a_second_run_is_told_who_runs_already(run: Callable[..., subprocess.Popen[str]], folder: Path) -> None:
    with Folder(folder).lock():
        output, _ = run().communicate(timeout=60)
    assert re.search(rf"is in use by process {os.getpid()} ", output)
    assert "Traceback" not in output


def test_a_port_that_is_taken_is_one_sentence(run: Callable[..., subprocess.Popen[str]]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", ports.free_port()))
        other.listen()
        process = run(HTTP_PORT=str(other.getsockname()[1]))
        output, _ = process.communicate(timeout=90)
    assert "is taken; stop what listens there, or choose another: HTTP_PORT=" in output
    assert "Traceback" not in output
    assert process.returncode == 1
