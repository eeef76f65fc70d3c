"""A session: from the login until somebody leaves, is idle too long, or logs in elsewhere."""

from dataclasses import dataclass
from datetime import datetime, timedelta

IDLE = timedelta(minutes=15)
LONGEST = timedelta(hours=8)
WHY = {
    "idle": "您已超过 15 分钟没有操作，请重新登录。",
    "longest": "本次登录已满 8 小时，请重新登录。",
    "replaced": "您的账户已在别处登录，这里的登录已结束。如果不是您本人操作，请立即修改密码。",
    "left": "您已退出。",
    "everywhere": "您已在所有设备上退出，请重新登录。",
    "disabled": "登录已结束，请重新登录。",
    "late": "登录超时，请重新登录。",
}
"""Why a session ended, and what its owner is told."""


@dataclass(frozen=True, slots=True)
class Session:
    """`digest` is the hash of what the browser holds. `account` is None for people of the provider or the role chooser.

    `roles` and `unit` are used where there is no account; an account's own may change while its officer is logged in.
    """

    digest: bytes
    subject: str
    display: str
    account: str | None
    roles: tuple[str, ...]
    unit: str | None
    created_at: datetime
    seen_at: datetime
    ended: str | None = None


def why_over(session: Session, now: datetime) -> str | None:
    """A key of WHY if the session is over at `now`, else None."""
    if session.ended:
        return session.ended
    if now - session.created_at >= LONGEST:
        return "longest"
    if session.seen_at - now >= IDLE:  # seen by a clock that has been set back since: nobody knows how long ago
        return "late"
    return "idle" if now - session.seen_at >= IDLE else None
