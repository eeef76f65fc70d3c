"""What the traffic system makes of an event: words, no person."""

from pathlib import Path

import pytest

from deploy.demo import subscriber
from deploy.demo.subscriber import Traffic, in_words


def headers(type_: str, sequence: int = 1, subject: str = "XA20261124000001") -> dict[str, str]:
    return {
        "type": f"lianxin.{type_}.v1",
        "source": "//lianxin/xinan/dispatch",
        "subject": subject,
        "epoch": "1",
        "sequence": str(sequence),
    }


def test_an_event_is_told_in_chinese() -> None:
    data = {"number": "XA20261124000001", "unit_name": "宝民社区", "category": "交通秩序"}
    assert in_words(headers("case.dispatched"), data) == "XA20261124000001 分拨给宝民社区（交通秩序）"


@pytest.mark.parametrize("type_", sorted(subscriber.SENTENCES))
def test_every_sentence_can_do_without_what_is_not_known_yet(type_: str) -> None:
    assert in_words(headers(type_), {}).startswith("XA20261124000001 ")


def test_an_unknown_type_is_named() -> None:
    assert in_words(headers("case.merged"), {}) == "XA20261124000001 case.merged"


def test_a_repeated_delivery_is_not_told_twice(tmp_path: Path) -> None:
    traffic = Traffic("amqp://traffic:x@127.0.0.1:1/", "sub.traffic", None)
    assert traffic._is_new(headers("case.accepted", 1))
    assert traffic._is_new(headers("case.dispatched", 2))
    assert not traffic._is_new(headers("case.accepted", 1))
    assert traffic._is_new(headers("case.accepted", 1, subject="XA20261124000002"))


def test_it_imports_nothing_of_the_project() -> None:
    source = Path(subscriber.__file__).read_text(encoding="utf-8")
    assert not [
        line
        for line in source.splitlines()
        if line.startswith(("import ", "from "))
        and any(own in line for own in ("chassis", "services", "deploy", "contracts"))
    ]
