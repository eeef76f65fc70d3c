"""Scene (c): true time limits. Some cases turn yellow now, some are left alone, turn red, and each gets its letter."""

import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from deploy.demo import open_cases
from deploy.demo.accounts import LOUD
from deploy.demo.officers import moment
from deploy.demo.open_cases import OpenCase, Plan
from deploy.demo.play import Play, clock_time
from deploy.demo.stage import Stuck, command, wait_for
from services.limits import in_hours

LETTERS = "/api/notify/v1/letters"
LEFT = {each: f"{in_hours(left)} 小时" for each, left in open_cases.YELLOW_LEFT.items()}
LIMIT = {each: f"{in_hours(limit)} 小时" for each, limit in open_cases.LIMITS.items()}
SHOWN = 5
ORDINARY, TURNING_YELLOW = 4, 3
APART = timedelta(seconds=2)  # between the first yellow and the first red


def limits(play: Play) -> None:
    """Import, yellow, red, letters; at the end only those left alone are open."""
    play.chapter = play.books.here()
    took = _import(play, Plan(ordinary=ORDINARY), "cases-in-hand.csv")
    # What a batch takes here says how long before its moment the next one must be sent off.
    ahead = timedelta(seconds=4 + 3 * took)
    plan = Plan(play.left_alone, TURNING_YELLOW, yellow_in=ahead, red_in=ahead + APART)
    play.story.say(f"  第二批卡着点导入：{ahead.seconds} 秒后到达真实的预警点、超时点 timed to meet their true limits")
    _import(play, plan, "cases-at-the-limit.csv")
    _yellow(play)
    _red(play)
    if play.left_alone:
        _letters(play)
    _close_the_others(play)


