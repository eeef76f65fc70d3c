"""The city's "traffic system": an outside program that knows nothing of this project but one address and one queue.

`AMQP_URI` is the address of a broker user who may read the queue `QUEUE` (default `sub.traffic`) and do nothing else.
Each event it gets is printed in words; with `RECORD` set, its headers and body go to that file as they came.
Deliveries may repeat after a broken connection: the sequence in the headers tells what was printed already.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import unquote, urlsplit

import amqp

KINDS = {
    "inquiry": "咨询",
    "help": "求助",
    "complaint": "投诉",
    "report": "举报",
    "suggestion": "建议",
    "praise": "表扬",
}
CLOCKS = {"accept": "受理", "dispatch": "分拨", "contact": "先行联系", "close": "办结"}
MARKS = {"none": "无", "green": "办结绿", "yellow": "预警黄", "red": "警报红"}
REASONS = {"risk": "风险", "time": "时限", "both": "风险和时限", "closed": "已办结", "none": "恢复"}
MEANS = {"telephone": "电话", "sms": "短信", "visit": "上门"}
OUTCOMES = {"solved": "已解决", "explained": "已解释"}

SENTENCES = {
    "case.accepted": "已受理（{kind}）",
    "case.refused": "不予受理（{reason}）",
    "case.dispatched": "分拨给{unit_name}（{category}）",
    "case.acknowledged": "{unit_name}已签收",
    "case.contacted": "{unit_name}已联系诉求人（{means}）",
    "case.sent_back": "答复退回重办（{unit_name}）",
    "case.closed": "办结（{outcome}，{unit_name}）",
    "clock.started": "{clock}时限开始，截止{due}",
    "clock.warned": "{clock}时限只剩四分之一，截止{due}",
    "clock.breached": "{clock}超过时限（{due}）",
    "clock.met": "{clock}按要求完成",
    "clock.retracted": "{clock}超时撤销",
    "case.marked": "标记{previous_mark} → {new_mark}（{mark_reason}）",
}


class Traffic:
    """Reads its queue for ever; a broken connection is made anew."""

    def __init__(self, uri: str, queue: str, record: Path | None) -> None:
        self.address = urlsplit(uri)
        self.queue, self.record = queue, record
        self.newest: dict[tuple[str, str], tuple[int, int]] = {}
        self.stopping = False

    def stop(self, _signal: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def run(self) -> None:
        while not self.stopping:
            try:
                self._listen()
            except (OSError, amqp.exceptions.AMQPError) as error:
                say(f"（与消息中间件的连接断开，稍后重连: {type(error).__name__}）")
                time.sleep(0.5)

    def _listen(self) -> None:
        with self._connection() as connection:
            channel = connection.channel()
            channel.basic_qos(0, 50, False)
            channel.basic_consume(self.queue, callback=lambda message: self._receive(channel, message))
            say(f"（已连接，读取队列 {self.queue}）")
            while not self.stopping:
                try:
                    connection.drain_events(timeout=0.5)
                except TimeoutError:
                    connection.heartbeat_tick()

    def _connection(self) -> Any:
        address = self.address
        return amqp.Connection(
            host=f"{address.hostname}:{address.port or 5672}",
            userid=unquote(address.username or ""),
            password=unquote(address.password or ""),
            virtual_host=unquote(address.path[1:]) or "/",
            connect_timeout=3,
            heartbeat=10,
        )

    def _receive(self, channel: Any, message: Any) -> None:
        headers = {name.removeprefix("cloudEvents:"): value for name, value in message.headers.items()}
        body = message.body if isinstance(message.body, str) else bytes(message.body).decode()
        if self.record:
            with self.record.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"headers": headers, "body": body}, ensure_ascii=False) + "\n")
        if self._is_new(headers):
            say(in_words(headers, json.loads(body)))
        channel.basic_ack(message.delivery_tag)

    def _is_new(self, headers: Mapping[str, Any]) -> bool:
        about = (headers["source"], headers["subject"])
        place = (int(headers["epoch"]), int(headers["sequence"]))
        if place <= self.newest.get(about, (0, 0)):
            return False
        self.newest[about] = place
        return True


def in_words(headers: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    """One event as a Chinese sentence; a type this program does not know is named as it is."""
    type_ = headers["type"].removeprefix("lianxin.").rpartition(".v")[0]
    words = {
        "kind": KINDS.get(data.get("kind", ""), ""),
        "unit_name": data.get("unit_name") or "承办单位",
        "category": data.get("category") or "未分类",
        "reason": data.get("reason"),
        "means": MEANS.get(data.get("means") or "", "方式未记"),
        "outcome": OUTCOMES.get(data.get("outcome") or "", "办结"),
        "clock": CLOCKS.get(data.get("kind", ""), ""),
        "due": (data.get("due") or "")[:16].replace("T", " ") + " UTC",
        "previous_mark": MARKS.get(data.get("previous") or "none"),
        "new_mark": MARKS.get(data.get("mark") or "none"),
        "mark_reason": REASONS.get(data.get("reason") or "none"),
    }
    number = data.get("number") or data.get("case") or headers["subject"]
    return f"{number} {SENTENCES[type_].format(**words)}" if type_ in SENTENCES else f"{number} {type_}"


def say(text: str) -> None:
    print(text, flush=True)


def main() -> int:
    uri = os.environ.get("AMQP_URI")
    if not uri:
        print("AMQP_URI is not set: the address of the broker user that may read the queue.", file=sys.stderr)
        return 2
    record = os.environ.get("RECORD")
    traffic = Traffic(uri, os.environ.get("QUEUE", "sub.traffic"), Path(record) if record else None)
    signal.signal(signal.SIGTERM, traffic.stop)
    signal.signal(signal.SIGINT, traffic.stop)
    traffic.run()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
