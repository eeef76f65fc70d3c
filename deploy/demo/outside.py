"""Scene (d): what an outside system may hear."""

import re
from typing import Any

from deploy.demo.play import Play
from deploy.demo.stage import Stuck


def outsiders(play: Play) -> None:
    """(d) What the traffic system heard, in its own words, and that no person was in it."""
    if play.traffic is None:
        play.story.say("  外部系统没有账号，本场略过 set AMQP_URI_TRAFFIC to a broker user that may read sub.traffic")
        return
    printed = (play.folder / "traffic.txt").read_text(encoding="utf-8").splitlines()
    events = [line for line in printed if not line.startswith("（")]
    about = next((line.split()[0] for line in events if line.split()[0] in play.numbers()), None)
    if about is None:
        raise Stuck("the outside system heard nothing of any letter")
    play.story.say(f"  交通系统收到 {len(events)} 条事件，例如 {about} 一案 what it saw of one case：")
    for line in events:
        if line.startswith(about):
            play.story.say(f"    交通系统 │ {line}")
    heard = (play.folder / "traffic.jsonl").read_text(encoding="utf-8")
    leaks = persons_in(heard, [dict(each.letter.body) for each in play.residents.posted])
    if leaks:
        raise Stuck(f"the outside system received {len(leaks)} names or telephones: lines {sorted(leaks)[:10]}")
    play.story.say(f"  逐字核对：{len(heard)} 个字符里没有任何诉求人的姓名和电话 no name, no telephone in it")


def persons_in(heard: str, bodies: list[dict[str, Any]]) -> set[int]:
    """Which bodies (from 1) have their name or telephone in what was heard."""
    # The same texts come again and again: each is looked at once, telephones apart from the numbers around them.
    texts = "\n".join(set(re.sub(r"\d", "0", heard).split('"')))
    digits = "\n".join(set(re.findall(r"\d{11,}", heard)))
    told = {name for name in {body.get("name") for body in bodies} if name and re.sub(r"\d", "0", str(name)) in texts}
    told |= {mobile for mobile in {body.get("mobile") for body in bodies} if mobile and str(mobile) in digits}
    return {line for line, body in enumerate(bodies, start=1) if {body.get("name"), body.get("mobile")} & told}
