"""Scenes (a) and (b): a letter and its receipt; letters go on while the broker is dead."""

import textwrap
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

from deploy.demo.letters import Letter
from deploy.demo.play import Play, clock_time
from deploy.demo.residents import Posted
from deploy.demo.stage import Stuck, wait_for

KINDS = {
    "inquiry": "咨询",
    "help": "求助",
    "complaint": "投诉",
    "report": "举报",
    "suggestion": "建议",
    "praise": "表扬",
}
THREADS = 4
PATIENCE_WITH_RULE = 3.0  # seconds the first letter may wait for the rule before the officers begin their shift
POSTING_SECONDS = 12.0  # a short file is stretched to this, so that the broker's death falls into it
FIRST_KILL = 12  # letters posted before the broker is killed
WITHOUT_BROKER = 8  # receipts to be given while it is dead


def metro_exit(play: Play) -> None:
    """(a) One letter: receipt, acceptance, dispatch by the rule, the promise."""
    say = play.story.say
    posted = _first_taken_in(play)
    for line in textwrap.wrap(posted.letter.body["description"], 38, max_lines=7, placeholder="……"):
        say(f"    │ {line}")
    receipt = posted.data
    accept_by = clock_time(receipt["promised_accept_by"])
    say(f"  回执 receipt：编号 {receipt['number']}，查询码 {receipt['query_code']}，承诺 {accept_by} 前受理")
    seen, took = _promised(play, receipt)
    say(f"  {took:.1f} 秒后，居民凭查询码看到：由{seen['unit']}承办，{clock_time(seen['promised_by'])} 前办结")
    if posted.letter.body.get("mobile"):
        wait_for(lambda: len(play.sms()) >= 2, 30, "the SMS about the first letter did not come")
    for sms in play.sms()[:2]:
        say(f"  短信 SMS → {sms['to'][:3]}****{sms['to'][-4:]}：{sms['text']}")


def _first_taken_in(play: Play) -> Posted:
    """The first letter of the file that is taken in; those before it are on record as refused."""
    while play.waiting:
        posted = play.residents.post(play.waiting.pop(0))
        if posted.number:
            return posted
        _say_exception(play, posted)
    raise Stuck("no letter of the file was taken in; outcomes.jsonl has the reasons")


def _promised(play: Play, receipt: dict[str, Any]) -> tuple[dict[str, Any], float]:
    """What the resident sees once a date is promised, and the seconds until then."""
    seen: dict[str, Any] = {}
    began = time.monotonic()

    def promised() -> bool:
        # A letter the rule leaves to people waits for them.
        if time.monotonic() - began > PATIENCE_WITH_RULE:
            play.officers.start()
        answer = play.door.get(f"/api/intake/v1/cases/{receipt['number']}", Query_Code=receipt["query_code"])
        seen.update(answer.data if answer.ok else {})
        return bool(seen.get("promised_by"))

    return seen, wait_for(promised, 60, "the first letter was not dispatched and promised a date")


