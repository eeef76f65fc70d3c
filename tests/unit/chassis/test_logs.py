import io
import json
import logging
import sys

import pytest
from structlog.testing import capture_logs

from chassis import logs
from chassis.errors import DomainError


class CaseNotFound(DomainError):
    code = "case_not_found"


@pytest.fixture
def lines(monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    logs.configure("sla", "worker", "info")
    yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
    root.handlers[:] = before
    root.setLevel(level)


def test_a_line_is_one_json_object_that_names_the_process(lines):
    logs.get("services.sla").info("clock started", number="XA20261124000123")
    (line,) = lines()
    assert line["message"] == "clock started"
    assert (line["service"], line["process"], line["level"]) == ("sla", "worker", "info")
    assert line["number"] == "XA20261124000123"
    assert line["at"].endswith("Z")


def test_libraries_write_the_same_lines(lines):
    logging.getLogger("kombu.connection").warning("lost %s", "broker", extra={"attempt": 2})
    (line,) = lines()
    assert (line["message"], line["service"], line["attempt"]) == ("lost broker", "sla", 2)


def test_a_library_with_handlers_of_its_own_is_taken_over(lines, capsys):
    theirs = logging.getLogger("gunicorn.error")
    theirs.addHandler(logging.StreamHandler())
    theirs.propagate = False
    logs.adopt()
    theirs.warning("booting")
    assert [line["message"] for line in lines()] == ["booting"]
    assert capsys.readouterr().err == ""


def test_what_is_bound_stands_on_every_line_until_the_block_ends(lines):
    with logs.bound(event_id="e1"):
        logs.get("a").info("inside")
    logs.get("a").info("outside")
    inside, outside = lines()
    assert inside["event_id"] == "e1"
    assert "event_id" not in outside


def test_a_known_refusal_has_its_code_and_no_trace(lines):
    try:
        raise CaseNotFound(name="张三")
    except CaseNotFound:
        logs.get("a").warning("put aside", exc_info=True)
    (line,) = lines()
    assert line["refused"] == "case_not_found"
    assert "exception" not in line and "张三" not in json.dumps(line, ensure_ascii=False)


def test_a_bug_has_its_trace(lines):
    try:
        raise ValueError("bug")
    except ValueError as error:
        logs.get("a").error("unexpected", exc_info=error)
    assert "ValueError: bug" in lines()[0]["exception"]


@pytest.mark.parametrize("number", ["13800000012", "+8613800000012"])
def test_a_telephone_number_never_reaches_a_line(lines, number):
    logs.get("a").info(f"sent to {number}", to=number)
    logging.getLogger("other").warning("sent to %s", number)
    assert len(lines()) == 2
    assert all("13800000012" not in json.dumps(line) for line in lines())


def test_a_line_below_the_level_is_not_written(lines):
    logs.get("a").debug("detail")
    assert lines() == []


def test_what_postgresql_quotes_from_a_row_never_reaches_a_line(lines):
    try:
        raise ValueError("duplicate key\nLINE 1: values ('张三')\nDETAIL:  Key (name)=(张三) already exists.\n")
    except ValueError:
        logging.getLogger("a").exception("failed")
    (line,) = lines()
    assert "duplicate key" in line["exception"]
    assert "张三" not in line["exception"]


def test_a_logger_in_use_follows_a_second_configuration() -> None:
    log = logs.get("a logger in use")
    logs.configure("sla", "worker")
    log.info("once")
    logs.configure("sla", "outbox")
    with capture_logs() as said:
        log.info("again")
    assert [line["event"] for line in said] == ["again"]
