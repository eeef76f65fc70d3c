"""Settings of a process: read once from the environment, checked, and frozen.

The reader is our own because environs puts the offending value into its message, and a value may be a secret.
"""

import os
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from ipaddress import ip_network
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin

DEVELOPMENT_ISSUER = "lianxin-development"
"""Issuer of the tokens `make token` signs; production refuses it."""

_YES = {"1", "true", "yes", "on"}
_NO = {"0", "false", "no", "off"}


class SettingsError(Exception):
    """One sentence per problem, each naming its variable and never its value."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def setting(default: Any = MISSING, *, about: str = "", parse: Callable[[str], Any] | None = None) -> Any:
    """A field with its meaning and, where the type does not say it all, its parser (which raises ValueError)."""
    return field(default=default, metadata={"about": about, "parse": parse})


def secret(default: Any = MISSING, *, about: str = "", parse: Callable[[str], Any] | None = None) -> Any:
    """A field that never shows in `repr`."""
    return field(default=default, repr=False, metadata={"about": about, "parse": parse})


def database_url(text: str) -> str:
    """`postgresql://` means psycopg2: psycopg 3 waits in C and would block every green thread of a worker."""
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in ("postgresql", "postgresql+psycopg2"):
        raise ValueError("must begin with postgresql://")
    return f"postgresql+psycopg2://{rest}"


def port(text: str) -> int:
    """A TCP port; 0 lets the kernel choose."""
    number = int(text)
    if not 0 <= number <= 65535:
        raise ValueError("must be a port between 0 and 65535")
    return number


def positive(text: str) -> int:
    """A whole number of at least 1."""
    number = int(text)
    if number < 1:
        raise ValueError("must be at least 1")
    return number


def long_enough(text: str) -> str:
    """A key too long to guess."""
    if len(text) < 24:
        raise ValueError("must be at least 24 characters")
    return text


def networks(text: str) -> tuple[str, ...]:
    """Addresses and networks by comma: `127.0.0.1, 10.0.0.0/8`."""
    try:
        return tuple(str(ip_network(part.strip(), strict=False)) for part in text.split(",") if part.strip())
    except ValueError:
        raise ValueError("must be addresses or networks, separated by commas") from None


def seconds_list(text: str) -> tuple[float, ...]:
    """Durations in seconds, by comma, at least one."""
    durations = tuple(float(part) for part in text.split(","))
    if min(durations) < 0:
        raise ValueError("must be durations of at least 0 seconds")
    return durations


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of every service. A service adds its own fields in a subclass with the same decorator.

    A field's name in capitals is its variable: `http_port` is HTTP_PORT, and HTTP_PORT_FILE names a file to read
    it from. A variable that is empty counts as not given.
    """

    profile: Literal["dev", "demo", "production"] = setting("production", about="production refuses what a demo may")
    street: str = setting("xinan", about="the street office served; part of every event's source")
    database_url: str = secret(about="postgresql://user:password@host/name", parse=database_url)
    amqp_uri: str = secret("", about="amqp://user:password@host/vhost; only workers need it")
    http_host: str = setting("0.0.0.0", about="address of the front door")  # noqa: S104
    http_port: int = setting(8000, parse=port, about="port of the front door")
    http_threads: int = setting(8, parse=positive, about="requests answered at the same time by one process")
    pool_size: int = setting(10, parse=positive, about="database connections of one process")
    ops_host: str = setting("0.0.0.0", about="address of the ops port")  # noqa: S104
    ops_port: int = setting(9000, parse=port, about="health and metrics port")
    body_limit: int = setting(1 << 20, parse=positive, about="largest HTTP body, in bytes")
    trusted_proxies: tuple[str, ...] = setting(
        ("127.0.0.1",), parse=networks, about="whose X-Forwarded-For is believed"
    )
    jwks: str = setting("", about="public keys of the token issuer: a file or an https URL")
    token_issuer: str = setting("", about="`iss` of the tokens that are accepted")
    token_audience: str = setting("lianxin", about="`aud` of the tokens that are accepted")
    page_key: str = secret("", parse=long_enough, about="signs the cookies and forms of all services on one origin")
    retry_seconds: tuple[float, ...] = setting(
        (1.0, 10.0, 60.0, 600.0), parse=seconds_list, about="waits before a failed event is tried again; then it parks"
    )
    lianxin_version: str = setting("unreleased", about="which release this is; the image says it")
    log_level: Literal["debug", "info", "warning", "error"] = setting("info")
    demo_data: bool = setting(False, about="fill the database with invented units and letters")
    demo_limits: bool = setting(False, about="time limits of a demo instead of the true ones")
    clock_offset: bool = setting(False, about="let a test move the database's clock")
    failpoints: Path | None = setting(None, about="folder where a test arms places that kill, fail or delay")

    def problems(self) -> list[str]:
        """Sentences about values that contradict each other.

        A subclass defines its own `problems` for its own fields and does not call `super()`: `read` asks every class.
        """
        if self.profile != "production":
            return []
        refused = {
            "DEMO_DATA": self.demo_data,
            "DEMO_LIMITS": self.demo_limits,
            "CLOCK_OFFSET": self.clock_offset,
            "FAILPOINTS": bool(self.failpoints),
            "TOKEN_ISSUER": self.token_issuer == DEVELOPMENT_ISSUER,
        }
        return [f"{name} is set to what only PROFILE=dev or demo allows" for name, bad in refused.items() if bad]


