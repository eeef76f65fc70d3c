"""Cases: is any letter waiting too long, what comes in, who has the open ones, and is the promise kept."""

from deploy.grafana.board import Board, Bounds, Panel, Query, Row, Shape, dashboard, runbook
from deploy.grafana.promql import lasting, or_none, per_minute, read, total, within

OPEN = "lianxin_dispatch_cases_open"
BY_STATE = read("lianxin_dispatch_cases", "state")
HOUR = 3_600
SHARES = (0.5, 0.9)
RED = 'mark="red"'
DISPATCH = total("lianxin_dispatch_cases", "", "state")
INTAKE = total("lianxin_intake_cases", "", "channel, state")
CLOCKS = dashboard("clocks", "Clocks")


def _open(*marked: str) -> str:
    return or_none(total(OPEN, "", "unit, mark", *marked), DISPATCH)


def _in_state(state: str) -> str:
    return or_none(total("lianxin_dispatch_cases", "", "state", f'state="{state}"'), DISPATCH)


def _number(title: str, about: str, expr: str, legend: str, bounds: Bounds | None = None) -> Panel:
    links = (CLOCKS,) if bounds else ()
    return Panel(title, about, [Query(expr, legend)], "none", Shape.NUMBER, 4, bounds, links, decimals=0)


WAITING = Row(
    "Is any letter waiting too long?",
    [
        _number(
            "Red 警报红",
            "Open cases whose limit has passed. Each of kind close has a warning letter.",
            _open(RED),
            "overdue",
            Bounds(0, 10, "cases"),
        ),
        _number(
            "Yellow 预警黄",
            "Open cases with a quarter of their limit left or less, or marked for their risk.",
            _open('mark="yellow"'),
            "to hurry",
            Bounds(20, unit="cases"),
        ),
        _number(
            "Undecided",
            "Letters that nobody has accepted or refused. One hour is promised.",
            or_none(total("lianxin_intake_cases", "", "channel, state", 'state="submitted"'), INTAKE),
            "undecided",
            Bounds(20, 100, "letters"),
        ),
        _number(
            "Not dispatched",
            "Accepted cases that have no unit yet. Two hours are promised.",
            _in_state("waiting"),
            "to dispatch",
            Bounds(20, 100, "cases"),
        ),
        _number("Open", "Cases that are with somebody: the sum over units.", _open(), "open"),
        _number(
            "Closed today",
            "Cases closed since midnight in Shanghai.",
            _in_state("closed"),
            "closed",
        ),
    ],
)

COMING = Row(
    "What comes in?",
    [
        Panel(
            "Letters by channel",
            "Letters taken in over HTTP in the last hour at every moment, by the channel they came through.",
            [Query(within("1h", "lianxin_intake_submitted_total", "channel"), "{{channel}}")],
            "none",
            Shape.BARS,
            12,
        ),
        Panel(
            "Decisions and studies",
            "In the last hour: the centre's decisions, and what studying the accepted ones came to "
            "(automatic: sent by the rule; queue: left to people; restricted: about a unit).",
            [
                Query(within("1h", "lianxin_intake_decided_total", "decision"), "decided: {{decision}}"),
                Query(within("1h", "lianxin_dispatch_triaged_total", "result"), "studied: {{result}}"),
            ],
            "none",
            width=8,
        ),
        Panel(
            "Today's by channel",
            "Letters of today and those still undecided, by channel and what became of them.",
            [
                Query(
                    read("lianxin_intake_cases", "channel, state"),
                    "{{channel}} {{state}}",
                )
            ],
            "none",
            Shape.RANKING,
            4,
        ),
    ],
)

