"""A generic HTTP gateway: POST with an Idempotency-Key and, where the gateway offers it, GET by that key.

POST {url}        Idempotency-Key: <key>   {"key", "to", "text"}   → 2xx taken
GET  {lookup_url}/{key}                                             → 2xx taken, 404 not taken
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import NewConnectionError

from services.notify.domain.gateway import Answer, Fate, Outgoing

CONNECT_SECONDS = 2.0
BUSY = frozenset({429, 503})
"""Refused before the gateway looked at the SMS (RFC 6585, RFC 9110): it certainly does not have it."""

Spread = Callable[[Callable[[Outgoing], Answer], Sequence[Outgoing]], Iterable[Answer]]


@dataclass
class HttpGateway:
    """`spread` maps the calls of one batch, concurrently if the caller has threads for them."""

    url: str
    lookup_url: str = ""
    token: str = field(default="", repr=False)
    read_seconds: float = 5.0
    remembers_keys: bool = False
    spread: Spread = map
    connections: int = 32
    name: str = "http"

    def __post_init__(self) -> None:
        self._session = requests.Session()
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=self.connections, max_retries=0)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)
        self._session.headers["User-Agent"] = "lianxin-notify"
        if self.token:
            self._session.headers["Authorization"] = f"Bearer {self.token}"

    @property
    def can_look_up(self) -> bool:
        return bool(self.lookup_url)

    def send(self, batch: Sequence[Outgoing]) -> list[Answer]:
        return list(self.spread(self._send, batch))

    def _send(self, sms: Outgoing) -> Answer:
        try:
            answer = self._session.post(
                self.url,
                json={"key": sms.key, "to": sms.to, "text": sms.text},
                headers={"Idempotency-Key": sms.key},
                timeout=(CONNECT_SECONDS, self.read_seconds),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            return _of_failure(error)
        return _of_status(answer.status_code)

    def lookup(self, key: str) -> bool | None:
        if not self.lookup_url:
            return None
        try:
            answer = self._session.get(
                f"{self.lookup_url}/{key}", timeout=(CONNECT_SECONDS, self.read_seconds), allow_redirects=False
            )
        except requests.RequestException:
            return None
        return {200: True, 404: False}.get(answer.status_code)


def _of_status(status: int) -> Answer:
    if 200 <= status < 300:
        return Answer(Fate.SENT)
    if status in BUSY:
        return Answer(Fate.BUSY, f"gateway_{status}")
    # After a 5xx the gateway may still have taken the SMS; a 4xx is a plain refusal; anything else is unknown.
    return Answer(Fate.REFUSED if 400 <= status < 500 and status != 408 else Fate.UNKNOWN, f"gateway_{status}")


def _of_failure(error: requests.RequestException) -> Answer:
    if isinstance(error, requests.exceptions.ConnectTimeout) or _never_connected(error):
        return Answer(Fate.BUSY, "gateway_unreachable")
    return Answer(Fate.UNKNOWN, "gateway_silent")


def _never_connected(error: requests.RequestException) -> bool:
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", cause), NewConnectionError)
