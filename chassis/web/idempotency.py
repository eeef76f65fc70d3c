"""Idempotency-Key: a command sent again has one effect only and gets the first answer."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import request
from sqlalchemy import Connection, text

from chassis import failpoints
from chassis.web.addresses import client_address
from chassis.web.callers import caller
from chassis.web.problems import Refusal

FIELD = "idempotency_key"
"""The field of a form that does what the header does."""
KEPT = timedelta(hours=48)
"""How long a key is remembered (design 4.15)."""

_CLAIM = text("insert into idempotency (scope, key, request_hash) values (:scope, :key, :hash) on conflict do nothing")
_FIRST = text("select request_hash, subject from idempotency where scope = :scope and key = :key for update")
_REMEMBER = text("update idempotency set subject = :subject where scope = :scope and key = :key")
_FORGET = text(
    """
    delete from idempotency where ctid in (
        select ctid from idempotency where created_at < :older_than limit :batch for update skip locked)
    """
)


@dataclass(slots=True)
class Once:
    """One command under its key. `existing` is what the first run remembered: rebuild its answer and change nothing."""

    tx: Connection
    scope: str
    key: str | None
    existing: str | None = None
    remembered: bool = False

    def remember(self, subject: str) -> None:
        """Keep what the answer is rebuilt from: the case number, the letter's id."""
        self.remembered = True
        failpoints.hit("door.before_commit")
        if self.key is not None:
            self.tx.execute(_REMEMBER, {"scope": self.scope, "key": self.key, "subject": subject})


@contextmanager
def idempotent(tx: Connection, *, route: str, request_hash_of: Any) -> Iterator[Once]:
    """Run the block's command once per (caller, route, Idempotency-Key), for 48 hours.

    A concurrent twin waits here until the first commits and then sees what it remembered; if the first rolls back,
    the twin is the first. A page's form sends the key in its field `idempotency_key`. Without a key every request is
    a new one. Raises Refusal `bad_idempotency_key` (400) and `idempotency_key_reused` (422: another body or another
    address under the same key).
    """
    key = _key()
    once = Once(tx, f"{route} {_who()}", key)
    if key is not None:
        _claim(once, _hash(request_hash_of))
    yield once
    if key is not None and once.existing is None and not once.remembered:
        raise RuntimeError(f"the command behind {route} ended without once.remember(subject)")


def forget_idempotency(tx: Connection, older_than: datetime, batch: int = 1000) -> int:
    """Delete up to `batch` keys created before `older_than`; returns how many: call again while it returns `batch`."""
    return tx.execute(_FORGET, {"older_than": older_than, "batch": batch}).rowcount


def _claim(once: Once, digest: bytes) -> None:
    place = {"scope": once.scope, "key": once.key}
    if once.tx.execute(_CLAIM, {**place, "hash": digest}).rowcount == 1:
        return
    first = once.tx.execute(_FIRST, place).one()
    if bytes(first.request_hash) != digest:
        raise Refusal("idempotency_key_reused", "Idempotency-Key")
    once.existing = first.subject


def _key() -> str | None:
    key = request.headers.get("Idempotency-Key", request.form.get(FIELD) or None)
    if key is not None and not (1 <= len(key) <= 200 and key.isascii() and key.isprintable()):
        raise Refusal("bad_idempotency_key", "Idempotency-Key")
    return key


def _who() -> str:
    who = caller()
    return f"token {who.subject}" if who.subject else f"address {client_address()}"


def _hash(payload: Any) -> bytes:
    canonical = json.dumps([request.method, request.path, payload], sort_keys=True, default=str)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).digest()
