"""The folder of a running system: one holder, private secrets, nothing left behind by a killed one."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy.machine.child import Child, alive, bare, born, descendants, stop_orphans
from deploy.machine.folder import Folder
from deploy.machine.trouble import Trouble

KILLED = """
import os, signal, sys
from deploy.machine.child import Child
from deploy.machine.child import bare
from deploy.machine.folder import Folder
child = Child(Folder(sys.argv[1]), "sleeper")
child.start(["sh", "-c", "sleep 300 & wait"], bare())
print(child.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_second_holder_is_told_who_the_first_is(tmp_path: Path) -> None:
    with Folder(tmp_path).lock(), pytest.raises(Trouble, match=r"in use by process \d+ \("), Folder(tmp_path).lock():
        pass


def test_the_folder_is_free_again_once_the_holder_is_gone(tmp_path: Path) -> None:
    with Folder(tmp_path).lock():
        assert Folder(tmp_path).holder() is not None
    assert Folder(tmp_path).holder() is None


def test_secrets_are_invented_once_and_only_the_owner_reads_them(tmp_path: Path) -> None:
    path = Folder(tmp_path).secret_file("database-sla")
    assert path.stat().st_mode & 0o777 == 0o600
    assert Folder(tmp_path).secret("database-sla") == path.read_text()


def test_what_a_killed_holder_left_is_found_and_stopped_with_all_it_started(tmp_path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], capture_output=True, text=True, check=False)
    pid = int(killed.stdout)
    deadline = time.monotonic() + 10
    while not (tree := descendants(pid)):
        assert time.monotonic() < deadline
    tree[pid] = born(pid)
    assert stop_orphans(Folder(tmp_path), patience=5) == ["sleeper"]
    assert not any(alive(each, since) for each, since in tree.items())
    assert stop_orphans(Folder(tmp_path)) == []


def test_another_process_that_got_the_pid_is_left_alone(tmp_path: Path) -> None:
    child = Child(Folder(tmp_path), "innocent")
    child.start(["sleep", "300"], bare())
    record = tmp_path / "children" / "innocent.json"
    record.write_text(record.read_text().replace(f'"born": "{born(child.pid)}"', '"born": "1"'))
    assert stop_orphans(Folder(tmp_path)) == []
    assert child.running
    child.kill()


def test_a_child_that_will_not_go_is_killed(tmp_path: Path) -> None:
    child = Child(Folder(tmp_path), "stubborn")
    child.start(["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.1; done"], bare())
    child.wait_until(lambda: "deaf" in child.tail(), 10, "stubborn")
    child.stop(patience=0.2)
    assert not child.running


def test_a_program_that_dies_while_starting_says_why(tmp_path: Path) -> None:
    child = Child(Folder(tmp_path), "broken")
    child.start(["sh", "-c", "echo no such thing; exit 3"], bare())
    with pytest.raises(Trouble, match="no such thing"):
        child.wait_until(lambda: False, 10, "broken")
