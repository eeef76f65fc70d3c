"""The configuration of the one origin before the four front doors, and the pages it shows by itself.

`make run` (deploy/servers/origin.py) and compose (deploy/compose) are made from this and from nginx.conf beside it.
"""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TEMPLATE = Path(__file__).with_name("nginx.conf")

UPSTREAM = """    upstream {service} {{
{servers}
        keepalive 16;
        keepalive_timeout 20s;   # shorter than the service's own, or a request could meet a closing connection
    }}"""
PASSED = """            if ($http_transfer_encoding) {{
                return 411;
            }}
            proxy_pass http://{service};
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;   # what the client claims is not passed on
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Request-Id $request_id;
            proxy_connect_timeout 2s;
            proxy_send_timeout 15s;
            proxy_read_timeout 20s;"""
RESOURCES = """        location /api/{service}/ {{
{passed}
        }}"""
PAGES = """        location {place} {{
            client_max_body_size {largest};
            error_page 400 414 431 494 =400 /refused/400.html;
            error_page 408 =408 /refused/408.html;
            error_page 411 =411 /refused/400.html;
            error_page 413 =413 /refused/413.html;
            error_page 502 503 504 =503 /refused/503.html;
{passed}
        }}"""
PLACES = {
    # Each area of pages belongs to the service that owns the duty; every other address is intake's.
    "dispatch": ("/login", "/logout", "/account", "/.well-known/jwks.json", "/desk", "/wall", "/directory"),
    "notify": ("/letters",),
}
LARGEST = {"/uploads": "16m", "/": "200m", "/desk": "200m", "/login": "200m"}
"""The largest body by place: a form without a script sends files to `/` and `/desk`; `/login/renew` may meet one."""
REFUSED = {
    400: ("请求无法理解", "请返回上一页，刷新后再试。"),
    408: ("发送得太慢", "网络较慢，请换个信号好的地方再试；较大的照片和视频可以稍后补充。"),
    413: ("内容太大", "请减少照片、视频的数量或大小后再提交。"),
    503: ("系统正在重启", "请过一会儿刷新本页。情况紧急请直接拨打 110、119 或 120。"),
}
REFUSED_PAGE = """<!doctype html>
<html lang="zh-CN">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · 连心</title>
<style>body {{ font: 1rem/1.6 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem }}
h1 {{ color: #a3201b }}</style>
<main><h1>{title}</h1>
<p>{next_step}</p></main>
</html>
"""
PAGE = """<!doctype html>
<html lang="zh-CN">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>连心</title>
<h1>连心</h1>
<p>每一封来信都有回音。系统正在运行：<a href="/">居民来信</a>，<a href="/login">工作人员登录</a>。</p>
<p>以下是各服务的接口说明。</p>
<ul>
{items}
</ul>
"""
NAMES = {"intake": "受理", "dispatch": "分拨办理", "sla": "时限", "notify": "通知与警示函"}

RESOLVED = """        zone {service} 64k;
        resolver {resolver} valid=5s;
"""
BEHIND = """        set_real_ip_from {network};"""
REAL_ADDRESS = """        real_ip_header X-Forwarded-For;   # what stands before us and ends TLS tells who asks"""


@dataclass(frozen=True)
class Site:
    """`doors`: the addresses of each service's front doors; `listen`: where it is reached.

    `at` is the folder of these files, `temporary` the one nginx writes to. `behind` names the networks of the proxy
    before it, whose word for the client's address is taken. `resolver` is the name server that is asked again and
    again where doors are names whose addresses change; it needs nginx 1.27.3 or newer.
    """

    doors: Mapping[str, Sequence[str]]
    listen: Sequence[str]
    at: str
    temporary: str
    behind: Sequence[str] = ()
    resolver: str = ""

    def files(self) -> dict[str, str]:
        """Everything that belongs into `at`, by name."""
        refused = {
            f"refused/{status}.html": REFUSED_PAGE.format(title=title, next_step=next_step)
            for status, (title, next_step) in REFUSED.items()
        }
        items = "\n".join(_item(service) for service in self.doors)
        return {"nginx.conf": self.configuration(), "about.html": PAGE.format(items=items), **refused}

    def configuration(self) -> str:
        """nginx.conf, filled in."""
        filled = {
            "@at@": self.at,
            "@temporary@": self.temporary,
            "@listen@": "\n".join([" ".join(f"listen {address};" for address in self.listen), *self._behind()]),
            "@upstreams@": "\n".join(self._upstream(service, doors) for service, doors in self.doors.items()),
            "@locations@": "\n".join(_locations(self.doors)),
        }
        text = TEMPLATE.read_text(encoding="utf-8")
        for name, value in filled.items():
            text = text.replace(name, value)
        return text

    def _upstream(self, service: str, doors: Sequence[str]) -> str:
        again = RESOLVED.format(service=service, resolver=self.resolver) if self.resolver else ""
        resolve = " resolve" if self.resolver else ""
        servers = "\n".join(f"        server {address}{resolve} max_fails=0;" for address in doors)
        return UPSTREAM.format(service=service, servers=again + servers)

    def _behind(self) -> list[str]:
        trusted = [BEHIND.format(network=network) for network in self.behind]
        return [*trusted, REAL_ADDRESS] if trusted else []


def _item(service: str) -> str:
    address = f"/api/{service}/v1/openapi.json"
    return f'<li>{html.escape(NAMES.get(service, service))}：<a href="{address}">{address}</a></li>'


def _locations(services: Mapping[str, object]) -> list[str]:
    made = [RESOURCES.format(service=service, passed=PASSED.format(service=service)) for service in services]
    for service in services:
        # A path of its own and everything below it; /desks is not below /desk.
        for place in PLACES.get(service, ()):
            made += [_pages(service, f"= {place}", place), _pages(service, f"{place}/", place)]
        made.append(_pages(service, f"/static/{service}/", "/static"))
    if "intake" in services:
        made += [_pages("intake", "/uploads", "/uploads"), _pages("intake", "/", "/")]
    return made


def _pages(service: str, pattern: str, place: str) -> str:
    return PAGES.format(place=pattern, largest=LARGEST.get(place, "2m"), passed=PASSED.format(service=service))