S = TypeVar("S", bound=Settings)


def read(kind: type[S], env: Mapping[str, str] = os.environ) -> S:
    """The settings in `env`. Raises SettingsError with every problem found, not only the first."""
    found: dict[str, Any] = {}
    problems: list[str] = []
    hints = typing.get_type_hints(kind)
    for each in fields(kind):
        try:
            _read_field(each, hints[each.name], env, found)
        except ValueError as error:
            problems.append(str(error))
    if not problems:
        settings = kind(**found)
        problems = _conflicts(settings)
    if problems:
        raise SettingsError(problems)
    return settings


def required(settings: Settings, *names: str) -> None:
    """Raises SettingsError if a field that this process needs, though not every process, is empty."""
    missing = [f"{name.upper()} is not set, and this process needs it" for name in names if not getattr(settings, name)]
    if missing:
        raise SettingsError(missing)


def _conflicts(settings: Settings) -> list[str]:
    # Every class is asked on its own because super() without arguments fails in a dataclass with slots.
    hooks = [vars(cls)["problems"] for cls in type(settings).__mro__ if "problems" in vars(cls)]
    return [sentence for hook in hooks for sentence in hook(settings)]


def _read_field(each: Field[Any], hint: Any, env: Mapping[str, str], found: dict[str, Any]) -> None:
    variable = each.name.upper()
    text = _text(variable, env)
    if text is None:
        if each.default is MISSING and each.default_factory is MISSING:
            raise ValueError(f"{variable} is not set")
        return
    parse = each.metadata.get("parse") or _parser(hint)
    try:
        found[each.name] = parse(text)
    except ValueError as error:
        raise ValueError(f"{variable} {_reason(error, text)}") from None


def _text(variable: str, env: Mapping[str, str]) -> str | None:
    if path := env.get(f"{variable}_FILE"):
        if env.get(variable):
            raise ValueError(f"{variable} and {variable}_FILE are both set; keep one")
        try:
            return Path(path).read_text(encoding="utf-8").strip() or None
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"{variable}_FILE names a file that cannot be read ({type(error).__name__})") from None
    return env.get(variable) or None


def _reason(error: ValueError, text: str) -> str:
    # The built-in parsers quote the value; a value may be a secret.
    reason = str(error)
    quoting = text in reason or reason.startswith(("invalid literal", "could not convert"))
    return "has a value that cannot be understood" if quoting else reason


def _parser(hint: Any) -> Callable[[str], Any]:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return lambda text: _choice(text, arguments)
    if origin in (typing.Union, UnionType):
        return _parser(next(each for each in arguments if each is not NoneType))
    if origin in (tuple, frozenset):
        item = _parser(arguments[0])
        return lambda text: origin(item(part.strip()) for part in text.split(",") if part.strip())
    if hint is bool:
        return _boolean
    if hint in (str, int, float, Path):
        return typing.cast(Callable[[str], Any], hint)
    raise TypeError(f"a setting of type {hint} needs a parser of its own")


def _choice(text: str, choices: tuple[Any, ...]) -> str:
    if text not in choices:
        raise ValueError(f"must be one of {', '.join(choices)}")
    return text


def _boolean(text: str) -> bool:
    if text.lower() not in _YES | _NO:
        raise ValueError("must be true or false")
    return text.lower() in _YES
