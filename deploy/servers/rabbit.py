"""A RabbitMQ node of our own, with its own epmd, cookie and ports, all on 127.0.0.1."""

import base64
import http.client
import json
import os
import secrets
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote

from deploy.machine import ports, user
from deploy.machine.child import Child
from deploy.machine.folder import Folder
from deploy.machine.trouble import Trouble

NODE = "lianxin@localhost"
# The management plugin is here for the topology and for counting messages; its statistics, which cost processor time
# all day, are switched off: rabbitmq_prometheus has the measurements.
PLUGINS = "[rabbitmq_management,rabbitmq_prometheus]."
# A small machine, shared with databases and services: no busy waiting, no binding to cores, two schedulers.
ERLANG = "+S 2:2 -kernel inet_dist_use_interface {127,0,0,1}"
CONFIG = """
listeners.tcp.1 = 127.0.0.1:{amqp}
management.tcp.ip = 127.0.0.1
management.tcp.port = {management}
prometheus.tcp.ip = 127.0.0.1
prometheus.tcp.port = {prometheus}
default_user = lianxin
default_pass = {password}
default_vhost = /
disk_free_limit.absolute = 50MB
vm_memory_high_watermark.absolute = 1GB
raft.wal_max_size_bytes = 67108864
log.console.level = warning
management_agent.disable_metrics_collector = true
management.disable_stats = true
management.enable_queue_totals = true
"""