OPEN_ONES = Row(
    "Who has the open ones?",
    [
        Panel(
            "By state",
            "Open cases by how far they are, and those that ended today.",
            [Query(BY_STATE, "{{state}}")],
            "none",
            Shape.BARS,
            12,
        ),
        Panel(
            "By mark",
            "Open cases by their mark: green, yellow, red, or none.",
            [Query(total(OPEN, "mark", "unit, mark"), "{{mark}}")],
            "none",
            Shape.BARS,
            12,
        ),
        Panel(
            "By unit",
            "The fifteen units with most open cases.",
            [Query(f"topk(15, {total(OPEN, 'unit', 'unit, mark')})", "{{unit}}")],
            "none",
            Shape.RANKING,
            12,
        ),
        Panel(
            "Overdue by unit",
            "Units with red cases; a unit without any is shown with 0 while it has open ones.",
            [
                Query(
                    f"topk(15, {total(OPEN, 'unit', 'unit, mark', RED)} or 0 * {total(OPEN, 'unit', 'unit, mark')})",
                    "{{unit}}",
                )
            ],
            "none",
            Shape.RANKING,
            12,
            Bounds(0, 5, "cases"),
            [CLOCKS, dashboard("notify", "Notify")],
        ),
    ],
)

KEPT = Row(
    "Is the promise kept?",
    [
        Panel(
            "Limits that passed",
            "Red fired in the last 24 hours at every moment, by the kind of the clock.",
            [Query(within("24h", "lianxin_sla_clocks_fired_total", "kind", 'stage="breached"'), "{{kind}}")],
            "none",
            Shape.BARS,
            12,
            links=[CLOCKS],
        ),
        Panel(
            "Limits that came near",
            "Yellow fired in the last 24 hours at every moment, by the kind of the clock.",
            [Query(within("24h", "lianxin_sla_clocks_fired_total", "kind", 'stage="warned"'), "{{kind}}")],
            "none",
            Shape.BARS,
            12,
            links=[CLOCKS],
        ),
        Panel(
            "From letter to unit",
            "From a letter's submission to its first dispatch; accepting may take 1 h and dispatching 2 h.",
            [Query(lasting(share, "lianxin_dispatch_sent_after_seconds"), f"{share:.0%} within") for share in SHARES],
            "s",
            width=12,
            bounds=Bounds(3 * HOUR, unit="s"),
            links=[CLOCKS],
        ),
        Panel(
            "From unit to closure",
            "From a case's first dispatch to its closure; 24 h are promised for simple ones and 72 h for complex ones.",
            [Query(lasting(share, "lianxin_dispatch_closed_after_seconds"), f"{share:.0%} within") for share in SHARES],
            "s",
            width=12,
            bounds=Bounds(24 * HOUR, 72 * HOUR, "s"),
            links=[CLOCKS],
        ),
    ],
)

WORK = Row(
    "What is being done, and what do residents say?",
    [
        Panel(
            "Steps of cases",
            "Events raised on cases a minute: dispatched, acknowledged, contacted, replied, closed and the rest.",
            [Query(per_minute("lianxin_dispatch_steps_total", "type"), "{{type}}")],
            "none",
            width=24,
        ),
        Panel(
            "Residents' acts",
            "What holders of a query code did in the last 24 hours: supplement, withdraw, rate.",
            [Query(within("24h", "lianxin_intake_residents_acts_total", "act"), "{{act}}")],
            "none",
        ),
        Panel(
            "Ratings",
            "How residents rated closed cases in the last 24 hours at every moment.",
            [Query(within("24h", "lianxin_intake_ratings_total", "grade"), "{{grade}}")],
            "none",
            Shape.BARS,
        ),
        Panel(
            "Photos and videos waiting",
            "Files that wait for the darkroom. A letter can be read without them.",
            [Query(read("lianxin_intake_media_waiting", "kind"), "{{kind}}")],
            "none",
            bounds=Bounds(100, unit="files"),
            links=[runbook("media-stuck")],
        ),
    ],
)

BOARD = Board(
    "cases",
    "Lianxin: Cases",
    "Every letter and the promise given with it: what came in, who has it, how much time is left.",
    [WAITING, COMING, OPEN_ONES, KEPT, WORK],
)
