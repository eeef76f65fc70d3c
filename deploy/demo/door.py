"""HTTP to the one origin, as a resident's browser or an officer's screen would use it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import urllib3

TIMEOUT = urllib3.Timeout(connect=2.0, read=15.0)
# What a proxy or a service that is just restarting answers: whether the command was carried out is not known.
UNKNOWN = frozenset({500, 502, 503, 504})


class NoAnswer(Exception):
    """The outcome is not known: no connection, no answer in time, or a proxy without the service behind it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A final answer: its status, JSON (or bytes) and whether it succeeded."""

    status: int
    data: Any

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def code(self) -> str | None:
        """The problem's stable code."""
        return self.data.get("code") if isinstance(self.data, dict) else None


class Door:
    """Keeps connections to the origin open; safe to share between threads."""

    def __init__(self, origin: str) -> None:
        self.origin = origin.rstrip("/")
        self._pool = urllib3.PoolManager(maxsize=32, retries=False, timeout=TIMEOUT)

    def close(self) -> None:
        """Let go of the connections."""
        self._pool.clear()

    def get(self, path: str, token: str | None = None, **headers: str) -> Answer:
        """Raises NoAnswer when the outcome is not known."""
        return self._ask("GET", path, None, token, headers)

    def post(self, path: str, body: Mapping[str, Any], token: str | None = None, key: str | None = None) -> Answer:
        """With `key`, the same request may be sent again. Raises NoAnswer when the outcome is not known."""
        return self._ask("POST", path, json.dumps(body).encode(), token, {"Idempotency-Key": key} if key else {})

    def _ask(self, method: str, path: str, body: bytes | None, token: str | None, extra: Mapping[str, str]) -> Answer:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        headers |= {name.replace("_", "-"): value for name, value in extra.items()}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            response = self._pool.request(method, self.origin + path, body=body, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            raise NoAnswer(type(error).__name__) from error
        if response.status in UNKNOWN:
            raise NoAnswer(f"HTTP {response.status}")
        return Answer(response.status, _data(response))


def _data(response: urllib3.BaseHTTPResponse) -> Any:
    return json.loads(response.data) if "json" in response.headers.get("Content-Type", "") else response.data
