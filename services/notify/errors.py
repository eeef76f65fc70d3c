"""What notify refuses, with the status and the Chinese sentence of each (design rule 14)."""

from chassis.errors import DomainError


class LetterNotFound(DomainError):
    """No such letter, or none the caller may see."""

    code = "letter_not_found"


class MessageNotFound(DomainError):
    """No such message."""

    code = "message_not_found"


class IllegalTransition(DomainError):
    """The command is not legal in this state; the data are `state` and `legal`."""

    code = "illegal_transition"


class LetterNotPrinted(DomainError):
    """There is no PDF yet: the letter is not signed, or not printed."""

    code = "letter_not_printed"


STATUSES = {"letter_not_found": 404, "message_not_found": 404, "illegal_transition": 409, "letter_not_printed": 409}
SENTENCES = {
    "letter_not_found": "没有找到这份警示函。",
    "message_not_found": "没有找到这条消息。",
    "illegal_transition": "当前状态下不能这样操作。",
    "letter_not_printed": "这份警示函尚未签发或正在排版，请稍后再下载。",
}
