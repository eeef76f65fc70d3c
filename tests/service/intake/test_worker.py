"""The worker as a process of its own, on a real broker: it publishes, and it answers notify and nobody else."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from chassis import crypto
from chassis.database import Database
from deploy.local.testbed import Vhost
from services.intake.settings import Settings
from tests.service.intake.conftest import Street

Make = Callable[..., Street]
ROOT = Path(__file__).parents[3]
DEADLINE = 30.0
# A process of its own, as notify is: Nameko's client does not share one with the door.
ASK = """
import json, sys
from nameko.standalone.rpc import ClusterRpcProxy
with ClusterRpcProxy({"AMQP_URI": sys.argv[1]}, timeout=20) as proxy:
    print(json.dumps(proxy.intake.contacts(json.loads(sys.argv[2]), "received")))
"""


@contextmanager
def worker(here: Street, broker: Vhost, tmp_path: Path) -> Iterator[None]:
    settings: Settings = here.settings
    (tmp_path / "reader.json").write_text(here.reader_public)
    (tmp_path / "master").write_text(here.master)
    env = {
        **os.environ,
        "PROFILE": "dev",
        "DATABASE_URL": settings.database_url,
        "AMQP_URI": broker.uri("intake"),
        "OPS_PORT": "0",
        "OPS_HOST": "127.0.0.1",
        "INDEX_KEY": settings.index_key.decode(),
        "MASTER_KEYS_FILE": str(tmp_path / "master"),
        "READER_KEYS_FILE": str(tmp_path / "reader.json"),
    }
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.intake", "worker"], cwd=ROOT, env=env, stdout=log, stderr=log
        )
        try:
            yield
        finally:
            process.terminate()
            assert process.wait(15) == 0, (tmp_path / "log").read_text()


def waited_for(database: Database, question: str, wanted: int) -> bool:
    until = time.monotonic() + DEADLINE
    while time.monotonic() < until:
        with database.transaction() as tx:
            if tx.execute(text(question)).scalar_one() == wanted:
                return True
        time.sleep(0.05)
    return False


@pytest.mark.timeout(90)
def test_the_worker_publishes_and_answers_notify_sealed(street: Make, broker: Vhost, tmp_path: Path) -> None:
    here = street(accept_automatically="true")
    receipt = here.post().json
    with worker(here, broker, tmp_path):
        assert waited_for(here.database, "select count(*) from event_log", 2), (tmp_path / "log").read_text()
        asked = [sys.executable, "-c", ASK, broker.uri("notify"), json.dumps([receipt["number"]])]
        answer = json.loads(subprocess.run(asked, cwd=ROOT, check=True, capture_output=True, timeout=DEADLINE).stdout)
    opened = crypto.jwe_open(answer["sealed"], crypto.read_jwks(here.reader))
    assert opened == {receipt["number"]: {"mobile": "13800000001", "query_code": receipt["query_code"]}}
    written = (tmp_path / "log").read_text()
    for secret in ("13800000001", "欧阳小禾", receipt["query_code"]):
        assert secret not in written
