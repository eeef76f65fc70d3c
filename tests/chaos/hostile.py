"""Clients nobody wants: too much, too slow, malformed, and the same request a thousand times."""

import json
import random
import socket
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import urllib3

from deploy.demo.door import NoAnswer
from deploy.demo.residents import SUBMIT

if TYPE_CHECKING:
    from tests.chaos.people import People
    from tests.chaos.stand import Stand

TRIES, PAUSE = 20, 1.0  # a server that is just down is asked again: what counts is what it says of the request
HEADERS = {"Content-Type": "application/json"}
SLOW_CLIENTS, SLOW_SECONDS = 40, 5.0
# Allowed as text, whatever it would mean elsewhere: it has to come back as it was.
ALLOWED = (
    "楼道灯坏了'; drop table cases; --",
    "=cmd|' /C calc'!A0 门口积水",
    "<script>alert(1)</script> 井盖松动",
    "路灯\u202e不亮\u202c了，请看",
    "{{7*7}} ${jndi:ldap://x} %s %n 噪音扰民",
    "🚧" * 60 + "施工挡路",
)


def storm(people: "People", clients: int, requests: int) -> None:
    """One letter under one key, from many clients at once, until each has its answer."""
    letter, key = people.next_letter(), str(uuid.uuid4())
    people.ledger.write("posting", line=letter.line, key=key, body=dict(letter.body))

    def once(_: int) -> tuple[int, str | None] | None:
        try:
            answer = people.door.post(SUBMIT, letter.body, key=key)
        except NoAnswer:
            return None
        return answer.status, answer.data.get("number") if answer.ok else None

    with ThreadPoolExecutor(clients) as pool:
        answers = Counter(answer for answer in pool.map(once, range(requests)) if answer)
    for status, number in answers:
        people.ledger.write("answered", line=letter.line, key=key, status=status, number=number, code=None)
        people.ledger.write("repeated", key=key, same=True, status=status, number=number, code=None)


def too_much(stand: "Stand", people: "People", chance: random.Random) -> None:
    """Each request is refused with a 4xx, and nobody else waits for it."""
    for kind, body in _large():
        _ask(people, kind, body)
    _ask(people, "chunked", iter([b'{"kind":', b'"help"}']))
    _slow(stand, people)


def _large() -> Iterator[tuple[str, bytes]]:
    yield "20 MB", _letter("写" * 7_000_000)
    yield "10,000 fields", json.dumps({f"field{n}": n for n in range(10_000)}).encode()
    yield "deep", b'{"description":' * 50_000


def malformed(stand: "Stand", people: "People", chance: random.Random) -> None:
    """What can't be text or JSON is refused; what only looks dangerous is a letter like any other."""
    for kind, body in _broken(f"hostile-{uuid.uuid4().hex[:10]}"):
        _ask(people, kind, body)
    _smuggle(stand, people)
    for text in ALLOWED:
        letter = people.next_letter()
        people.writers.post(replace(letter, body=dict(letter.body) | {"description": text, "identity": "named"}))


def _broken(marker: str) -> Iterator[tuple[str, bytes]]:
    yield "NUL", _letter(f"{marker}\0")
    yield "lone surrogate", _letter(marker).replace(marker.encode(), marker.encode() + b"\\ud800")
    yield "not UTF-8", _letter(marker).replace(marker.encode(), marker.encode() + b"\xff\xfe")
    yield "cut off", _letter(marker)[:-9]
    yield "no object", b'["' + marker.encode() + b'"]'
    yield "wrong types", json.dumps({"description": {"a": marker}, "kind": 7, "mobile": []}).encode()
    yield "unknown field", json.dumps({"description": marker, "kind": "help", "is_admin": True}).encode()
    yield "too long", _letter(marker + "长" * 20_000)
    yield "NaN", b'{"description": "' + marker.encode() + b'", "kind": NaN}'


def _letter(description: str) -> bytes:
    body = {"kind": "help", "identity": "anonymous", "description": description}
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _ask(people: "People", kind: str, body: Any) -> None:
    marker = kind if not isinstance(body, bytes) else _marker(body)
    status: int | None = None
    for _ in range(TRIES):
        status = _status(people.door.origin + SUBMIT, body)
        if status is not None and status < 500:
            break
        time.sleep(PAUSE)
    people.ledger.write("hostile", marker=marker, kind=kind, status=status)


def _marker(body: bytes) -> str:
    at = body.find(b"hostile-")
    return body[at : at + 18].decode() if at >= 0 else f"none-{uuid.uuid4().hex[:10]}"


def _status(url: str, body: Any) -> int | None:
    try:
        return urllib3.request("POST", url, body=body, headers=HEADERS, timeout=15, retries=False).status
    except urllib3.exceptions.HTTPError:
        return None


def _slow(stand: "Stand", people: "People") -> None:
    """Headers that never end, from many connections, while everybody else goes on."""
    address = urlsplit(stand.system.url)
    held = []
    for _ in range(SLOW_CLIENTS):
        client = socket.create_connection(("127.0.0.1", address.port or 80), timeout=5)
        client.sendall(b"POST " + SUBMIT.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n")
        held.append(client)
    until = time.monotonic() + SLOW_SECONDS
    while time.monotonic() < until:
        for client in held:
            client.send(b"X-More: 1\r\n")
        time.sleep(0.5)
    for client in held:
        client.close()


def _smuggle(stand: "Stand", people: "People") -> None:
    """Two lengths in one request: no second request may come out of it."""
    body = b"0\r\n\r\nPOST " + SUBMIT.encode() + b" HTTP/1.1\r\nHost: x\r\n\r\n"
    address = urlsplit(stand.system.url)
    with socket.create_connection(("127.0.0.1", address.port or 80), timeout=5) as client:
        client.sendall(
            b"POST " + SUBMIT.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n" % len(body) + body
        )
        answer = client.recv(200).split(b" ")
    status = int(answer[1]) if len(answer) > 1 and answer[1].isdigit() else None
    people.ledger.write("hostile", marker=f"none-{uuid.uuid4().hex[:10]}", kind="two lengths", status=status)
