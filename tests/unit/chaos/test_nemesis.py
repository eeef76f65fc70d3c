from itertools import islice

from chassis.web.idempotency import KEPT
from tests.chaos.faults import AHEAD, DAY, FAULTS, LASTS, MEASURED, OUTSIDE
from tests.chaos.nemesis import order, points


def test_every_kind_of_fault_comes_once_before_any_comes_twice() -> None:
    for seed in range(20):
        kinds = [kind for kind, _ in islice(order(seed), len(FAULTS))]
        assert sorted(kinds) == sorted(FAULTS)


def test_faults_of_the_outside_come_before_all_others() -> None:
    for seed in range(20):
        outside = [fault in OUTSIDE for _, fault in islice(order(seed), len(FAULTS))]
        assert outside == sorted(outside, reverse=True) and outside[0]


def test_the_same_seed_gives_the_same_order_and_another_gives_another() -> None:
    once, again, other = (list(islice(order(seed), len(FAULTS))) for seed in (5, 5, 6))
    assert once == again != other


def test_consecutive_seeds_go_through_every_way_of_every_kind() -> None:
    done = {fault for seed in range(7, 11) for _, fault in islice(order(seed), len(FAULTS))}
    assert done == {way for ways in FAULTS.values() for way in ways}


def test_faults_named_as_lasting_or_measured_are_in_the_table() -> None:
    assert {way for ways in FAULTS.values() for way in ways} >= LASTS | MEASURED | OUTSIDE


def test_every_kill_point_of_the_fault_list_is_in_the_code() -> None:
    assert {
        "door.before_commit", "door.committed",
        "relay.claimed", "broker.unconfirmed", "relay.confirmed",
        "inbox.before", "inbox.inside", "consumer.committed", "consumer.acknowledged",
        "clocks.claimed", "clocks.committed",
        "sending.claimed", "sending.answered",
        "letters.ordered", "letters.rendered", "letters.recorded",
    } == set(points())  # fmt: skip


def test_clocks_never_jump_past_the_age_at_which_a_key_is_forgotten_between_two_tries() -> None:
    assert max(AHEAD) * 2 + DAY < KEPT
