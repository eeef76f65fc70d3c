"""Whatever order the two sources are heard in, and whenever the clocks fire in between, a case ends the same."""

from hypothesis import given, settings
from hypothesis import strategies as st

from services.sla.domain.case import Case
from services.sla.domain.clock import Status
from tests.support.sla_life import Sla, after
from tests.support.sla_lives import gaps, lives

END = 1000.0


@st.composite
def tellings(draw):
    """A life, its events in one of the orders they may arrive in, and how late the clocks looked before each."""
    life = draw(lives())
    left = [life.intake(), life.dispatch()]
    order = []
    while any(left):
        source = draw(st.sampled_from([events for events in left if events]))
        order.append(source.pop(0))
    looks = draw(st.lists(st.one_of(st.none(), gaps), min_size=len(order), max_size=len(order)))
    return life, order, looks


def told(life, order, looks):
    """Heard in this order; events never before they happened, and the clocks looking now and then."""
    sla, now = Sla(), after(0)
    for event, late in zip(order, looks, strict=True):
        now = max(now, event.time)
        if late is not None:
            now += after(late) - after(0)
            sla.fire(now)
            check_nothing_is_early(sla, now)
        sla.hear(event, now)
    return sla.wait(max(after(END), now))


def check_nothing_is_early(sla, now):
    fired = [d.data for d in sla.published if d.type in ("clock.warned", "clock.breached")]
    assert all(data["at"] <= now.isoformat().replace("+00:00", "Z") for data in fired)


def ending(case: Case):
    return {
        kind: (
            *(clock.status, clock.gen, clock.due, clock.met_at, clock.stopped_at),
            clock.breached_at if not clock.retracted else None,
        )
        for kind, clock in case.clocks.items()
        if clock.status is not Status.MUTED  # judged once its review is over
    }


def breaches_that_stand(sla: Sla) -> set[tuple[str, int]]:
    """Of every gen there ever was."""
    told = {type_: set() for type_ in ("clock.breached", "clock.retracted")}
    for draft in sla.published:
        told.get(draft.type, set()).add((draft.data.get("kind"), draft.data.get("gen")))
    return told["clock.breached"] - told["clock.retracted"]


@settings(max_examples=150, deadline=None)
@given(tellings())
def test_every_interleaving_ends_with_the_clocks_of_the_true_order(telling):
    life, order, looks = telling
    true, sla = Sla().tell(life, END), told(life, order, looks)
    assert ending(sla.case) == ending(true.case)
    if Status.MUTED not in {clock.status for clock in true.case.clocks.values()}:
        assert breaches_that_stand(sla) == breaches_that_stand(true)
        assert (sla.case.mark, sla.case.reason) == (true.case.mark, true.case.reason)


@settings(max_examples=60, deadline=None)
@given(tellings())
def test_each_colour_comes_at_most_once_for_a_gen_and_yellow_before_red(telling):
    sla = told(*telling)
    for kind, gen in (("accept", 1), ("dispatch", 1), ("contact", 1), ("close", 1), ("close", 2)):
        turns = sla.of(kind, gen)
        assert len(turns) == len(set(turns))
        assert turns[:1] in ([], ["started"])
        if "breached" in turns:
            assert turns.index("warned") < turns.index("breached")
        if {"met", "changed"} & {*turns}:
            assert turns[-1] in ("met", "changed")
            assert not {"met", "changed"} <= {*turns}


@settings(max_examples=60, deadline=None)
@given(tellings())
def test_what_was_done_in_time_leaves_no_breach_standing(telling):
    sla = told(*telling)
    for clock in sla.case.clocks.values():
        if clock.met_at is not None and clock.met_at <= clock.due:
            assert clock.breached_at is None or clock.retracted
            turns = sla.of(clock.kind, clock.gen)
            assert ("breached" in turns) == ("retracted" in turns)
        if clock.met_at is not None and clock.met_at > clock.due:
            assert clock.breached_at is not None and not clock.retracted


@settings(max_examples=60, deadline=None)
@given(tellings())
def test_the_sequence_has_no_gap_and_marks_follow_each_other(telling):
    sla = told(*telling)
    assert [draft.seq for draft in sla.published] == list(range(1, sla.case.version + 1))
    marks = [draft.data for draft in sla.published if draft.type == "case.marked"]
    assert [m["previous"] for m in marks] == ["none", *(m["mark"] for m in marks)][:-1] if marks else True
    assert all(m["previous"] != m["mark"] for m in marks)


@settings(max_examples=60, deadline=None)
@given(tellings())
def test_what_came_before_an_import_is_silent_and_nothing_else_is(telling):
    life, *_ = telling
    sla = told(*telling)
    horizon = None if life.imported is None else after(life.imported).isoformat().replace("+00:00", "Z")
    for draft in sla.published:
        if draft.type in ("clock.warned", "clock.breached"):
            assert draft.data["silent"] == (horizon is not None and draft.data["at"] <= horizon)
