"""What dispatch refuses: stable codes, and the one table of statuses and Chinese sentences."""

from chassis.errors import DomainError


class CaseNotFound(DomainError):
    """No such case, or none that this caller may see: the two must look alike (R04)."""

    code = "case_not_found"


class IllegalTransition(DomainError):
    """The case is not in a state that allows the command; `state` and `legal` say what is."""

    code = "illegal_transition"


class NotLeadUnit(DomainError):
    """The caller's unit helps with this case but does not lead it."""

    code = "not_lead_unit"


class NotYours(DomainError):
    """Another role decides about this case: a leader only where the letter is about the centre."""

    code = "forbidden"


class UnknownUnit(DomainError):
    code = "unit_unknown"


class ClosedUnit(DomainError):
    """A closed unit keeps its history and receives no new work (R01)."""

    code = "unit_closed"


class ConcernedUnit(DomainError):
    """A letter must not be passed to the unit it is about (domain.md B1, Regulations on letters and visits)."""

    code = "unit_concerned"


class LeadIsHelper(DomainError):
    code = "lead_is_helper"


class UnknownCategory(DomainError):
    code = "category_unknown"


class PromiseInThePast(DomainError):
    code = "promise_in_the_past"


class HandedBackAlready(DomainError):
    """Each unit may hand a case back once; the centre's ruling is final."""

    code = "handed_back_already"


class TooLateToHandBack(DomainError):
    """A unit has two hours after the case was sent to it."""

    code = "too_late_to_hand_back"


class HasFollowers(DomainError):
    """Others were merged into this case: it can't go into a third."""

    code = "has_followers"


class IntoItself(DomainError):
    code = "into_itself"


class MainNotFound(DomainError):
    """No such case, or none that this caller decides."""

    code = "main_not_found"


class MainNotOpen(DomainError):
    """A case that is closed or merged itself answers nobody any more."""

    code = "main_not_open"


class MergeRestricted(DomainError):
    """A restricted letter and an ordinary one are seen by different people."""

    code = "merge_restricted"


class NoSuggestion(DomainError):
    """Triage left open which unit should lead, or how complex the case is: a person chooses."""

    code = "no_suggestion"


class RestrictedInBulk(DomainError):
    """A person opens a restricted case and decides about it alone."""

    code = "restricted_in_bulk"


class WordTooShort(DomainError):
    """A single character is in every letter."""

    code = "word_too_short"


STATUSES: dict[str, int] = {
    "case_not_found": 404,
    "illegal_transition": 409,
    "not_lead_unit": 403,
    "forbidden": 403,
    "unit_unknown": 422,
    "unit_closed": 422,
    "unit_concerned": 422,
    "lead_is_helper": 422,
    "category_unknown": 422,
    "promise_in_the_past": 422,
    "bad_cursor": 422,
    "word_too_short": 422,
    "no_suggestion": 409,
    "restricted_in_bulk": 409,
    "handed_back_already": 409,
    "too_late_to_hand_back": 409,
    "has_followers": 409,
    "into_itself": 422,
    "main_not_found": 422,
    "main_not_open": 422,
    "merge_restricted": 422,
}

SENTENCES: dict[str, str] = {
    "case_not_found": "没有找到这件诉求。",
    "illegal_transition": "当前状态不能进行这项操作。",
    "not_lead_unit": "只有主办单位可以进行这项操作。",
    "forbidden": "您没有进行这项操作的权限。",
    "unit_unknown": "没有这个单位，请从单位名录中选择。",
    "unit_closed": "该单位已停用，不能接收新的诉求。",
    "unit_concerned": "该单位是来信反映的对象，不能办理这件诉求。",
    "lead_is_helper": "主办单位不能同时是协办单位。",
    "category_unknown": "没有这个类别，请从职责清单中选择。",
    "promise_in_the_past": "承诺时间不能早于现在。",
    "no_suggestion": "研判没有建议单位，请逐件分拨。",
    "restricted_in_bulk": "回避件请打开后逐件分拨。",
    "word_too_short": "每个搜索词至少两个字。",
    "bad_cursor": "翻页标记不正确，请从第一页开始。",
    "handed_back_already": "本单位已退件一次，裁决后不能再退。",
    "too_late_to_hand_back": "退件须在分拨后2小时内提出，现已超时。",
    "has_followers": "已有其他诉求并入本件，不能再并入别的诉求。",
    "into_itself": "不能并入自己。",
    "main_not_found": "没有找到要并入的诉求。",
    "main_not_open": "要并入的诉求已结束，请另选一件。",
    "merge_restricted": "涉及单位或工作人员的诉求不能与其他诉求合并。",
}