def _import(play: Play, plan: Plan, name: str) -> float:
    """Import the plan's cases and wait for their clocks; the seconds it took."""
    units = [unit["code"] for unit in play.units if unit["active"] and unit["kind"] in ("community", "office")]
    began, now = time.monotonic(), play.books.now()
    cases = open_cases.invent(plan, now, units[:: max(1, len(units) // 12)], f"{now:%Y%m%d%H%M%S}")
    open_cases.write(play.folder / name, cases)
    # Nobody touches them before their moment; the others are worked on like any letter.
    play.officers.hands_off |= _times(case for case in cases if case.fate != "ordinary")
    command(play.stage, "intake", "import", str(play.folder / name))
    wait_for(lambda: _armed(play, cases), 60, "the imported cases' clocks did not start")
    if any(case.fate == "left_alone" and case.due <= play.books.now() for case in cases):
        raise Stuck("the import took too long on this machine: a limit ran out before its clock was armed")
    play.story.say(f"  导入旧系统在办件 {len(cases)} 件，真实的受理、分拨、联系时间，时限不缩短：{name}")
    return time.monotonic() - began


def _times(cases: Iterable[OpenCase]) -> set[datetime]:
    return {at for at in (moment(case.dispatched_at.isoformat()) for case in cases) if at}


def _armed(play: Play, cases: list[OpenCase]) -> bool:
    started = play.books.rows("sla", "select started_at from clocks where kind = 'close'")
    return {case.dispatched_at for case in cases} <= {at for (at,) in started}


def _yellow(play: Play) -> None:
    wait_for(lambda: len(_fired(play, "clock.warned")) >= TURNING_YELLOW, 120, "the cases did not turn yellow")
    warned = _fired(play, "clock.warned")
    for event in warned:
        play.story.say(
            f"  预警黄 yellow：{event['number']} {event['unit_name']}，{LIMIT[event['complexity']]}件还剩"
            f"{LEFT[event['complexity']]}（{clock_time(event['due'])} 到期，迟 {_late(event, 'warn_at'):.0f} 毫秒）"
        )
    numbers = [event["number"] for event in warned]
    wait_for(lambda: bool(play.sms_about("yellow", numbers)), 30, "the units were not told of yellow")
    play.story.say(f"    短信给承办单位 SMS：{play.sms_about('yellow', numbers)[0]}")
    # A quarter of the limit is still left: the officers finish these in time.
    turned = {moment(event["started_at"]) for event in warned}
    play.officers.hands_off -= {at for at in turned if at}


def _red(play: Play) -> None:
    if play.left_alone:
        play.story.say(
            f"  故意不办 {play.left_alone} 件，导入时已黄；等真实时限走完 left alone until their true limits end"
        )
    wait_for(
        lambda: len(_fired(play, "clock.breached")) >= play.left_alone, 120, "the cases left alone did not turn red"
    )
    for event in _fired(play, "clock.breached")[:SHOWN]:
        limit, due = LIMIT[event["complexity"]], clock_time(event["due"])
        late = _late(event, "due")
        play.story.say(
            f"  警报红 red：{event['number']} {event['unit_name']}，{limit}时限已过（{due}，迟 {late:.0f} 毫秒）"
        )
    if play.left_alone > SHOWN:
        play.story.say(f"    …… 共 {play.left_alone} 件 in all")


def _fired(play: Play, type_: str) -> list[dict[str, Any]]:
    """What clocks of kind close have said about the imported cases, apart from what was before the import."""
    imported = {event["number"] for event in play.books.events("intake", "case.submitted", since=play.chapter)}
    fired = play.books.events("sla", type_, f"{LOUD} and data ->> 'kind' = 'close'", since=play.chapter)
    return [event for event in fired if event["number"] in imported]


def _late(event: dict[str, Any], moment_: str) -> float:
    """Milliseconds from the moment a clock was to fire until that was recorded."""
    late: timedelta = event["recorded_at"] - datetime.fromisoformat(event[moment_])
    return late.total_seconds() * 1000


def _letters(play: Play) -> None:
    """A leader signs each proposal over the API; it is numbered, rendered, delivered, and the unit acknowledges it."""
    door, leader = play.door, play.stage.token("leader", None)
    wait_for(lambda: len(_listed(play, "proposed")) >= play.left_alone, 60, "not every breach got a letter proposed")
    proposed = _listed(play, "proposed")
    for letter in reversed(proposed):  # the list has the newest first
        signed = door.post(f"{LETTERS}/{letter['id']}/sign", {}, leader, key=f"sign-{letter['id']}")
        if not signed.ok:
            raise Stuck(f"the leader could not sign: {signed.status} {signed.code}")
    ids = {letter["id"] for letter in proposed}
    wait_for(lambda: ids <= {letter["id"] for letter in _listed(play, "issued")}, 120, "not every letter was issued")
    issued = [letter for letter in reversed(_listed(play, "issued")) if letter["id"] in ids]
    for index, letter in enumerate(issued):
        paper = door.get(f"{LETTERS}/{letter['id']}/pdf", leader)
        if not (paper.ok and bytes(paper.data).startswith(b"%PDF-")):
            raise Stuck(f"the paper of a letter can't be fetched: {paper.status} {paper.code}")
        received = door.post(f"{LETTERS}/{letter['id']}/acknowledge", {}, play.stage.token("unit", letter["unit"]))
        if not received.ok:
            raise Stuck(f"the unit could not acknowledge its letter: {received.status} {received.code}")
        if index < SHOWN:
            size = len(paper.data) // 1024
            play.story.say(
                f"  警示函 letter：{letter['letter_number']} → {letter['unit_name']}，PDF {size} KB，已送达并签收"
            )


def _listed(play: Play, state: str) -> list[dict[str, Any]]:
    """All letters in a state that concern this play's breaches."""
    breached = {event["number"] for event in _fired(play, "clock.breached")}
    answer = play.door.get(f"{LETTERS}?state={state}&limit=100", play.stage.token("leader", None))
    if not answer.ok:
        raise Stuck(f"the list of letters was refused: {answer.status} {answer.code}")
    return [letter for letter in answer.data["letters"] if letter["case"] in breached]


def _close_the_others(play: Play) -> None:
    def open_now() -> int:
        return sum(count for state, count in play.books.states().items() if state not in ("closed", "refused"))

    wait_for(lambda: open_now() <= play.left_alone, 60, "the other imported cases were not closed")
    still = f"仍在办的只有故意不办的 {play.left_alone} 件" if play.left_alone else "没有一件仍在办"
    play.story.say(f"  其余全部在时限内办结，{still} everything else is closed in time")
