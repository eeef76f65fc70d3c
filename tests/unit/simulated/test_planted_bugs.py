"""The simulation can fail: every bug planted on purpose is found by a modest number of seeds, and sound code by none."""

import pytest

from tests.simulation.bugs import BUGS, FAVOURS, planted
from tests.simulation.faults import KINDS
from tests.simulation.ground import laid
from tests.simulation.seed import simulate
from tests.simulation.story import told

MODEST = 600  # seeds; half a minute for a bug that shows in none
RARE = {
    "who was taken for dead still writes down what became of an SMS",
    "a retracted breach keeps its letter",
    "clocks of a case fire while its events are tried again",
}
"""Bugs that need more than a hundred seeds to show."""


@pytest.fixture(autouse=True)
def ground():
    with laid():
        yield


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "what", [pytest.param(what, marks=pytest.mark.long) if what in RARE else what for what in BUGS]
)
def test_a_planted_bug_is_found(what):
    with planted(what):
        assert any(simulate(seed, favoured=FAVOURS[what]).findings for seed in range(MODEST))


def test_rare_bugs_are_bugs():
    assert BUGS.keys() >= RARE


@pytest.mark.timeout(600)
def test_sound_code_has_no_finding_though_everything_goes_wrong():
    for seed in range(20):
        assert simulate(seed).findings == []
    assert simulate(20, favoured=KINDS).findings == []


def test_a_seed_always_gives_the_same_story():
    first, second = (list(told(simulate(7, tell=True))) for _ in range(2))
    assert first == second
    assert len(first) > 50


def test_a_story_ends_with_what_was_broken_and_how_to_see_it_again():
    with planted("an event that fails is dropped"):
        outcome = next(outcome for seed in range(MODEST) if (outcome := simulate(seed, tell=True)).findings)
    story = list(told(outcome))
    assert "hears case.submitted #1 of XA2026" in "".join(story)
    assert any(line.startswith("BROKEN (lost): ") for line in story)
    assert story[-1] == f"Again: SEED={outcome.seed} make simulation"
