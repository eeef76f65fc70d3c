"""Cross-site requests are refused: a form sends back what only our own pages could have put into it.

Signed double submit: a cookie holds a number nobody else knows, the form its keyed hash, freshly salted each time so
that compression reveals nothing about it. A browser that says where a request comes from (Sec-Fetch-Site) is believed.
"""

import hashlib
import hmac
import secrets

from flask import Response, current_app, g, request

from chassis.web import cookies
from chassis.web.problems import Refusal

FIELD, HEADER = "csrf", "X-CSRF-Token"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def token() -> str:
    """For the hidden field `csrf` or the header X-CSRF-Token of this browser's next requests."""
    if "csrf_nonce" not in g:
        g.csrf_nonce = request.cookies.get(_cookie()) or secrets.token_urlsafe(18)
    salt = secrets.token_hex(8)
    return f"{salt}.{_hash(salt, g.csrf_nonce)}"


def check() -> None:
    """Raises Refusal `bad_csrf_token` if the current request changes something and did not come from our own page."""
    if request.method in SAFE or g.get("csrf_checked") or is_exempt():
        return
    salt, _, given = (request.headers.get(HEADER) or request.form.get(FIELD, "")).partition(".")
    nonce = request.cookies.get(_cookie(), "")
    ours = request.headers.get("Sec-Fetch-Site", "same-origin") in ("same-origin", "none")
    if not (ours and nonce and hmac.compare_digest(given.encode(), _hash(salt, nonce).encode())):
        raise Refusal("bad_csrf_token")
    g.csrf_checked = True


def remember(answer: Response) -> None:
    """Give the browser its number if `token` was asked for and it has none yet."""
    if "csrf_nonce" in g and request.cookies.get(_cookie()) != g.csrf_nonce:
        cookies.put(answer, _cookie(), g.csrf_nonce)


def _hash(salt: str, nonce: str) -> str:
    key = current_app.extensions["lianxin.page_key"].encode()
    return hmac.new(key, f"csrf {salt} {nonce}".encode(), hashlib.sha256).hexdigest()


def _cookie() -> str:
    # A neighbouring subdomain cannot plant a cookie of this name; browsers allow it over https only.
    return "__Host-lianxin_csrf" if cookies.secure() else "lianxin_csrf"


def is_exempt() -> bool:
    """Whether the view may be asked from anywhere; it reads no form, so none is parsed for it."""
    view = current_app.view_functions.get(request.endpoint or "")
    return getattr(view, "lianxin_csrf_exempt", False)
