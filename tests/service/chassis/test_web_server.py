"""What only a real server can show: bodies without a length, bodies too large, connections kept and broken."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from deploy.machine import ports
from deploy.machine.folder import ROOT
from tests.service.chassis.waiting import until

PROGRAM = """
from marshmallow import Schema, fields
from chassis import logs, web
from chassis.web import server
from chassis.settings import Settings, read

class Letter(Schema):
    words = fields.String(required=True)

blueprint = web.Blueprint("letters", "letters")

@blueprint.route("/letters", methods=["POST"])
@blueprint.arguments(Letter)
@blueprint.response(201, Letter)
def write(letter):
    return letter

settings = read(Settings)
logs.configure("post", "api")
server.serve("post", settings, lambda database: web.create_app("post", settings, database, blueprints=[blueprint]))
"""
LETTERS = "/api/post/v1/letters"


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    port = ports.free_port()
    env = os.environ | {
        "PROFILE": "dev",
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
        "HTTP_HOST": "127.0.0.1",
        "HTTP_PORT": str(port),
        "OPS_HOST": "127.0.0.1",
        "OPS_PORT": "0",
        "PYTHONPATH": str(ROOT),
    }
    process = subprocess.Popen([sys.executable, "-c", PROGRAM], env=env, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        until(lambda: listens(port), seconds=20)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(15)


@pytest.fixture
def line(port) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
    yield connection
    connection.close()


def answer_of(line: http.client.HTTPConnection) -> tuple[int, str]:
    answer = line.getresponse()
    body = json.loads(answer.read())
    return answer.status, body.get("code", "")


def post(line: http.client.HTTPConnection, body: bytes) -> tuple[int, str]:
    line.request("POST", LETTERS, body, {"Content-Type": "application/json"})
    return answer_of(line)


def test_a_letter_is_taken_and_the_connection_kept(line):
    assert post(line, b'{"words": "hello"}') == (201, "")
    before = line.sock
    assert post(line, b'{"words": "again"}') == (201, "")
    assert line.sock is before


def test_a_chunked_body_is_refused_because_it_has_no_length(line):
    line.request(
        "POST", LETTERS, iter([b'{"words": ', b'"hello"}']), {"Content-Type": "application/json"}, encode_chunked=True
    )
    assert answer_of(line) == (411, "length_required")


def test_what_follows_a_refused_body_is_never_taken_for_a_request(line):
    smuggled = b"POST /api/post/v1/letters HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
    line.request("POST", LETTERS, iter([smuggled]), encode_chunked=True)
    assert answer_of(line) == (411, "length_required")
    assert post(line, b'{"words": "hello"}') == (201, "")


def test_ten_megabytes_are_refused_and_the_connection_goes_on(line):
    assert post(line, b'{"words": "' + b"a" * 10_000_000 + b'"}') == (413, "too_large")
    assert post(line, b'{"words": "hello"}') == (201, "")


def test_a_body_just_within_the_limit_is_taken(line):
    frame = len('{"words": ""}')
    assert post(line, b'{"words": "' + b"a" * ((1 << 20) - frame) + b'"}') == (201, "")
    assert post(line, b'{"words": "' + b"a" * ((1 << 20) - frame + 1) + b'"}') == (413, "too_large")


@pytest.mark.parametrize("length", ["-1", "abc", "1e3", "18446744073709551616"])
def test_a_length_that_is_none_is_refused(port, length):
    with socket.create_connection(("127.0.0.1", port), timeout=15) as raw:
        raw.sendall(f"POST {LETTERS} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n".encode())
        assert raw.recv(100).startswith((b"HTTP/1.1 400", b"HTTP/1.1 413"))


def test_a_client_that_hangs_up_within_its_body_harms_nobody(port, line):
    with socket.create_connection(("127.0.0.1", port), timeout=15) as raw:
        head = f"POST {LETTERS} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
        raw.sendall(head.encode() + b'{"words"')
    assert post(line, b'{"words": "hello"}') == (201, "")


def test_an_address_in_no_encoding_is_refused(line):
    line.request("GET", "/api/post/v1/%ff")
    assert answer_of(line) == (400, "bad_text")
