"""The one question other services may ask: how to reach a resident."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from chassis import crypto
from services.intake.commands import identities
from services.intake.errors import ReaderKeyMissing, TooManyCases, UnknownPurpose
from tests.service.intake.conftest import Street

Make = Callable[..., Street]


def ask(here: Street, numbers: list[str], purpose: str) -> dict[str, Any]:
    with here.database.transaction() as tx:
        answer = identities.contacts(tx, here.context, numbers, purpose)
    assert answer.keys() == {"sealed"} and "1380000" not in answer["sealed"]
    opened: dict[str, Any] = crypto.jwe_open(answer["sealed"], crypto.read_jwks(here.reader))
    return opened


def test_the_query_code_is_given_for_the_receipt_only(street: Make) -> None:
    here = street()
    receipt = here.post().json
    number = receipt["number"]
    assert ask(here, [number], "received") == {number: {"mobile": "13800000001", "query_code": receipt["query_code"]}}
    assert ask(here, [number], "closed") == {number: {"mobile": "13800000001"}}


def test_who_left_no_telephone_and_who_is_unknown_are_absent(street: Make) -> None:
    here = street()
    anonymous = here.post({"kind": "report", "description": "夜间倾倒垃圾。", "identity": "anonymous"}).json["number"]
    assert ask(here, [anonymous, "XA20200101000001"], "closed") == {}


def test_every_read_is_logged_with_who_and_why(street: Make) -> None:
    here = street()
    numbers = [here.post().json["number"] for _ in range(2)]
    ask(here, numbers, "promised")
    with here.database.transaction() as tx:
        rows = tx.execute(text("select number, who, why, what from access_log order by number")).all()
    assert [tuple(row) for row in rows] == [(number, "notify", "promised", ["mobile"]) for number in sorted(numbers)]


def test_unknown_purposes_and_too_many_cases_are_refused(street: Make) -> None:
    here = street()
    with here.database.transaction() as tx:
        with pytest.raises(UnknownPurpose):
            identities.contacts(tx, here.context, [], "curiosity")
        with pytest.raises(TooManyCases):
            identities.contacts(tx, here.context, ["XA20200101000001"] * 501, "closed")


def test_without_a_reader_key_nothing_is_given_out(street: Make) -> None:
    here = street(reader_keys="")
    number = here.post().json["number"]
    with here.database.transaction() as tx, pytest.raises(ReaderKeyMissing):
        identities.contacts(tx, here.context, [number], "closed")
