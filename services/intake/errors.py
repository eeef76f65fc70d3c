"""Every refusal of intake, by stable code: its HTTP status and the Chinese sentence the caller reads."""

from chassis.errors import DomainError


class CaseNotFound(DomainError):
    """No such case, or the query code is wrong: the two look the same, so that a number reveals nothing (R13)."""

    code = "case_not_found"


class UnknownCommunity(DomainError):
    """The street has no community of this code."""

    code = "community_unknown"


class IllegalTransition(DomainError):
    """The case's state does not allow this command; `legal` lists those it allows."""

    code = "illegal_transition"


class TooManyLetters(DomainError):
    """One address sent more letters than the window allows; `retry_after` is in seconds."""

    code = "too_many_letters"


class TooManyWrongCodes(DomainError):
    """One address gave too many wrong query codes; `retry_after` is in seconds."""

    code = "too_many_wrong_codes"


class NumbersExhausted(DomainError):
    """A day's numbers are used up: half a million, or 20,000 for a day on which the database was restored."""

    code = "numbers_exhausted"


class NumbersUnsafe(DomainError):
    """The database was set back and `restored` was not run yet: a number might be given out a second time."""

    code = "numbers_unsafe"


class UnknownPurpose(DomainError):
    """Contacts are given out for known purposes only (PIPL art. 6)."""

    code = "unknown_purpose"


class TooManyCases(DomainError):
    """One question asks for the contacts of more cases than a reply may carry."""

    code = "too_many_cases"


class ReaderKeyMissing(DomainError):
    """No public key of the reader is configured, so contacts cannot be sealed and are not given out."""

    code = "reader_key_missing"


STATUSES = {
    CaseNotFound.code: 404,
    UnknownCommunity.code: 422,
    IllegalTransition.code: 409,
    TooManyLetters.code: 429,
    TooManyWrongCodes.code: 429,
    NumbersExhausted.code: 503,
    NumbersUnsafe.code: 503,
}

SENTENCES = {
    CaseNotFound.code: "没有找到这件诉求，请核对编号和查询码。",
    UnknownCommunity.code: "没有这个社区。",
    IllegalTransition.code: "诉求当前的状态不能这样操作。",
    TooManyLetters.code: "您提交得太频繁了，请稍后再试。紧急情况请直接拨打110、119或120。",
    TooManyWrongCodes.code: "查询码输错次数过多，请稍后再试。",
    NumbersExhausted.code: "今日编号已用完，请稍后再试。",
    NumbersUnsafe.code: "系统正在从备份恢复，暂时不能受理新的诉求，请稍后再试。紧急情况请直接拨打110、119或120。",
}
