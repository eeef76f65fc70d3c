"""How times are written for people: Asia/Shanghai, no leading zeros (GB/T 9704)."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def day(moment: datetime) -> str:
    """`2026年5月9日` for an aware `moment`."""
    local = moment.astimezone(SHANGHAI)
    return f"{local.year}年{local.month}月{local.day}日"


def minute(moment: datetime) -> str:
    """`2026年5月9日8时5分` for an aware `moment`; on the hour the minutes are left out."""
    local = moment.astimezone(SHANGHAI)
    return day(moment) + f"{local.hour}时" + (f"{local.minute}分" if local.minute else "")


def promised_hour(due: datetime) -> str:
    """`5月9日8时`: the full hour at or after `due`, so that meeting the deadline always keeps the promise."""
    local = due.astimezone(SHANGHAI)
    full = local.replace(minute=0, second=0, microsecond=0)
    if full < local:
        full += timedelta(hours=1)
    return f"{full.month}月{full.day}日{full.hour}时"


def time_left(left: timedelta) -> str:
    """`6小时`, `5小时59分钟`, `45分钟`: to the nearest minute, since a warning fires a moment late."""
    hours, minutes = divmod(max(round(left.total_seconds() / 60), 1), 60)
    return (f"{hours}小时" if hours else "") + (f"{minutes}分钟" if minutes else "")
