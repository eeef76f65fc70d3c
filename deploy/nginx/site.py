"""The origin's files for one machine: those of this folder, and the two that say where doors and clients are.

Compose mounts this folder as it lies here, with deploy/compose/nginx as the two.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
UPSTREAM = """
upstream {service} {{
    {servers}
    keepalive 16;
    keepalive_timeout 20s;   # shorter than the service's own, or a request could meet a closing connection
}}
"""
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@dataclass(frozen=True)
class Site:
    """`doors`: the addresses of each service's front doors; `listen`: where it is reached.

    `temporary` is the folder nginx writes to.
    """

    doors: Mapping[str, Sequence[str]]
    listen: Sequence[str]
    temporary: Path

    def files(self) -> dict[str, str]:
        """Everything nginx reads, by its path: below `nginx/`, its prefix, and below `local/`."""
        paths = [path for path in sorted(HERE.rglob("*")) if path.suffix in (".conf", ".html")]
        shared = {f"nginx/{path.relative_to(HERE)}": path.read_text(encoding="utf-8") for path in paths}
        listen = "".join(f"listen {address};\n" for address in self.listen)
        return {**shared, "local/listen.conf": listen, "local/upstreams.conf": self.upstreams()}

    def upstreams(self) -> str:
        """`local/upstreams.conf`, which alone changes when a front door gets another port."""
        folders = [f"{kind}_temp_path {self.temporary / kind};\n" for kind in TEMPORARY]
        return "".join([*folders, *(_upstream(service, doors) for service, doors in self.doors.items())])


def _upstream(service: str, doors: Sequence[str]) -> str:
    servers = "\n    ".join(f"server {address} max_fails=0;" for address in doors)
    return UPSTREAM.format(service=service, servers=servers)
