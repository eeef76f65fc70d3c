"""What the services' own settings modules say a container may and must be told."""

import importlib
from collections.abc import Mapping
from dataclasses import MISSING, fields
from functools import cache

from deploy.check.objects import Object, name, of_kind
from deploy.check.rendering import Rendered
from services import SERVICES

OTHERS = {"LIANXIN_VERSION", "TZ", "PYTHONUNBUFFERED", "MANAGEMENT_URI", "GUNICORN_CMD_ARGS", "TMPDIR"}
"""Read by the chassis or the interpreter, not by a service's settings."""


def told(given: Rendered, container: Object) -> dict[str, str]:
    """The container's environment: what its config maps say, then what it says itself; "" for what is known later."""
    maps = {name(each): each.get("data") or {} for each in of_kind(given.objects, "ConfigMap")}
    said: dict[str, str] = {}
    for source in container.get("envFrom") or []:
        said |= maps.get((source.get("configMapRef") or {}).get("name", ""), {})
    return said | {each["name"]: str(each.get("value", "")) for each in container.get("env") or []}


@cache
def _fields(service: str) -> Mapping[str, bool]:
    """The service's variables; true where a process can't start without."""
    module = importlib.import_module(f"services.{service}.settings")
    return {
        each.name.upper(): each.default is MISSING and each.default_factory is MISSING
        for each in fields(module.Settings)
    }


def known(service: str, variable: str) -> bool:
    """Whether anything in the service's image reads this variable."""
    if service not in SERVICES:
        return True
    base = variable.removesuffix("_FILE")
    return base in _fields(service) or base in OTHERS


def required(service: str) -> set[str]:
    """The variables that must be said, themselves or by the name of a file."""
    return {each for each, must in _fields(service).items() if must} if service in SERVICES else set()
