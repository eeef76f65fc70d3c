"""Open cases taken over from the old system: true times, no shortened limit, some of them close to theirs.

Only the moment of import is chosen; it is the cases' own times that make a limit run out during the scene.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from services import limits

LIMITS = {each: limits.LIMITS[f"close-{each}"] for each in ("simple", "complex")}
"""From dispatch to the reply (R21)."""
YELLOW_LEFT = {each: limits.YELLOW_LEFT[f"close-{each}"] for each in LIMITS}

MATTERS = (
    ("complaint", "{place}烧烤档把桌子摆到了人行道上，油烟直往二楼窗户里灌，劝了三次都没有用。"),
    ("help", "{place}的雨水篦子被共享单车压塌了，晚上看不见，已经有人崴了脚。"),
    ("complaint", "{place}垃圾清运车凌晨三点压缩垃圾，整栋楼都被吵醒，希望调整一下时间。"),
    ("suggestion", "{place}路口没有遮阳棚，等红灯的老人和孩子晒得厉害，建议装一个。"),
    ("report", "{place}一楼商铺私自敲掉了一面墙，墙上裂缝一直到三楼，请尽快派人来看是不是承重墙。"),
    ("help", "{place}无障碍坡道尽头立了一根铁柱子，轮椅过不去，请拔掉或者挪一挪。"),
    ("complaint", "{place}绿化带被圈起来种菜，还浇粪，夏天臭得不能开窗。"),
    ("inquiry", "{place}的旧改什么时候开始签约？楼下贴的公示日期已经过了。"),
)
PLACES = (
    "灵芝园二区",
    "上合旧村",
    "海裕花园",
    "翻身大道32区",
    "洪浪北二路",
    "建安新村",
    "新乐市场",
    "甲岸旧村",
    "布心村",
    "文汇学校北门",
)
WRITERS = ("温玉成", "容嘉慧", "佘志刚", "池晚晴", "蓝建军", "阮秋萍", "巫国富", "乐小曼", "闵长庚", "符海棠")


@dataclass(frozen=True, slots=True)
class OpenCase:
    """One case of the file. `fate`: `left_alone`, `turns_yellow` or `ordinary`. Times are aware."""

    fate: str
    external_id: str
    unit: str
    complexity: str
    dispatched_at: datetime
    contacted_at: datetime | None
    kind: str
    description: str
    place: str
    name: str
    mobile: str

    @property
    def accepted_at(self) -> datetime:
        return self.dispatched_at - timedelta(minutes=35)

    @property
    def submitted_at(self) -> datetime:
        return self.accepted_at - timedelta(minutes=20)

    @property
    def due(self) -> datetime:
        return self.dispatched_at + LIMITS[self.complexity]

    @property
    def yellow_at(self) -> datetime:
        return self.due - YELLOW_LEFT[self.complexity]


@dataclass(frozen=True, slots=True)
class Plan:
    """How many of each, and how long after `now` the first of them turns yellow and red."""

    left_alone: int = 0
    turning_yellow: int = 0
    ordinary: int = 0
    yellow_in: timedelta = timedelta(seconds=8)
    red_in: timedelta = timedelta(seconds=11)
    apart: timedelta = timedelta(milliseconds=100)


def invent(plan: Plan, now: datetime, units: Sequence[str], batch: str) -> list[OpenCase]:
    """The cases of the plan; `units` are codes that may receive them, `batch` keeps the external ids of runs apart."""
    cases: list[OpenCase] = []
    for i in range(plan.turning_yellow):
        complexity = ("simple", "complex")[i % 2]
        start = now + plan.yellow_in + i * plan.apart - (LIMITS[complexity] - YELLOW_LEFT[complexity])
        cases.append(_case("turns_yellow", len(cases), complexity, start, units, batch))
    for i in range(plan.left_alone):
        complexity = ("simple", "complex")[i % 2]
        start = now + plan.red_in + i * plan.apart - LIMITS[complexity]
        cases.append(_case("left_alone", len(cases), complexity, start, units, batch))
    for i in range(plan.ordinary):
        start = now - timedelta(hours=3 + 2 * i, milliseconds=i)
        cases.append(_case("ordinary", len(cases), ("simple", "complex")[i % 2], start, units, batch))
    return cases


def _case(
    fate: str, index: int, complexity: str, dispatched_at: datetime, units: Sequence[str], batch: str
) -> OpenCase:
    kind, text = MATTERS[index % len(MATTERS)]
    place = PLACES[(index * 3 + index // len(MATTERS)) % len(PLACES)]
    return OpenCase(
        fate=fate,
        external_id=f"{batch}-{index + 1:03d}",
        unit=units[index % len(units)],
        complexity=complexity,
        dispatched_at=dispatched_at,
        contacted_at=dispatched_at + timedelta(hours=1, minutes=10),
        kind=kind,
        description=text.format(place=place),
        place=place,
        name=WRITERS[index % len(WRITERS)],
        mobile=f"138000000{60 + index % 40:02d}",
    )


COLUMNS = (
    "external_id", "kind", "name", "mobile", "description", "place", "identity", "unit", "complexity",
    "submitted_at", "accepted_at", "dispatched_at", "contacted_at",
)  # fmt: skip


def write(path: Path, cases: Sequence[OpenCase]) -> None:
    """The file that `python -m services.intake import` reads."""
    with path.open("w", encoding="utf-8", newline="") as file:
        sheet = csv.writer(file)
        sheet.writerow(COLUMNS)
        sheet.writerows(_row(case) for case in cases)


def _row(case: OpenCase) -> list[str]:
    times = (case.submitted_at, case.accepted_at, case.dispatched_at, case.contacted_at)
    facts = (case.external_id, case.kind, case.name, case.mobile, case.description, case.place, "named", case.unit)
    return [*facts, case.complexity, *(at.isoformat() if at else "" for at in times)]
