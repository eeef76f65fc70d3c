"""`python -m deploy.compose.origin` writes deploy/compose/nginx again from deploy/nginx; a test compares them."""

import sys
from pathlib import Path

from deploy.nginx.site import Site
from services import SERVICES

HERE = Path(__file__).parent / "nginx"
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
"""The port is published on this machine's own address: who comes through it is a program of this machine."""
SITE = Site(
    doors={service: [f"{service}-api:8000"] for service in SERVICES},
    listen=["8080"],
    at="/etc/lianxin/nginx",
    temporary="/tmp",
    behind=PRIVATE,
    resolver="127.0.0.11",  # the engine's own, in every container
)


def main() -> int:
    """Writes the files."""
    for name, text in SITE.files().items():
        (HERE / name).parent.mkdir(parents=True, exist_ok=True)
        (HERE / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
