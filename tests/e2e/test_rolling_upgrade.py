"""F17: the last release and today's code beside each other, on the new databases, there and back, while people work."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.machine.folder import ROOT
from deploy.system.testbed import Servers
from tests.e2e.rollout import Rollout

pytestmark = pytest.mark.long


@pytest.fixture
def rollout(servers: Servers, last_release: Path) -> Iterator[Rollout]:
    made = Rollout(servers, last_release)
    try:
        made.start()
        yield made
    finally:
        made.close()


@pytest.mark.timeout(900)
def test_a_release_is_rolled_out_and_back_and_nobody_notices(rollout: Rollout) -> None:
    rollout.hear_of(3)
    rollout.prepare()
    rollout.hear_of(3)  # the old code on the new databases and the new topology
    for code in (ROOT, rollout.old):
        rollout.roll("api", code)
        rollout.roll("worker", code)
        assert {process.root for process in rollout.system.processes.all.values()} == {code}
        rollout.hear_of(3)
    rollout.finish()
    assert rollout.door.wrong == []
    assert rollout.door.answered > 100
    assert rollout.town.complaints == []
    assert rollout.town.verdict() == []
    assert rollout.out_of_order() == []
