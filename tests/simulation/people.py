"""Residents who write, and the operator who imports: everybody of one seed, spread over the town's time."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from services.intake.commands import importing, submitting
from services.intake.domain.case import Channel, Imported, Kind, Statement
from services.intake.domain.open_cases import OpenCase
from services.intake.domain.submission import Submission
from tests.simulation.doors import Doors
from tests.simulation.holders import Holder
from tests.simulation.officers import GAPS, Leader, Officer
from tests.simulation.town import HOUR, Town

TEXTS = (
    "路灯坏了三天，晚上看不见路，请尽快维修路灯。",  # one duty: dispatched by the rule
    "楼下夜宵摊占道经营，油烟很大，占道经营到凌晨。",
    "请问老年证在哪里办理？",  # no duty: the centre decides
    "厨房着火了，火很大，快来人！",  # an emergency: a person accepts
    "举报社区工作人员收钱不办事，态度恶劣。",  # about staff: restricted
    "几百户业主联名反映物业不作为，静坐维权。",  # priority and sensitive: yellow at once
)


class People:
    """Everybody of one seed, their errands spread over the town's time."""

    def __init__(self, town: Town) -> None:
        self.town, self.rng = town, town.rng
        self.doors = Doors(town)
        self.leader = Leader(self.doors)
        self.posts: dict[str, tuple[str, set[str]]] = {}

    def begin(self) -> None:
        letters_written = self.rng.choice((1, 1, 1, 1, 1, 2, 2, 3))
        for n in range(1, letters_written + 1):
            self.town.at(self.rng.choice((0.0, 5.0, 3 * HOUR)) * self.rng.random(), self._resident(n))
        if self.rng.random() < 0.15:
            self.town.at(self.rng.uniform(0, 600), self._import)
        if self.rng.random() < 0.7:
            self.town.at(self.rng.choice(GAPS), self.leader.sit(self.rng.randint(1, 8)))

    def clear_the_desk(self) -> None:
        """The leader sits down and decides about every letter that lies there."""
        self.town.at(self.town.now, self.leader.sit(2))

    def _resident(self, n: int) -> Callable[[], None]:
        rng, key = self.rng, f"letter {n}"
        text = rng.choice(TEXTS)
        identity = rng.choice(("named", "named", "withheld", "anonymous"))
        mobile = f"138000001{n:02d}" if identity != "anonymous" and rng.random() < 0.95 else None
        statement = Statement(Kind.COMPLAINT, text, "", rng.choice((None, "C01")), identity, Channel.MAILBOX)
        name = None if identity == "anonymous" else "温玉成"
        self.posts[key] = (text, set())

        def command(tx: Any) -> str:
            return submitting.submit(tx, self.doors.context, Submission(statement, name, mobile), None).number

        def answered(number: str | None) -> None:
            assert number is not None
            self.posts[key][1].add(number)
            self._hand_to_officer(number)
            Holder(self.doors, number, lambda: self._hand_to_officer(number)).wait()

        return lambda: self.doors.do("intake", f"resident {n}", key, command, answered)

    def _import(self) -> None:
        """One open case of the old system, dispatched some hours ago."""
        town, rng = self.town, self.rng
        now = town.clock("intake")
        hours = rng.choice((1.0, 17.9, 23.9, 30.0, 53.0))
        dispatched = now - timedelta(hours=hours)
        contacted = dispatched + timedelta(hours=0.9) if rng.random() < 0.6 else None
        accepted = dispatched - timedelta(minutes=35)
        stated = Imported(accepted, dispatched, contacted, "O01", rng.choice(("simple", "complex")))
        statement = Statement(Kind.HELP, TEXTS[0], "", None, "named", Channel.IMPORT)
        case = OpenCase(
            statement=statement, external_id="old-1", name="容嘉慧", mobile="13800000199",
            submitted_at=accepted - timedelta(minutes=20), imported=stated,
        )  # fmt: skip

        def command(tx: Any) -> str:
            importing.import_cases(tx, self.doors.context, [case])
            return next(r["number"] for r in tx.tables["cases"].values() if r["external_id"] == "old-1")

        self.doors.do("intake", "operator", "import", command, lambda number: self._hand_to_officer(str(number)))

    def _hand_to_officer(self, number: str) -> None:
        officer = Officer(self.doors, number, patience=self.rng.choice((0, 1, 2, 3, 5, 6, 7, 9, 12)))
        self.town.at(self.town.now + self.rng.choice(GAPS) * self.rng.random(), officer.act)
