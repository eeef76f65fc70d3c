"""How moments, time left and marks are written on a page."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

ZONE = ZoneInfo("Asia/Shanghai")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MARKS = {
    "none": ("○", "未亮牌"),
    "green": ("✔", "办结绿"),
    "yellow": ("▲", "预警黄"),
    "red": ("■", "警报红"),
}
"""Shape and word of each mark: nobody needs to see its colour."""


def when(moment: datetime | None) -> Markup | str:
    """`11月24日 14:05` by Beijing time, with the exact moment for machines; nothing for None."""
    if moment is None:
        return ""
    there = moment.astimezone(ZONE)
    words = f"{there.month}月{there.day}日 {there:%H:%M}"
    return Markup('<time datetime="{}">{}</time>').format(there.isoformat(timespec="minutes"), words)


def left(due: datetime | None, now: datetime) -> str:
    """Time until `due` in words: `还剩 3 小时`, `还剩 2 天`, `超时 20 分钟`; nothing for None."""
    if due is None:
        return ""
    return f"还剩 {_span(due - now)}" if due > now else f"超时 {_span(now - due)}"


@pass_context
def left_in_page(context: Context, due: datetime | None, now: datetime | None = None) -> str:
    """`{{ due|left }}`, counted from the page's value `now`; in an imported macro give it: `{{ due|left(now) }}`."""
    return left(due, now or context["now"])


def mark(colour: str | None) -> Markup:
    """A mark in colour, shape and word."""
    name = colour if colour in MARKS else "none"
    shape, words = MARKS[name]
    return Markup('<span class="mark mark-{}"><span aria-hidden="true">{}</span> {}</span>').format(name, shape, words)


def _span(time: timedelta) -> str:
    for unit, least, words in ((DAY, 2 * DAY, "天"), (HOUR, HOUR, "小时"), (MINUTE, MINUTE, "分钟")):
        if time >= least:
            return f"{time // unit} {words}"
    return "不到 1 分钟"
