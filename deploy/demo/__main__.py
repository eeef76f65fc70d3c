"""`make demo`: starts the system, plays the five scenes, counts, and stops what it started."""

import json
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

from deploy.demo import accounts
from deploy.demo.letters import Unreadable
from deploy.demo.limits import limits
from deploy.demo.observed import observed
from deploy.demo.outside import outsiders
from deploy.demo.play import SHIPPED, Play
from deploy.demo.scenes import broken_broker, metro_exit
from deploy.demo.stage import Stage, Stuck, run_python
from deploy.demo.story import Story
from deploy.machine.folder import Folder
from deploy.machine.trouble import Trouble
from deploy.system.running import Running, running
from services import SERVICES

MOST_LEFT_ALONE = 20
SETTINGS = {
    "intake": {"ACCEPT_AUTOMATICALLY": "true", "LIMIT_SUBMISSIONS": "false"},
    "notify": {"GATEWAY": "file", "SMS_WINDOW": "5"},
}


def main(folder: Folder | None = None) -> int:
    """Play in `folder` (default `.run`); the exit code."""
    story = Story()
    try:
        file, left_alone, seed = asked(dict(os.environ))
        with running(folder or Folder(), profile="demo", settings=SETTINGS, say=story.say) as now:
            wanted = os.environ.get("OBSERVE") == "1"
            with observed(now.system.folder, now.system.url, story, wanted) as check:
                code = perform(stage(now), story, file, left_alone, seed)
                code = check() or code
            if stays_up(dict(os.environ)):
                addresses(now, story)
                with suppress(KeyboardInterrupt):
                    signal.pause()
            return code
    except (Trouble, Stuck, Unreadable) as error:
        story.say(f"demo: {error}")
        return 1
    except KeyboardInterrupt:
        return 130


def stays_up(environment: dict[str, str]) -> bool:
    """A person is watching and has not asked for one run only."""
    once = environment.get("ONCE") == "1" or environment.get("CI", "").lower() in ("1", "true")
    return sys.stdout.isatty() and not once


def asked(environment: dict[str, str]) -> tuple[Path, int, int]:
    """LETTERS, LEFT_ALONE and SEED. Raises Trouble with a sentence that names the variable."""
    file = Path(environment.get("LETTERS") or SHIPPED)
    if not file.is_file():
        raise Trouble(f"LETTERS={file} is not a file; give JSON lines with subject and text.")
    try:
        left_alone, seed = int(environment.get("LEFT_ALONE") or 5), int(environment.get("SEED") or 1)
    except ValueError:
        raise Trouble("LEFT_ALONE and SEED must be whole numbers.") from None
    if not 0 <= left_alone <= MOST_LEFT_ALONE:
        raise Trouble(f"LEFT_ALONE must be between 0 and {MOST_LEFT_ALONE}.")
    return file, left_alone, seed


def stage(now: Running) -> Stage:
    """The running system as the play sees it."""
    rabbit, system = now.servers.rabbit, now.system
    return Stage(
        run=system.folder.path,
        origin=system.url,
        databases=system.environment.databases,
        token=system.token,
        environments={service: system.environment.of(service) for service in SERVICES},
        traffic_uri=rabbit.uri("traffic") if rabbit else os.environ.get("AMQP_URI_TRAFFIC", ""),
        kill_broker=rabbit.kill if rabbit else None,
        start_broker=rabbit.start if rabbit else lambda: None,
    )


def perform(stage: Stage, story: Story, file: Path, left_alone: int, seed: int) -> int:
    """The five scenes; 0 if the accounts are in order."""
    began = time.monotonic()
    with Play(stage, story, file, left_alone, seed) as play:
        story.scene("a", "地铁口的一封信", "one letter and its receipt")
        metro_exit(play)
        story.scene("b", "消息中间件被杀", "RabbitMQ is killed while letters arrive")
        broken_broker(play)
        story.scene("c", "时限不讲情面", "true time limits: yellow, red, warning letters")
        limits(play)
        play.come_to_rest(600)
        play.officers.stop()
        story.scene("d", "外面的系统", "what an outside system may hear")
        outsiders(play)
        story.scene("e", "算账", "the accounts")
        return settle(play, time.monotonic() - began)


def settle(play: Play, seconds: float) -> int:
    """Have the checker look at everything, write the summary, print the table; 1 if anything is wrong."""
    names = {f"DATABASE_URL_{service.upper()}": url for service, url in play.stage.databases.items()}
    checked = run_python(["-m", "referee.checker", str(play.stage.run)], names)
    for line in (checked.stdout + checked.stderr).splitlines():
        play.story.say(f"  核查 checker：{line}")
    verdict = json.loads((play.folder / "checker.json").read_text(encoding="utf-8"))
    summary = accounts.figures(
        play.books, len(play.letters), play.residents.posted, play.left_alone, len(play.sms()), verdict, seconds
    )
    (play.folder / "summary.json").write_text(
        json.dumps(summary, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
    )
    for line in accounts.table(summary):
        play.story.say(f"  {line}")
    wrong = accounts.mistakes(summary)
    for sentence in wrong:
        play.story.say(f"  账不对 wrong: {sentence}")
    if not wrong:
        play.story.say("  件件有回音，一封不丢，一条不重。Every letter got its answer; nothing lost, nothing twice.")
    return 1 if wrong else 0


def addresses(now: Running, story: Story) -> None:
    """Where to look while it stays up."""
    story.say("")
    story.say(f"  系统继续运行 it stays up: {now.system.url}  （Ctrl-C 停止 stops it）")
    for service in ("intake", "dispatch", "sla", "notify"):
        story.say(f"    {service:<9}{now.system.api(service)}/openapi.json")
    story.say("    make token ROLE=centre UNIT=CENTRE   工作人员令牌 a token for the staff API")
    story.say(f"    {now.system.folder.path}/demo   账本 ledger, outcomes, summary;  ../letters 警示函 letters")


if __name__ == "__main__":
    sys.exit(main())
