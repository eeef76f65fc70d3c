"""The login as a browser meets it, with a telephone that knows the second factor, on a clock that may be moved."""

import re
from datetime import timedelta

import pyotp
from sqlalchemy import text

from chassis import clock
from services.dispatch.__main__ import main
from services.dispatch.login import hashing, store
from services.dispatch.login.domain.account import Account

GOOD = "Xinan-2026-street"
OTHER = "Another-2026-word"


class Browser:
    """Fills forms in: each post carries the proof of the last page seen."""

    def __init__(self, client):
        self.client, self.page = client, ""

    def get(self, address):
        answer = self.client.get(address)
        self.page = self.page if answer.location else answer.text
        return answer

    def post(self, address, **fields):
        proof = re.search(r'name="csrf" value="([^"]+)"', self.page)
        answer = self.client.post(address, data=fields | ({"csrf": proof[1]} if proof else {}))
        self.page = self.page if answer.location else answer.text
        return answer

    def cookie(self, name, path="/"):
        found = self.client.get_cookie(name, path=path)
        return found.value if found else None

    def give_password(self, name, password, **more):
        self.get("/login")
        return self.post("/login", name=name, password=password, **more)


class Gate:
    def __init__(self, database, app):
        self.database, self.app = database, app

    def browser(self):
        return Browser(self.app.test_client())

    def officer(self, name="zhang", *roles, unit="C07", second=False, must_change=False, password=GOOD):
        account = Account(
            name, "张干事", roles or ("unit",), unit, (hashing.hashed(password),), must_change=must_change
        )
        with self.database.transaction() as tx:
            store.save(tx, account)
        return account

    def account(self, name="zhang"):
        with self.database.transaction() as tx:
            return store.find(tx, name)

    def log(self, name="zhang"):
        with self.database.transaction() as tx:
            return [line.event for line in reversed(store.log_of(tx, name, 50))]

    def later(self, **time):
        """Move the service's clock."""
        with self.database.transaction() as tx:
            tx.execute(text("update clock_offset set shift = shift + :by"), {"by": timedelta(**time)})

    def now(self):
        with self.database.transaction() as tx:
            return clock.now(tx)

    def code(self, secret):
        return pyotp.TOTP(secret.replace(" ", "")).at(self.now())


def secret_in(page):
    return re.search(r"密钥：<code>([A-Z2-7 ]+)</code>", page)[1]


def codes_in(page):
    return re.findall(r"<code>([a-z0-9]{5}-[a-z0-9]{5})</code>", page)


def operate(monkeypatch, capsys, settings, *arguments, stdin=""):
    """What `python -m services.dispatch …` returns and prints."""
    import io
    import sys

    monkeypatch.setattr("services.dispatch.__main__.current", lambda: settings)
    monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
    monkeypatch.setattr(sys, "argv", ["dispatch", *arguments])
    code = main()
    said = capsys.readouterr()
    return code, said.out + said.err