def broken_broker(play: Play) -> None:
    """(b) RabbitMQ dies while letters arrive; receipts go on, the outbox grows; after the restart all arrive once."""
    rest, say = play.waiting, play.story.say
    posting = _posting(play, rest)
    play.officers.start()
    if play.stage.kill_broker is None:
        say("  消息中间件由外部提供，本场不杀 the broker is not ours and is left alone")
    else:
        _kill_and_restart(play, posting, min(FIRST_KILL, len(rest) // 3))
    _until(play, posting.done, 3600, "the letters were not posted")
    posting.result()
    took = wait_for(lambda: not _missing(play), 600, "not every letter reached dispatch")
    say(f"  中间件恢复后 {took:.1f} 秒，{len(play.numbers())} 封来信全部到达分拨服务，每封一件 all arrived, once each")
    _until(
        play, lambda: _open_letters(play) <= play.officers.given_up(), 3600, "the officers did not close every letter"
    )
    if play.officers.given_up():
        raise Stuck(f"{play.officers.given_up()} letters could not be closed, see above")
    done = play.officers.done
    say(
        f"  工作人员：人工受理 {done['accepted']}，人工分拨 {done['dispatched']}，答复 {done['replied']}，"
        f"退回重办 {done['sent_back']}，办结 {done['closed']}"
    )


def _posting(play: Play, letters: list[Letter]) -> Future[None]:
    gap = min(0.3, POSTING_SECONDS / max(1, len(letters)))

    def post_all() -> None:
        play.residents.post_all(letters, THREADS, gap, lambda posted: _say_exception(play, posted))

    return play.background.submit(post_all)


def _say_exception(play: Play, posted: Posted) -> None:
    """Not every receipt is worth a line: a refusal is, and an emergency."""
    body, data = posted.letter.body, posted.data
    if len(play.letters) > 200:
        return
    if posted.outcome == "refused_by_validation":
        reasons = "；".join(f"{error['field']} {error['message']}" for error in data.get("errors") or ())
        play.story.say(f"    第 {posted.letter.line} 行被退回 refused（{posted.status} {data.get('code')}）：{reasons}")
    elif data.get("emergency"):
        calls = "、".join(data["emergency"]["calls"])
        play.story.say(
            f"    {data['number']} 有险情字样，回执立即提示拨打 {calls}：“{body['description'].splitlines()[0][:20]}”"
        )


def _kill_and_restart(play: Play, posting: Future[None], before: int) -> None:
    say = play.story.say
    assert play.stage.kill_broker is not None

    _until(play, partial(_received, play, posting, before), 120, "the first letters were not taken in")
    at_kill = _receipts(play)
    play.stage.kill_broker()
    say(f"  RabbitMQ 被 kill -9（已收 {at_kill} 封）RabbitMQ is dead; letters keep coming")
    for more in (WITHOUT_BROKER // 2, WITHOUT_BROKER):
        _until(play, partial(_received, play, posting, at_kill + more), 120, "receipts stopped")
        say(f"    照常发回执 {_receipts(play)}，待发事件 outbox {play.books.outbox('intake')} 条")
    restart = play.background.submit(play.stage.start_broker)
    _until(play, restart.done, 120, "the broker did not start again")
    restart.result()
    received, waiting = _receipts(play) - at_kill, play.books.outbox("intake")
    say(f"  RabbitMQ 重新启动；其间又收 {received} 封，outbox {waiting} 条，开始补发 it is back, the outbox drains")


def _receipts(play: Play) -> int:
    return sum(each.outcome == "taken_in" for each in play.residents.posted)


def _received(play: Play, posting: Future[None], wanted: int) -> bool:
    return _receipts(play) >= wanted or posting.done()


def _until(play: Play, fact: Callable[[], bool], seconds: float, what: str) -> None:
    wait_for(fact, seconds, what, meanwhile=lambda: _show_progress(play), tick=0.2)


def _show_progress(play: Play) -> None:
    outcomes = Counter(each.outcome for each in play.residents.posted)
    done = play.officers.done
    play.story.progress(
        f"来信 {sum(outcomes.values())}/{len(play.letters)}  回执 {outcomes['taken_in']}  "
        f"答复 {done['replied']}  办结 {done['closed']}  [{play.story.seconds:.0f} s]"
    )


def _missing(play: Play) -> int:
    """Letters with a receipt that dispatch does not have yet."""
    return len(play.numbers()) - _count(play, "true")


def _open_letters(play: Play) -> int:
    """Letters with a receipt that are neither closed nor refused."""
    return len(play.numbers()) - _count(play, "state in ('closed', 'refused')")


def _count(play: Play, condition: str) -> int:
    statement = f"select count(*) from cases where number = any(%(numbers)s) and {condition}"
    return int(play.books.one("dispatch", statement, numbers=list(play.numbers())))
