"""Lives for property tests: they may have stopped anywhere, and times fall on, before and after every limit."""

from hypothesis import strategies as st

from tests.support.sla_life import NUMBER, Again, Life

gaps = st.sampled_from([0.01, 0.3, 0.75, 0.8, 1.0, 1.5, 2.0, 6.0, 18.0, 19.0, 24.0, 54.0, 72.0, 80.0])


@st.composite
def lives(draw, number=NUMBER):
    """A life."""
    life = Life(
        number=number,
        helpers=draw(st.sampled_from([(), ("O01", "O02")])),
        complexity=draw(st.sampled_from(["simple", "complex"])),
        emergency=draw(st.booleans()),
        priority=draw(st.booleans()),
        restricted=draw(st.booleans()),
    )
    if draw(st.integers(0, 9)) == 0:
        life.refused = draw(gaps)
        return life
    stages = draw(st.integers(0, 5))
    now = 0.0
    if stages >= 1:
        now = life.accepted = now + draw(gaps)
    if stages >= 2:
        now = life.dispatched = now + draw(gaps)
        if draw(st.integers(0, 3)) == 0:
            handed_back = now = now + draw(gaps)
            now = ruled = now + draw(gaps)
            life.handed_back = (handed_back, ruled if stages > 2 or draw(st.booleans()) else None)
    if stages >= 3:
        now = life.contacted = now + draw(gaps)
    if stages >= 4:
        life.replies, now = draw(replies(now))
    if stages >= 5:
        now = life.closed = now + draw(gaps)
        if draw(st.booleans()):
            life.again, now = draw(second_rounds(now))
    if stages in (2, 3) and life.handed_back is None and draw(st.booleans()):
        now = life.imported = now + draw(gaps)
    if life.closed is None or (life.again is not None and life.again.closed is None):
        leave(draw, life, now)
    return life


@st.composite
def replies(draw, now):
    """Replies, all but the last sent back; and when the last came."""
    given = []
    for last in [False] * draw(st.integers(0, 2)) + [True]:
        replied = now = now + draw(gaps)
        if not last:
            now += draw(gaps)
        given.append((replied, None if last else now))
    return given, now


@st.composite
def second_rounds(draw, now):
    """A second round that may have stopped anywhere; and when."""
    now += draw(gaps)
    again = Again(now)
    stages = draw(st.integers(0, 2))
    if stages >= 1:
        again.replies, now = draw(replies(now))
    if stages >= 2:
        now = again.closed = now + draw(gaps)
    return again, now


def leave(draw, life, now):
    """An open case may be withdrawn, or merged into another and then closed with that."""
    way = draw(st.sampled_from(["stays", "stays", "withdrawn", "merged"]))
    if way == "withdrawn":
        life.withdrawn = now + draw(gaps)
    if way == "merged" and life.accepted is not None:
        life.merged = now + draw(gaps)
        if draw(st.booleans()):
            life.followed = life.merged + draw(gaps)
