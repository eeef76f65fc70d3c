"""One origin before the four front doors: nginx with the configuration of deploy/nginx, unprivileged.

It listens on 127.0.0.1, and on one more address only when asked to.
"""

import http.client
import os
import shutil
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

from deploy.machine import ports, user
from deploy.machine.child import Child, bare
from deploy.machine.folder import Folder
from deploy.machine.trouble import Trouble
from deploy.nginx.site import Site

USUAL_PORT, LAST_PORT, TRIES = 8080, 8179, 5


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
        for name, text in self._site().files().items():
            self._write(name, text)
        prefix, options = self.data / "nginx", f"daemon off; pid {self.data}/pid;"
        command: list[str | Path] = [program(), "-p", prefix, "-c", prefix / "nginx.conf", "-g", options]
        self.child.start(command, bare(), drop=True, cwd=Path("/"))
        self.child.wait_until(lambda: ports.answers(self.port), 15, "nginx")

    def reload(self) -> None:
        """Take over what `upstreams` tells now, without dropping a connection."""
        self._write("local/upstreams.conf", self._site().upstreams())
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

    def _site(self) -> Site:
        return Site(
            {service: [f"127.0.0.1:{port}" for port in doors] for service, doors in self.upstreams().items()},
            [f"{address}:{self.port}" for address in ("127.0.0.1", self.lan) if address],
            self.data,
        )

    def _write(self, name: str, text: str) -> None:
        path = self.data / name
        for folder in reversed(path.relative_to(self.data).parents[:-1]):
            (self.data / folder).mkdir(exist_ok=True)
            user.give(self.data / folder)
        path.write_text(text, encoding="utf-8")
        user.give(path)


def program() -> Path:
    """nginx itself, which is not on every user's PATH; Trouble when it is missing."""
    found = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/sbin:" + os.environ.get("PATH", ""))
    if found is None:
        raise Trouble("nginx is missing; `make setup` installs it.")
    return Path(found)