class Rabbit:
    """start() creates the node on first use; a restart keeps ports, data and users."""

    drop = True  # the programs run as the unprivileged server user

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.child = Child(folder, "rabbitmq")
        self.epmd = Child(folder, "epmd")
        self.ports: dict[str, int] = folder.recall("rabbitmq") or _ports()
        self.vhost = "/"

    def command(self, program: str) -> list[str]:
        """How one of the broker's programs is called."""
        return [str(_program(program))]

    def start(self) -> None:
        """Start and wait until it takes connections."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start without waiting."""
        self.data = self.folder.data("rabbit")
        if not self.child.running and not all(ports.is_free(port) for port in self._own_ports()):
            self.epmd.stop()
            self.ports = _ports()
        self.folder.remember("rabbitmq", self.ports)
        self._write_configuration()
        if not self.epmd.running:
            # Started by us and not by erl: erl's would go into the background and outlive everything.
            command = ["epmd", "-address", "127.0.0.1", "-port", str(self.ports["epmd"])]
            self.epmd.start(command, self._env(), drop=True, cwd=Path("/"))
            self.epmd.wait_until(lambda: ports.answers(self.ports["epmd"]), 10, "epmd")
        self.child.start(self.command("rabbitmq-server"), self._env(), drop=self.drop, cwd=Path("/"))

    def wait(self, seconds: float = 90.0) -> None:
        """Wait until it takes connections and answers the management API."""
        self.child.wait_until(self._answers, seconds, "RabbitMQ")

    def stop(self) -> None:
        """Orderly shutdown; what is left after two seconds is the management agent waiting five for nobody."""
        self.child.stop(patience=2)
        self.epmd.stop()

    def kill(self) -> None:
        """kill -9 of the node; epmd stays, as on a machine where only the broker crashes."""
        self.child.kill()

    def uri(self, name: str = "lianxin", vhost: str | None = None) -> str:
        """The AMQP address for a user whose password is kept in the secrets."""
        host = f"127.0.0.1:{self.ports['amqp']}"
        return f"amqp://{name}:{quote(self.password(name), safe='')}@{host}/{quote(vhost or self.vhost, safe='')}"

    def password(self, name: str) -> str:
        """The password of a broker user, invented on first use."""
        return self.folder.secret(f"broker-{name}")

    @property
    def management(self) -> str:
        """The management API's address with the administrator's name and password in it."""
        return f"http://lianxin:{quote(self.password('lianxin'), safe='')}@127.0.0.1:{self.ports['management']}"

    @property
    def prometheus(self) -> str:
        """Where the broker's own metrics are."""
        return f"http://127.0.0.1:{self.ports['prometheus']}/metrics"

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """One call of the management API, as administrator: `api("GET", "/queues/%2F")`; None for an empty answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports["management"], timeout=15)
        try:
            token = base64.b64encode(f"lianxin:{self.password('lianxin')}".encode()).decode()
            headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}
            connection.request(method, f"/api{path}", None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status >= 400:
            raise Trouble(f"RabbitMQ refused {method} {path}: {answer.status} {text.decode(errors='replace')[:200]}")
        return json.loads(text) if text else None

    def control(self, *arguments: str) -> str:
        """What `rabbitmqctl …` prints; Trouble if it fails."""
        done = subprocess.run(
            [*self.command("rabbitmqctl"), *arguments],
            env=self._env(),
            cwd="/",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            **(user.identity() if self.drop else {}),
        )
        if done.returncode:
            raise Trouble(f"rabbitmqctl {arguments[0]}: {done.stderr.strip()[:300]}")
        printed: str = done.stdout
        return printed

    def create_vhost(self, name: str) -> None:
        """A new empty vhost with full rights for the administrator."""
        self.api("PUT", f"/vhosts/{quote(name, safe='')}", {})
        self.api(
            "PUT", f"/permissions/{quote(name, safe='')}/lianxin", {"configure": ".*", "write": ".*", "read": ".*"}
        )

    def drop_vhost(self, name: str) -> None:
        """Drop it with all its queues; connections to it are closed."""
        self.api("DELETE", f"/vhosts/{quote(name, safe='')}")

    def _answers(self) -> bool:
        if not (ports.answers(self.ports["amqp"]) and ports.answers(self.ports["management"])):
            return False
        try:
            return bool(self.api("GET", "/whoami"))
        except (OSError, http.client.HTTPException, ValueError, Trouble):
            return False

    def _own_ports(self) -> list[int]:
        return [port for name, port in self.ports.items() if name != "epmd" or not self.epmd.running]

    def _write_configuration(self) -> None:
        self._write("rabbitmq.conf", CONFIG.format(password=self.password("lianxin"), **self.ports))
        self._write("enabled_plugins", PLUGINS)
        self._write("rabbitmq-env.conf", "")
        if not (self.data / ".erlang.cookie").exists():
            self._write(".erlang.cookie", secrets.token_hex(16), 0o400)

    def _write(self, name: str, text: str, mode: int = 0o600) -> None:
        path = self.data / name
        path.write_text(text)
        path.chmod(mode)
        user.give(path)

    def _env(self) -> dict[str, str]:
        at = str(self.data)
        return {
            "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": at,
            "LC_ALL": "C.UTF-8",
            "ERL_EPMD_PORT": str(self.ports["epmd"]),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_CRASH_DUMP_SECONDS": "0",
            "RUNNING_UNDER_SYSTEMD": "true",  # makes the script replace itself by the node: one pid, no shell between
            "RABBITMQ_NODENAME": NODE,
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.ports["amqp"]),
            "RABBITMQ_DIST_PORT": str(self.ports["distribution"]),
            "RABBITMQ_CONFIG_FILE": f"{at}/rabbitmq",
            "RABBITMQ_CONF_ENV_FILE": f"{at}/rabbitmq-env.conf",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{at}/enabled_plugins",
            "RABBITMQ_GENERATED_CONFIG_DIR": f"{at}/generated",
            "RABBITMQ_MNESIA_BASE": f"{at}/data",
            "RABBITMQ_PID_FILE": f"{at}/pid",
            "RABBITMQ_LOG_BASE": f"{at}/log",
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_SCHEDULER_BIND_TYPE": "u",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": ERLANG,
        }


def _ports() -> dict[str, int]:
    return {name: ports.free_port() for name in ("amqp", "management", "prometheus", "distribution", "epmd")}


def _program(name: str) -> Path:
    path = Path("/usr/lib/rabbitmq/bin") / name  # /usr/sbin holds wrappers that insist on their own user
    if not path.exists():
        raise Trouble("RabbitMQ is missing; `make setup` installs it.")
    return path
