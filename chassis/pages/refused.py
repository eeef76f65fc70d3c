"""Every refusal as a page: what went wrong, and what to do next."""

import base64
import json
import time
from urllib.parse import quote

from flask import Response, current_app, g, redirect, request

from chassis.pages import rendering
from chassis.web.callers import TOKEN_COOKIE

RENEW = "/login/renew"
JUST_MADE = 10
"""Seconds within which a token that is refused was refused right after it was made."""

TITLES = {
    403: "没有权限",
    404: "没有这个页面",
    405: "不能这样打开",
    409: "现在不能这样办理",
    412: "已被他人更新",
    413: "内容太大",
    422: "内容有误",
    429: "操作过于频繁",
    500: "系统出错",
    503: "系统繁忙",
}
NEXT_STEPS = {
    403: "如果您刚刚提交了表单，请返回上一页，刷新后再提交；如果您应当有此权限，请联系本单位管理员。",
    404: "请检查地址是否完整，或从首页重新进入。",
    405: "请从首页重新进入。",
    409: "请返回上一页，刷新后查看最新情况。",
    412: "请返回上一页，刷新后在最新内容上重新办理。",
    413: "请减少照片、视频的数量或大小后再提交。",
    422: "请返回上一页，按提示修改后再提交。",
    429: "请稍等几分钟再试。情况紧急请直接拨打 110、119 或 120。",
    500: "请稍后再试；如果反复出现，请把下面的编号告诉工作人员。",
    503: "请过一会儿刷新本页；已经提交的内容不会丢失。",
}
OTHERWISE = "请返回上一页再试。"


def page_of(status: int, code: str, sentence: str, errors: list[dict[str, str]]) -> Response | None:
    """The page for a refusal of the current request; None where a program asked."""
    if not is_page():
        return None
    if code == "unauthorised":
        if not _just_made():
            return _renew()
        # Renewing again would go round in circles: this service does not trust the issuer of our login.
        status, sentence = 503, "登录暂时无法核对，请稍后再试。"
    return rendering.page(
        "refused.html",
        status=status,
        title=TITLES.get(status, "无法办理"),
        sentence=sentence,
        next_step=NEXT_STEPS.get(status, OTHERWISE),
        errors=errors,
        request_id=g.get("request_id", ""),
    )


def is_page() -> bool:
    """Whether the current address is a page's: one of our blueprints, or none at all outside `/api/`."""
    blueprint = current_app.blueprints.get(request.blueprint or "")
    return getattr(blueprint, "has_pages", False) or (request.endpoint is None and not request.path.startswith("/api/"))


def _renew() -> Response:
    # 307 keeps method and body: an officer's words are not lost because a token ended while they were written.
    address = request.full_path.rstrip("?")
    return redirect(f"{RENEW}?next={quote(address, safe='')}", 307)  # type: ignore[return-value]


def _just_made() -> bool:
    """Whether the browser's token is seconds old; unchecked, as it only decides between two refusals."""
    try:
        middle = request.cookies.get(TOKEN_COOKIE, "").split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
        return time.time() - float(claims["iat"]) < JUST_MADE
    except (IndexError, KeyError, ValueError, TypeError):
        return False
