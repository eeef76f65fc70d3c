"""Messaging: events out, events in, what failed on the way, and the broker between."""

from deploy.grafana.board import Board, Bounds, Panel, Query, Row, Shape, dashboard, published, runbook, verdict
from deploy.grafana.promql import mean, of, per_minute, quantile, rate, read

OUTBOX = runbook("outbox-growing")
INBOX = runbook("inbox-growing")
ASIDE = runbook("events-aside")
OLDEST = read("lianxin_outbox_oldest_seconds", "service")
HELD = read("lianxin_outbox_held", "service")
LAG = read("lianxin_inbox_lag_seconds", "service")
PARKED = read("lianxin_aside_rows", "service", 'state="parked"')
TEN = Bounds(10, 60, "s")
QUEUES = 'queue=~".+[.]inbox"'
UPSTREAM = (
    published(10991, "RabbitMQ-Overview"),
    published(11340, "RabbitMQ-Quorum-Queues-Raft"),
)


def _queues(metric: str) -> Query:
    return Query(f"max by (queue) (rabbitmq_detailed_queue_{metric}{{{QUEUES}}})", "{{queue}}")


WELL = Row(
    "Does every event arrive?",
    [
        verdict("Going out", "Age of the oldest event not yet published.", OLDEST, TEN, [OUTBOX]),
        verdict("Coming in", "How far a service is behind its queue.", LAG, TEN, [INBOX]),
        verdict(
            "Publishing stopped",
            "A reader's queue is missing: the relay publishes nothing until replay has filled it again.",
            f"max by (service) ({of('lianxin_relay_stopped')})",
            Bounds(0, 0),
            [runbook("relay-stopped")],
        ),
        verdict(
            "Refused by the broker", "Events that the broker refused.", HELD, Bounds(0, 0, "events"), [OUTBOX], width=12
        ),
        verdict(
            "Waiting for a person",
            "Events that failed until the last try; a person decides about them.",
            PARKED,
            Bounds(0, 0, "events"),
            [ASIDE],
            width=12,
        ),
    ],
)

OUT = Row(
    "Events out",
    [
        Panel(
            "Outbox",
            "Events waiting to be published. It grows while the broker is away, and letters are still taken in.",
            [Query(read("lianxin_outbox_rows", "service"), "{{service}}")],
            "none",
            links=[OUTBOX],
        ),
        Panel(
            "Oldest waiting",
            "Age of the oldest event in the outbox.",
            [Query(OLDEST, "{{service}}")],
            "s",
            bounds=TEN,
            links=[OUTBOX],
        ),
        Panel(
            "Held",
            "Events that the broker refused; their subjects' later ones wait behind them.",
            [Query(HELD, "{{service}}")],
            "none",
            bounds=Bounds(0, unit="events"),
            links=[OUTBOX],
        ),
        Panel(
            "Relayed by service",
            "Events confirmed by the broker and moved to the log.",
            [Query(rate("lianxin_relayed_events_total", "service"), "{{service}}")],
            "ops",
        ),
        Panel(
            "Relayed by type",
            "The ten types of events that are published most.",
            [Query(f"topk(10, {rate('lianxin_relayed_events_total', 'service, type')})", "{{service}} {{type}}")],
            "ops",
        ),
        Panel(
            "One relay batch",
            "From claiming up to 500 rows to the commit after the broker's confirms.",
            [
                Query(quantile(0.5, "lianxin_relay_seconds", "service"), "{{service}} half within"),
                Query(quantile(0.99, "lianxin_relay_seconds", "service"), "{{service}} 99% within"),
            ],
            "s",
            bounds=Bounds(1, unit="s"),
        ),
    ],
)

IN = Row(
    "Events in",
    [
        Panel(
            "Inbox lag",
            "From sending a probe to the commit of everything before it; no line while no probe comes back.",
            [Query(LAG, "{{service}}")],
            "s",
            bounds=TEN,
            links=[INBOX],
        ),
        Panel(
            "Handled by outcome",
            "applied: folded and committed; known: a repeat, dropped; aside: failed, tried again on its own.",
            [Query(rate("lianxin_events_total", "service, outcome"), "{{service}} {{outcome}}")],
            "ops",
            links=[ASIDE],
        ),
        Panel(
            "Handled by type",
            "The ten types of events that are read most.",
            [Query(f"topk(10, {rate('lianxin_events_total', 'service, type')})", "{{service}} {{type}}")],
            "ops",
            links=[dashboard("services", "Services")],
        ),
        Panel(
            "Events in a batch",
            "One batch is one commit. More than a few means that much arrives at once.",
            [
                Query(mean("lianxin_batch_events", "service"), "{{service}} mean"),
                Query(quantile(0.99, "lianxin_batch_events", "service"), "{{service}} 99% within"),
            ],
            "none",
        ),
        Panel(
            "One batch",
            "From the first event in hand to the acknowledgement.",
            [
                Query(quantile(0.5, "lianxin_batch_seconds", "service"), "{{service}} half within"),
                Query(quantile(0.99, "lianxin_batch_seconds", "service"), "{{service}} 99% within"),
            ],
            "s",
            bounds=Bounds(1, unit="s"),
        ),
        Panel(
            "Event loop blocked",
            "How late a worker's loop woke up, the worst of the last half minute; all in that process waited as long.",
            [Query(f"max by (service, instance) ({of('lianxin_hub_lag_seconds')})", "{{service}} {{instance}}")],
            "s",
            bounds=Bounds(0.5, 5, "s"),
        ),
    ],
)

FAILED = Row(
    "What failed on the way",
    [
        Panel(
            "Put aside",
            "Events that failed and wait for their next try, with the later ones of their subject.",
            [Query(read("lianxin_aside_rows", "service", 'state="waiting"'), "{{service}}")],
            "none",
            bounds=Bounds(0, 10_000, "events"),
            links=[ASIDE],
        ),
        Panel(
            "Parked",
            "Events that failed until the last try: `aside list`, then `aside replay` or `aside skip`.",
            [Query(PARKED, "{{service}}")],
            "none",
            bounds=Bounds(0, 0, "events"),
            links=[ASIDE],
        ),
        Panel(
            "Loop turns that failed",
            "Turns of background loops that ended in an exception, a minute, where there were any; each is in the log.",
            [Query(per_minute("lianxin_loop_failures_total", "service, loop"), "{{service}} {{loop}}")],
            "none",
            bounds=Bounds(0, unit="a minute"),
            links=[runbook("database-away")],
        ),
    ],
)

BROKER = Row(
    "The broker between (more on the published RabbitMQ dashboards)",
    [
        Panel(
            "Ready",
            "Events in each inbox queue that nobody has taken yet.",
            [_queues("messages_ready")],
            "none",
            bounds=Bounds(1_000, 20_000, "events"),
            links=[INBOX, *UPSTREAM],
        ),
        Panel(
            "In hand",
            "Events delivered and not yet acknowledged: the batch in work and what was fetched ahead.",
            [_queues("messages_unacked")],
            "none",
            links=[INBOX],
        ),
        Panel(
            "Readers",
            "Consumers of each inbox queue; the first is active, the others stand by. 0: nobody reads.",
            [_queues("consumers")],
            "none",
            Shape.LINES,
            links=[INBOX],
        ),
    ],
)

BOARD = Board(
    "messaging",
    "Lianxin: Messaging",
    "Events from the outbox through RabbitMQ to whoever reads them: nothing lost, nothing twice, nothing late.",
    [WELL, OUT, IN, FAILED, BROKER],
    links=UPSTREAM,
)
