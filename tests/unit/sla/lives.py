"""Lives for property tests: they may have stopped anywhere, and times fall on, before and after every limit."""

from hypothesis import strategies as st

from tests.unit.sla.life import NUMBER, Life

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
    if stages >= 3:
        now = life.contacted = now + draw(gaps)
    if stages >= 4:
        for last in [False] * draw(st.integers(0, 2)) + [True]:
            replied = now = now + draw(gaps)
            if not last:
                now += draw(gaps)
            life.replies.append((replied, None if last else now))
    if stages >= 5:
        now = life.closed = now + draw(gaps)
    if stages in (2, 3) and draw(st.booleans()):
        life.imported = now + draw(gaps)
    return life
