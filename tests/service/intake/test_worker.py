"""The worker as a process of its own, on a real broker: it publishes, and it answers notify and nobody else."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from chassis import crypto
from chassis.database import Database
from deploy.system.testbed import Vhost
from tests.service.intake.conftest import Street
from tests.service.worker import wait_for, worker

Make = Callable[..., Street]
ROOT = Path(__file__).parents[3]
# A process of its own, as notify is: Nameko's client does not share one with the door.
ASK = """
import json, sys
from nameko.standalone.rpc import ClusterRpcProxy
with ClusterRpcProxy({"AMQP_URI": sys.argv[1]}, timeout=20) as proxy:
    print(json.dumps(proxy.intake.contacts(json.loads(sys.argv[2]), "received")))
"""


@contextmanager
def answering(here: Street, broker: Vhost, tmp_path: Path) -> Iterator[None]:
    (tmp_path / "reader.json").write_text(here.reader_public)
    (tmp_path / "master").write_text(here.master)
    told = {"MASTER_KEYS_FILE": str(tmp_path / "master"), "READER_KEYS_FILE": str(tmp_path / "reader.json")}
    told["INDEX_KEY"] = here.settings.index_key.decode()
    with worker("intake", here.database, broker, tmp_path / "log", **told):
        yield


def logged(database: Database) -> int:
    with database.transaction() as tx:
        count: int = tx.execute(text("select count(*) from event_log")).scalar_one()
        return count


@pytest.mark.timeout(90)
def test_the_worker_publishes_and_answers_notify_sealed(street: Make, broker: Vhost, tmp_path: Path) -> None:
    here = street(accept_automatically="true")
    receipt = here.post().json
    with answering(here, broker, tmp_path):
        wait_for(lambda: logged(here.database) == 2, tmp_path / "log")
        asked = [sys.executable, "-c", ASK, broker.uri("notify"), json.dumps([receipt["number"]])]
        answer = json.loads(subprocess.run(asked, cwd=ROOT, check=True, capture_output=True, timeout=30).stdout)
    opened = crypto.jwe_open(answer["sealed"], crypto.read_jwks(here.reader))
    assert opened == {receipt["number"]: {"mobile": "13800000001", "query_code": receipt["query_code"]}}
    written = (tmp_path / "log").read_text()
    for secret in ("13800000001", "欧阳小禾", receipt["query_code"]):
        assert secret not in written
