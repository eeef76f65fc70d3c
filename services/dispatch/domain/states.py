"""The states of a case, and the command that leads from each to the next."""

from enum import StrEnum

from services.dispatch.errors import IllegalTransition


class State(StrEnum):
    SUBMITTED = "submitted"  # intake has yet to decide; nobody here sees the case
    REFUSED = "refused"  # 不予受理, by intake
    WAITING = "waiting"  # 待分拨
    DISPATCHED = "dispatched"  # 待签收
    ACKNOWLEDGED = "acknowledged"  # 待联系
    HANDED_BACK = "handed_back"  # 待裁决
    HANDLING = "handling"  # 办理中
    REPLIED = "replied"  # 待审核
    CLOSED = "closed"  # 已办结
    MERGED = "merged"  # 已并入另一件, whose answer is this one's too
    WITHDRAWN = "withdrawn"  # 已撤回


TRANSITIONS: dict[State, dict[str, State]] = {
    State.SUBMITTED: {"accept": State.WAITING, "refuse": State.REFUSED},
    State.REFUSED: {},
    State.WAITING: {"dispatch": State.DISPATCHED, "withdraw": State.WITHDRAWN, "merge": State.MERGED},
    State.DISPATCHED: {
        "acknowledge": State.ACKNOWLEDGED,
        "hand_back": State.HANDED_BACK,
        "name_handler": State.DISPATCHED,
        "withdraw": State.WITHDRAWN,
        "merge": State.MERGED,
    },
    # R25: the resident is told the process before any work begins, so contact is the only way into `handling`.
    State.ACKNOWLEDGED: {
        "contact": State.HANDLING,
        "hand_back": State.HANDED_BACK,
        "name_handler": State.ACKNOWLEDGED,
        "work": State.ACKNOWLEDGED,
        "withdraw": State.WITHDRAWN,
        "merge": State.MERGED,
    },
    State.HANDED_BACK: {"rule": State.DISPATCHED, "withdraw": State.WITHDRAWN, "merge": State.MERGED},
    State.HANDLING: {
        "reply": State.REPLIED,
        "name_handler": State.HANDLING,
        "work": State.HANDLING,
        "withdraw": State.WITHDRAWN,
        "merge": State.MERGED,
    },
    State.REPLIED: {"close": State.CLOSED, "send_back": State.HANDLING, "withdraw": State.WITHDRAWN},
    # The resident is answered when the main case is.
    State.MERGED: {"follow": State.CLOSED},
    State.CLOSED: {"reopen": State.HANDLING},
    State.WITHDRAWN: {},
}

VISIBLE = tuple(state for state in State if state not in (State.SUBMITTED, State.REFUSED))
"""What officers may see; what intake has not accepted is not theirs."""
OPEN = tuple(state for state in VISIBLE if state not in (State.CLOSED, State.MERGED, State.WITHDRAWN))
"""Somebody still has something to do."""

# A review has two outcomes and is one command to its caller.
_PUBLIC_NAMES = {"close": "review", "send_back": "review", "rule": "ruling", "name_handler": "handler"}
# Intake decides these, the resident asks for them, or the main case brings them about: no officer gives them.
_NOT_FOR_OFFICERS = frozenset({"accept", "refuse", "withdraw", "reopen", "follow"})


def next_state(state: State, command: str) -> State:
    """The state after `command`. Raises IllegalTransition."""
    if command not in TRANSITIONS[state]:
        raise IllegalTransition(state=state.value, legal=legal_commands(state))
    return TRANSITIONS[state][command]


def legal_commands(state: State) -> list[str]:
    """The commands that an officer may give in `state`, sorted, as the API names them."""
    return sorted({_PUBLIC_NAMES.get(name, name) for name in TRANSITIONS[state] if name not in _NOT_FOR_OFFICERS})
