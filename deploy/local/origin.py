"""One origin before the four front doors: nginx with a configuration of our own, unprivileged.

It listens on 127.0.0.1, and on one more address only when asked to.
"""

import html
import http.client
import os
import shutil
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

from deploy.local import ports, user
from deploy.local.child import Child
from deploy.local.environment import bare
from deploy.local.folder import ROOT, Folder
from deploy.local.trouble import Trouble

TEMPLATE = ROOT / "deploy" / "nginx" / "nginx.conf"
USUAL_PORT, LAST_PORT, TRIES = 8080, 8179, 5

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


class Origin:
    """`upstreams` tells the ports of each service's front doors; `port` None means 8080 or the next free one.

    `lan` is this machine's address in its network, where telephones reach it as well.
    """

    def __init__(
        self,
        folder: Folder,
        upstreams: Callable[[], Mapping[str, list[int]]],
        port: int | None = None,
        lan: str | None = None,
    ) -> None:
        self.folder, self.upstreams, self.lan = folder, upstreams, lan
        self.child = Child(folder, "nginx", signal.SIGTERM)
        self.wanted, self.port = port, port or USUAL_PORT

    @property
    def url(self) -> str:
        """Where a browser goes."""
        return f"http://localhost:{self.port}"

    def start(self) -> None:
        """Start and wait until it answers."""
        if self.wanted is not None:
            if not ports.is_free(self.wanted):
                raise Trouble(
                    f"Port {self.port} is taken; stop what listens there, or choose another: HTTP_PORT=8081 make run."
                )
            return self._start()
        for _ in range(TRIES):
            self.port = ports.free_port_from(self.port, LAST_PORT)
            try:
                return self._start()
            except Trouble:  # another program may have taken the port since we looked
                if ports.is_free(self.port):
                    raise
        raise Trouble("Ports are taken faster than nginx starts; choose one: HTTP_PORT=8081 make run.")

    def _start(self) -> None:
        self.data = self.folder.data("nginx")
        self._write("nginx.conf", self._configuration())
        self._write("about.html", PAGE.format(items="\n".join(self._item(service) for service in self.upstreams())))
        self._write_refusals()
        self.child.start([program(), "-p", self.data, "-c", self.data / "nginx.conf"], bare(), drop=True, cwd=Path("/"))
        self.child.wait_until(lambda: ports.answers(self.port), 15, "nginx")

    def reload(self) -> None:
        """Take over what `upstreams` tells now, without dropping a connection."""
        self._write("nginx.conf", self._configuration())
        os.kill(self.child.pid, signal.SIGHUP)

    def stop(self) -> None:
        """Stop at once."""
        self.child.stop(patience=5)

    def answers(self, path: str) -> bool:
        """Whether GET `path` is answered by something better than an error of a gateway."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", path)
            return connection.getresponse().status < 500
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _configuration(self) -> str:
        filled = {
            "@at@": str(self.data),
            "@listen@": " ".join(f"listen {address}:{self.port};" for address in ("127.0.0.1", self.lan) if address),
            "@upstreams@": "\n".join(_upstream(service, doors) for service, doors in self.upstreams().items()),
            "@locations@": "\n".join(_locations(self.upstreams())),
        }
        text = TEMPLATE.read_text(encoding="utf-8")
        for name, value in filled.items():
            text = text.replace(name, value)
        return text

    def _write_refusals(self) -> None:
        folder = self.data / "refused"
        folder.mkdir(exist_ok=True)
        user.give(folder)
        for status, (title, next_step) in REFUSED.items():
            self._write(f"refused/{status}.html", REFUSED_PAGE.format(title=title, next_step=next_step))

    def _item(self, service: str) -> str:
        address = f"/api/{service}/v1/openapi.json"
        return f'<li>{html.escape(NAMES.get(service, service))}：<a href="{address}">{address}</a></li>'

    def _write(self, name: str, text: str) -> None:
        path = self.data / name
        path.write_text(text, encoding="utf-8")
        user.give(path)


def program() -> Path:
    """nginx itself, which is not on every user's PATH; Trouble when it is missing."""
    found = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/sbin:" + os.environ.get("PATH", ""))
    if found is None:
        raise Trouble("nginx is missing; `make setup` installs it.")
    return Path(found)


def _locations(upstreams: Mapping[str, list[int]]) -> list[str]:
    made = [RESOURCES.format(service=service, passed=PASSED.format(service=service)) for service in upstreams]
    for service in upstreams:
        # A path of its own and everything below it; /desks is not below /desk.
        for place in PLACES.get(service, ()):
            made += [_pages(service, f"= {place}", place), _pages(service, f"{place}/", place)]
        made.append(_pages(service, f"/static/{service}/", "/static"))
    if "intake" in upstreams:
        made += [_pages("intake", "/uploads", "/uploads"), _pages("intake", "/", "/")]
    return made


def _pages(service: str, pattern: str, place: str) -> str:
    return PAGES.format(place=pattern, largest=LARGEST.get(place, "2m"), passed=PASSED.format(service=service))


def _upstream(service: str, doors: list[int]) -> str:
    return UPSTREAM.format(
        service=service, servers="\n".join(f"        server 127.0.0.1:{port} max_fails=0;" for port in doors)
    )
