"""A request sent again across an upgrade is known: both releases hash it alike under its Idempotency-Key."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from services.dispatch.domain import requests
from services.dispatch.schemas import requests as dispatch_schemas
from services.intake.domain.submission import fingerprint
from services.intake.schemas.submission import SubmissionSchema

LETTERS = (
    {
        "kind": "complaint",
        "description": "楼下烧烤店半夜排烟，letter=Letter( 也不怕。",
        "name": "王某",
        "mobile": "13800000001",
    },
    {"kind": "report", "description": "有人乱倒垃圾", "identity": "anonymous", "place": "地铁口", "community": "C07"},
)
WORK: dict[str, list[dict[str, Any]]] = {
    "DispatchBody": [
        {"unit": "C07", "complexity": "simple"},
        {"unit": "C07", "complexity": "complex", "helpers": [], "priority": False, "category": "市容"},
    ],
    "RulingBody": [{"unit": "C07", "reason": "属于本单位"}],
    "AcknowledgeBody": [{}],
    "ContactBody": [
        {"process": "三日内处理", "means": "telephone"},
        {"process": "三日内处理", "means": "telephone", "promised_at": "2026-11-25T08:00:00Z"},
    ],
    "ReplyBody": [{"text": "已经清理完毕", "media": ["a", "b"]}, {"text": "已经清理完毕"}],
    "HandBackBody": [{"reason_code": "not_our_duty", "reason": "不属于本社区"}],
    "MergeBody": [{"into": "XA20261124000001"}],
    "HandlerBody": [{"name": "张干事"}],
    "WorkBody": [{"text": "现场查看"}],
    "ReviewBody": [{"decision": "close", "outcome": "solved"}, {"decision": "send_back", "reason": "请补充照片"}],
}
OF_THE_LAST_RELEASE = """
import json, sys
from services.dispatch import schemas
from services.intake.schemas import SubmissionSchema
letters, work = json.load(sys.stdin)
said = [repr(SubmissionSchema().load(each)) for each in letters]
said += [getattr(schemas, name)().load(each) for name, bodies in work.items() for each in bodies]
print(json.dumps([json.dumps(each, sort_keys=True, default=str) for each in said]))
"""


def test_each_request_has_the_fingerprint_the_last_release_gives_it(last_release: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", OF_THE_LAST_RELEASE],
        env={"PYTHONPATH": str(last_release), "PATH": os.environ["PATH"]},
        cwd=last_release,
        input=json.dumps([LETTERS, WORK]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    today: list[Any] = [fingerprint(SubmissionSchema().load(each)) for each in LETTERS]
    for name, bodies in WORK.items():
        schema = getattr(dispatch_schemas, name)()
        today += [requests.fingerprint(schema.load(each)) for each in bodies]
    assert [json.dumps(each, sort_keys=True, default=str) for each in today] == json.loads(done.stdout)
