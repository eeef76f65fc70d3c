import json
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from chassis.ops import Ops


@pytest.fixture
def serve():
    started = []

    def start(**checks):
        ops = Ops(port=0, host="127.0.0.1", **checks)
        ops.start()
        started.append(ops)
        return ops

    yield start
    for ops in started:
        ops.stop()


def get(ops, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{ops.port}{path}", timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def test_a_process_whose_checks_hold_is_live_and_ready(serve):
    ops = serve(live={"loop": lambda: True}, ready={"database": lambda: True})
    assert get(ops, "/livez") == (200, b'{"loop": true}')
    assert get(ops, "/readyz") == (200, b'{"database": true}')


def test_a_process_may_live_and_not_be_ready(serve):
    ops = serve(live={"loop": lambda: True}, ready={"database": lambda: False, "topology": lambda: True})
    assert get(ops, "/livez")[0] == 200
    status, body = get(ops, "/readyz")
    assert (status, json.loads(body)) == (503, {"database": False, "topology": True})


def test_a_check_that_raises_says_no(serve):
    status, body = get(serve(live={"loop": lambda: 1 / 0}), "/livez")
    assert (status, json.loads(body)) == (503, {"loop": False})


def test_metrics_are_served_and_nothing_else_is(serve):
    ops = serve()
    assert b"process_resident_memory_bytes" in get(ops, "/metrics")[1]
    assert get(ops, "/secrets")[0] == 404


GREEN = """
import socketserver, http.server, eventlet
eventlet.monkey_patch()
from chassis.ops import Ops
from eventlet.green.urllib import request
ops = Ops(port=0, host="127.0.0.1", live={"loop": lambda: True})
ops.start()
for _ in range(3):
    print(request.urlopen(f"http://127.0.0.1:{ops.port}/livez", timeout=5).status)
ops.stop()
"""


def test_it_answers_beside_the_green_threads_of_a_worker():
    run = subprocess.run([sys.executable, "-W", "ignore", "-c", GREEN], capture_output=True, text=True, timeout=30)
    assert run.stdout.split() == ["200", "200", "200"], run.stderr
