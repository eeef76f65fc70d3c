"""What sla refuses, each with its status and its Chinese sentence."""

from chassis.errors import DomainError


class CaseNotFound(DomainError):
    """No such case, or one that the caller may not know of."""

    code = "case_not_found"


STATUSES = {"case_not_found": 404, "bad_cursor": 422}
SENTENCES = {
    "case_not_found": "没有找到这件诉求。",
    "bad_cursor": "翻页标记无效，请从第一页重新查看。",
}
