"""The office's time limits stand in sla's rules; whoever prints or applies one reads `contracts/limits.json`."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from services import limits
from services.dispatch.domain.handing_back import HAND_BACK_WITHIN
from services.dispatch.errors import SENTENCES
from services.sla.domain.limit import LIMITS

ROOT = Path(__file__).parents[2]
PLACES = ("services", "chassis", "referee", "deploy/demo", "deploy/grafana", "deploy/prometheus/rules")
KINDS = {".py", ".html", ".js", ".sql", ".yaml", ".json", ".txt", ".conf"}
RULES = ROOT / "services" / "sla" / "domain" / "limit.py"
# A limit's length as a person reads it, as Python says it, or in seconds; a comment and a column of figures are neither.
LITERAL = re.compile(
    r"(?<!\d)(?:1|2|24|72|一|两) ?个?小时|(?<!\d)[3三] ?天"
    r"|timedelta\((?:hours=(?:1|2|24|72)|days=(?:1|3))\)"
    r"|\b(?:24|72) \* 3600\b|\b(?:7200|259200)\b|\b(?:24|72)[ -]hours?\b"
)
OTHERS = {
    ("services/sla/domain/limit.py", "24小时"): "the words that the rule is a reading of",
    ("services/sla/domain/limit.py", "24 hours"): "how long a day is",
    ("services/dispatch/domain/", "timedelta(hours=2)"): "how long a unit may hand a case back: dispatch's",
    ("services/dispatch/errors.py", "2小时"): "the same, in the refusal; a test below holds the two together",
    ("services/dispatch/metrics.py", "7200"): "bounds of a histogram",
    ("services/dispatch/metrics.py", "24 * 3600"): "bounds of a histogram",
    ("services/dispatch/metrics.py", "72 * 3600"): "bounds of a histogram",
    ("services/intake/settings.py", "timedelta(hours=1)"): "rates are counted by the hour",
    ("services/intake/media/commands/retention.py", "timedelta(hours=24)"): "how long an unbound upload is kept",
    (
        "services/notify/domain/letter.py",
        "timedelta(days=3)",
    ): "how long a unit has to answer a warning letter: notify's",
    ("services/notify/domain/template.py", "timedelta(hours=1)"): "how long a text is worth sending: notify's",
    ("services/notify/domain/template.py", "timedelta(hours=24)"): "how long a text is worth sending: notify's",
    ("services/notify/domain/template.py", "timedelta(hours=72)"): "how long a text is worth sending: notify's",
    ("services/notify/domain/local_time.py", "timedelta(hours=1)"): "an hour, to round up to",
    ("services/limits.py", "timedelta(hours=1)"): "an hour, to divide by",
    ("services/limits.py", "timedelta(days=1)"): "a day, to divide by",
    ("chassis/pages/filters.py", "timedelta(hours=1)"): "an hour, to divide by",
    ("chassis/pages/filters.py", "timedelta(days=1)"): "a day, to divide by",
    ("deploy/demo/officers.py", "timedelta(hours=1)"): "the demo's officers promise an hour less than the limit",
    ("deploy/demo/officers.py", "三天"): "a made-up answer to a resident",
    ("deploy/grafana/boards/cases.py", "24 hours"): "the window of a count",
    ("deploy/grafana/boards/notify.py", "24 hours"): "the window of a count",
}
"""(beginning of a path, text): numbers that only look like a limit, each with what it is."""


def literals() -> Iterator[tuple[str, str]]:
    """(file, what it says) of everything that reads like the length of a limit outside the rules."""
    for place in PLACES:
        for file in sorted((ROOT / place).rglob("*")):
            if file.suffix in KINDS and "dashboards" not in file.parts and "migrations" not in file.parts:
                for line in file.read_text(encoding="utf-8").splitlines():
                    if not (file == RULES and line.strip().startswith("Limit(")):
                        yield from ((str(file.relative_to(ROOT)), found) for found in LITERAL.findall(line))


def is_other(literal: tuple[str, str], other: tuple[str, str]) -> bool:
    return literal[0].startswith(other[0]) and literal[1] == other[1]


def test_no_limit_is_written_down_a_second_time() -> None:
    again = sorted({each for each in literals() if not any(is_other(each, other) for other in OTHERS)})
    assert again == [], "read it from services.limits, or say in OTHERS what else it is"


def test_every_exception_is_still_there() -> None:
    found = set(literals())
    assert [other for other in OTHERS if not any(is_other(each, other) for each in found)] == []


def test_the_reader_gives_what_the_newest_rules_say() -> None:
    newest = {rule.name: rule for rule in sorted(LIMITS, key=lambda rule: rule.version)}
    began = datetime(2026, 11, 24, tzinfo=UTC)
    assert {name: rule.limit for name, rule in newest.items()} == limits.LIMITS
    assert {name: rule.due(began) - rule.warn_at(began) for name, rule in newest.items()} == limits.YELLOW_LEFT


def test_the_reader_says_a_limit_in_hours_in_words_and_in_days() -> None:
    assert (limits.hours("close-simple"), limits.hours_in_words("accept"), limits.days("close-complex")) == (
        "24",
        "一",
        "3",
    )
    assert (limits.hours_in_words("dispatch"), limits.hours_in_words("contact")) == ("两", "24")


def test_the_refusal_of_a_late_hand_back_names_the_time_that_was_given() -> None:
    hours = limits.in_hours(HAND_BACK_WITHIN)
    assert SENTENCES["too_late_to_hand_back"].startswith(f"退件须在分拨后{hours}小时内提出")
