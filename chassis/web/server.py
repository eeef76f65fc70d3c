"""Serves a service's WSGI application: one gunicorn process with threads, scaled by replicas."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from sqlalchemy import text

from chassis import logs
from chassis.database import Database
from chassis.ops import Ops
from chassis.settings import Settings

TRUE = text("select true")


class _Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, name: str, settings: Settings, make: Callable[[Database], Flask]) -> None:
        self.name, self.settings, self.make = name, settings, make
        super().__init__()

    def load_config(self) -> None:
        options: dict[str, Any] = {
            "bind": f"{self.settings.http_host}:{self.settings.http_port}",
            "workers": 1,
            "worker_class": "gthread",
            "threads": self.settings.http_threads,
            "proc_name": f"lianxin-{self.name}-api",
            "timeout": 30,
            "graceful_timeout": 8,
            "keepalive": 30,
            "accesslog": None,
            "control_socket_disable": True,  # it would lie in the home folder, one for all services
            "limit_request_line": 4094,
            "limit_request_fields": 60,
            "post_worker_init": self._serve_ops,
        }
        for option, value in options.items():
            self.cfg.set(option, value)

    def load(self) -> Flask:
        # Called in the worker, after gunicorn's fork: no connection is shared with the parent.
        self.database = Database(
            self.settings.database_url, pool_size=self.settings.pool_size, application=f"{self.name}-api"
        )
        return self.make(self.database)

    def _serve_ops(self, worker: Any) -> None:
        logs.adopt()
        ready = {"database": lambda: self.database.holds(TRUE)}
        Ops(self.settings.ops_port, ready=ready, host=self.settings.ops_host).start()


def serve(name: str, settings: Settings, make: Callable[[Database], Flask]) -> None:
    """Blocks until SIGTERM; requests in hand are answered first. `make` gets the service's database."""
    _Server(name, settings, make).run()
