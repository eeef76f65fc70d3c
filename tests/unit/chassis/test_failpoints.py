import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis import failpoints
from chassis.settings import Settings, SettingsError, read

DYING = """
import sys
from pathlib import Path
from chassis import failpoints
failpoints.configure(Path(sys.argv[1]), "sla-worker")
failpoints.hit("clocks.claimed")
print("still here")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    failpoints.configure(tmp_path, "sla-worker")
    yield tmp_path
    failpoints.configure(None, "")


def hits(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "hits.jsonl").read_text().splitlines()]


def test_an_armed_point_does_nothing_in_a_process_that_was_told_no_folder(folder: Path) -> None:
    (folder / "relay.claimed").write_text("raise 1")
    failpoints.configure(None, "sla-worker")
    failpoints.hit("relay.claimed")
    assert (folder / "relay.claimed").exists() and not (folder / "hits.jsonl").exists()


def test_a_point_that_nobody_armed_does_nothing(folder: Path) -> None:
    failpoints.hit("relay.claimed")
    assert not list(folder.iterdir())


def test_an_armed_point_raises_once(folder: Path) -> None:
    (folder / "relay.claimed").write_text("raise 1")
    with pytest.raises(failpoints.Failed, match=r"relay\.claimed"):
        failpoints.hit("relay.claimed")
    failpoints.hit("relay.claimed")


def test_the_nth_passing_is_the_one(folder: Path) -> None:
    (folder / "relay.claimed").write_text("raise 3")
    failpoints.hit("relay.claimed")
    failpoints.hit("relay.claimed")
    with pytest.raises(failpoints.Failed):
        failpoints.hit("relay.claimed")


def test_passings_before_it_was_armed_again_do_not_count(folder: Path) -> None:
    (folder / "relay.claimed").write_text("raise 3")
    failpoints.hit("relay.claimed")
    (folder / "relay.claimed").unlink()
    failpoints.hit("relay.claimed")
    (folder / "relay.claimed").write_text("raise 2")
    failpoints.hit("relay.claimed")
    with pytest.raises(failpoints.Failed):
        failpoints.hit("relay.claimed")


def test_a_point_armed_for_another_process_waits_for_that(folder: Path) -> None:
    (folder / "relay.claimed").write_text("raise 1 notify-worker")
    failpoints.hit("relay.claimed")
    failpoints.configure(folder, "notify-worker")
    with pytest.raises(failpoints.Failed):
        failpoints.hit("relay.claimed")


def test_what_it_does_is_written_down_first(folder: Path) -> None:
    (folder / "inbox.inside").write_text("raise 1")
    with pytest.raises(failpoints.Failed):
        failpoints.hit("inbox.inside")
    (line,) = hits(folder)
    assert (line["failpoint"], line["action"], line["process"]) == ("inbox.inside", "raise", "sla-worker")


def test_a_delayed_and_a_hung_process_goes_on_afterwards(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failpoints, "DELAY_SECONDS", 0.0)
    monkeypatch.setattr(failpoints, "HANG_SECONDS", 0.0)
    for action in ("delay", "hang"):
        (folder / "inbox.inside").write_text(f"{action} 1")
        failpoints.hit("inbox.inside")
    assert [line["action"] for line in hits(folder)] == ["delay", "hang"]


def test_a_killed_process_ends_at_the_point(tmp_path: Path) -> None:
    (tmp_path / "clocks.claimed").write_text("kill 1")
    done = subprocess.run([sys.executable, "-c", DYING, str(tmp_path)], capture_output=True, timeout=30)
    assert done.returncode == -signal.SIGKILL and done.stdout == b""
    assert hits(tmp_path)[0]["action"] == "kill"


def test_production_refuses_failpoints(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="FAILPOINTS"):
        read(Settings, {"DATABASE_URL": "postgresql://x/y", "FAILPOINTS": str(tmp_path)})
