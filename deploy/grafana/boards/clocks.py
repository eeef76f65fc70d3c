"""Clocks: do they fire, what is to come, what fired and how late, and what could hold them up."""

from deploy.grafana.board import Board, Bounds, Panel, Query, Row, Shape, dashboard, runbook, verdict
from deploy.grafana.promql import of, per_minute, quantile, rate, read, within

STUCK = runbook("clocks-not-firing")
LATENESS = "lianxin_sla_clock_lateness_seconds"
LATEST = read("lianxin_sla_clocks_latest_seconds", "service")
LAG = read("lianxin_inbox_lag_seconds", "service", 'service="sla"')
CAUGHT_UP = read("lianxin_sla_caught_up", "service")
WITHIN_A_SECOND = 'le="1.0"'
LATE = Bounds(5, 60, "s")

FIRING = Row(
    "Do the clocks fire?",
    [
        verdict(
            "Late clocks",
            "How long ago the latest clock that has not fired should have. Limits pass and nobody is told.",
            LATEST,
            LATE,
            [STUCK],
            "unfired",
            width=6,
        ),
        verdict(
            "Caught up",
            "Whether sla has committed every event published until two seconds ago; without it no clock may fire.",
            f"1 - {CAUGHT_UP}",
            Bounds(0),
            [STUCK, runbook("inbox-growing")],
            "caught up",
            width=6,
        ),
        verdict("Inbox lag", "How far sla is behind its queue.", LAG, Bounds(10, 60, "s"), [STUCK], "lag", width=6),
        Panel(
            "Armed",
            "Clocks with something still to come.",
            [Query(read("lianxin_sla_clocks_armed", "service"), "armed")],
            "none",
            Shape.NUMBER,
            6,
            decimals=0,
        ),
    ],
)

DUE = Row(
    "What is due now?",
    [
        Panel(
            "Due and not fired",
            "Clocks whose time has come and which have not fired. A few milliseconds are ordinary.",
            [Query(read("lianxin_sla_clocks_due", "service"), "due")],
            "none",
            links=[STUCK],
        ),
        Panel(
            "Latest of these",
            "How long ago the longest due of these should have fired.",
            [Query(LATEST, "latest unfired")],
            "s",
            bounds=LATE,
            links=[STUCK],
        ),
        Panel(
            "Armed clocks",
            "Clocks with something still to come: about two for every open case.",
            [Query(read("lianxin_sla_clocks_armed", "service"), "armed")],
            "none",
        ),
    ],
)

FIRED = Row(
    "What fired?",
    [
        Panel(
            "Yellow and red",
            "Fired a minute: warned is yellow, breached is red.",
            [Query(per_minute("lianxin_sla_clocks_fired_total", "stage"), "{{stage}}")],
            "none",
            Shape.BARS,
            12,
            links=[dashboard("cases", "Cases")],
        ),
        Panel(
            "By kind and stage",
            "Fired in the last hour at every moment, by the kind of the clock.",
            [Query(within("1h", "lianxin_sla_clocks_fired_total", "kind, stage"), "{{kind}} {{stage}}")],
            "none",
            width=12,
        ),
    ],
)

PUNCTUAL = Row(
    "How punctual are they?",
    [
        Panel(
            "Lateness",
            "From the moment a clock was due to the claim that fired it. The goal is 50 ms for 99 of 100.",
            [Query(quantile(share, LATENESS, ""), f"{share:.0%} within") for share in (0.5, 0.9, 0.99)],
            "s",
            width=12,
            bounds=Bounds(1, unit="s"),
            links=[STUCK],
        ),
        Panel(
            "Fired within a second",
            "The share of the clocks that fired within one second of their time.",
            [
                Query(
                    f"{rate(f'{LATENESS}_bucket', '', WITHIN_A_SECOND)} / {rate(f'{LATENESS}_count', '')}",
                    "within 1 s",
                )
            ],
            "percentunit",
            width=12,
        ),
    ],
)

HELD_UP = Row(
    "What could hold them up?",
    [
        Panel(
            "Caught up, by process",
            "1 while this process may fire. Only one worker reads; the others know it from the database.",
            [Query(f"max by (instance) ({of('lianxin_sla_caught_up')})", "{{instance}}")],
            "none",
            links=[STUCK],
        ),
        Panel(
            "Inbox lag of sla",
            "From sending a probe to the commit of everything before it.",
            [Query(LAG, "lag")],
            "s",
            bounds=Bounds(10, 60, "s"),
            links=[runbook("inbox-growing"), dashboard("messaging", "Messaging")],
        ),
        Panel(
            "Loop turns that failed",
            "Turns of sla's loops that ended in an exception, a minute; each is in the log.",
            [Query(per_minute("lianxin_loop_failures_total", "loop", 'service="sla"'), "{{loop}}")],
            "none",
            bounds=Bounds(0, unit="a minute"),
            links=[runbook("database-away"), dashboard("services", "Services")],
        ),
    ],
)

BOARD = Board(
    "clocks",
    "Lianxin: Clocks",
    "The time limits as sla runs them: armed, due, fired, and how late.",
    [FIRING, DUE, FIRED, PUNCTUAL, HELD_UP],
)
