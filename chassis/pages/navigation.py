"""The one menu of all officers' pages. Which service answers an address is nginx's business (`deploy/nginx`)."""

from collections.abc import Set

MENU: tuple[tuple[str, str, frozenset[str]], ...] = (
    ("/reception", "受理", frozenset({"centre"})),
    ("/desk", "办件", frozenset({"centre", "unit", "leader", "supervisor"})),
    ("/letters", "警示函", frozenset({"centre", "unit", "leader", "supervisor"})),
    ("/wall", "大屏", frozenset({"centre", "unit", "leader", "supervisor"})),
    ("/directory", "通讯录", frozenset({"centre", "unit", "leader", "supervisor"})),
    ("/account", "账户", frozenset({"centre", "unit", "leader", "supervisor", "administrator"})),
)


def entries(roles: Set[str]) -> list[tuple[str, str]]:
    """Addresses and words of what someone with `roles` may open, in the order shown."""
    return [(address, words) for address, words, allowed in MENU if roles & allowed]
