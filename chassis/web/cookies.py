"""Cookies of the one origin: HttpOnly, Lax, Secure where the origin is https, and what is in them signed."""

from typing import Any

from flask import Response, current_app
from itsdangerous import BadSignature, URLSafeTimedSerializer

from chassis.settings import Settings


def secure() -> bool:
    """Whether cookies travel over https only. A laptop's `make run` speaks plain http."""
    settings: Settings = current_app.extensions["lianxin.settings"]
    return settings.profile == "production"


def put(answer: Response, name: str, value: str, *, seconds: int | None = None, path: str = "/") -> None:
    """Set a cookie; without `seconds` it ends with the browser."""
    answer.set_cookie(name, value, max_age=seconds, path=path, secure=secure(), httponly=True, samesite="Lax")


def drop(answer: Response, name: str, *, path: str = "/") -> None:
    """Delete a cookie that was put with the same `path`."""
    answer.delete_cookie(name, path=path, secure=secure(), httponly=True, samesite="Lax")


def sign(purpose: str, value: Any) -> str:
    """JSON `value` as text that nobody can change, for one `purpose`. It can be read: secrets don't belong in it."""
    return str(_signer(purpose).dumps(value))


def unsign(purpose: str, text: str, seconds: int) -> Any:
    """What was signed for `purpose` at most `seconds` ago; None for anything else."""
    try:
        return _signer(purpose).loads(text, max_age=seconds)
    except BadSignature:
        return None


def _signer(purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.extensions["lianxin.page_key"], salt=f"lianxin {purpose}")
