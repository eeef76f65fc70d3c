"""One origin before the four front doors: nginx with a configuration of our own, unprivileged, on 127.0.0.1."""

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
LOCATION = """        location /api/{service}/ {{
            if ($http_transfer_encoding) {{
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
            proxy_read_timeout 20s;
        }}"""
PAGE = """<!doctype html>
<html lang="zh-CN">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>连心</title>
<h1>连心</h1>
<p>每一封来信都有回音。系统正在运行，以下是各服务的接口说明。</p>
<ul>
{items}
</ul>
"""
NAMES = {"intake": "受理", "dispatch": "分拨办理", "sla": "时限", "notify": "通知与警示函"}


class Origin:
    """`upstreams` tells the ports of each service's front doors; `port` None means 8080 or the next free one."""

    def __init__(
        self, folder: Folder, upstreams: Callable[[], Mapping[str, list[int]]], port: int | None = None
    ) -> None:
        self.folder, self.upstreams = folder, upstreams
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
        self._write("index.html", PAGE.format(items="\n".join(self._item(service) for service in self.upstreams())))
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
            "@port@": str(self.port),
            "@upstreams@": "\n".join(_upstream(service, doors) for service, doors in self.upstreams().items()),
            "@locations@": "\n".join(LOCATION.format(service=service) for service in self.upstreams()),
        }
        text = TEMPLATE.read_text(encoding="utf-8")
        for name, value in filled.items():
            text = text.replace(name, value)
        return text

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


def _upstream(service: str, doors: list[int]) -> str:
    return UPSTREAM.format(
        service=service, servers="\n".join(f"        server 127.0.0.1:{port} max_fails=0;" for port in doors)
    )
