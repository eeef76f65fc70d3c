"""The desk's lists: what each holds, in which order, and which of them a role works with."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.limits import hours

CONTACT = hours("contact")
AT_UNITS = ("dispatched", "acknowledged", "handling")


@dataclass(frozen=True, slots=True)
class Tab:
    """One list: which cases it holds, by their states and mark, and how they are sorted."""

    words: str
    states: tuple[str, ...] = ()
    mark: str | None = None
    open: bool = False
    sort: str = "time_left"
    empty: str = "这里现在没有诉求。"

    def counts(self, state: str, mark: str) -> bool:
        """Whether an open case of this state and mark belongs to the list."""
        return (not self.states or state in self.states) and self.mark in (None, mark)


TABS = {
    "waiting": Tab("待分拨", ("waiting",), empty="没有待分拨的诉求。新来信受理、研判后，需要人看的会出现在这里。"),
    "at_units": Tab("在办", AT_UNITS, empty="承办单位手上现在没有诉求。"),
    "dispatched": Tab("待签收", ("dispatched",), empty="没有待签收的诉求。"),
    "acknowledged": Tab(
        "待联系", ("acknowledged",), empty=f"没有待联系的诉求。签收后请在 {CONTACT} 小时内联系诉求人。"
    ),
    "handling": Tab("办理中", ("handling",), empty="没有办理中的诉求。"),
    "handed_back": Tab("退件待裁决", ("handed_back",), empty="没有等待裁决的退件。"),
    "replied": Tab("答复待审核", ("replied",), empty="没有等待审核的答复。"),
    "yellow": Tab("预警黄", mark="yellow", open=True, empty="没有预警的诉求。"),
    "red": Tab("警报红", mark="red", open=True, empty="没有超时的诉求。"),
    "all": Tab("全部未结", open=True, empty="没有未办结的诉求。"),
    "closed": Tab("已办结", ("closed",), sort="newest", empty="还没有办结的诉求。"),
}
CENTRE = ("waiting", "at_units", "handed_back", "replied", "yellow", "red", "all", "closed")
UNIT = ("all", "dispatched", "acknowledged", "handling", "replied", "yellow", "red", "closed")


def names_for(roles: frozenset[str]) -> tuple[str, ...]:
    """The lists of a role, the first one opened first."""
    return UNIT if "unit" in roles else CENTRE


def count(tab: Tab, counted: Mapping[tuple[str, str], int]) -> int:
    """How many open cases belong to the list, given the numbers by state and mark."""
    return sum(number for (state, mark), number in counted.items() if tab.counts(state, mark))
