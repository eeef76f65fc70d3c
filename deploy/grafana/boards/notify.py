"""Notify: does everybody hear what they must, what the gateway does, what it costs, and the letters on paper."""

from deploy.grafana.board import Board, Bounds, Panel, Query, Row, Shape, dashboard, runbook, verdict
from deploy.grafana.promql import per_minute, quantile, rate, read, within

UNSENT = runbook("messages-unsent")
UNCERTAIN = runbook("held-messages")
UNPRINTED = runbook("letters-unprinted")
OLDEST = read("lianxin_notify_messages_oldest_seconds", "service")
HELD = read("lianxin_notify_messages_waiting", "state", 'state="held"')
SIGNED = read("lianxin_notify_letters_open", "state", 'state="signed"')
SMS = "lianxin_notify_sms_total"
LATE = Bounds(60, 600, "s")
SENT = 'fate="sent"'
SENT_SHARE = f"{rate(SMS, 'gateway', SENT)} / {rate(SMS, 'gateway')}"

WELL = Row(
    "Does everybody hear what they must?",
    [
        verdict("Unsent messages", "Age of the oldest message that is due.", OLDEST, LATE, [UNSENT], "unsent", width=6),
        verdict(
            "Held messages",
            "Messages of unknown fate: whether they were sent, only a person can find out.",
            HELD,
            Bounds(0, 0, "messages"),
            [UNCERTAIN],
            "held",
            width=6,
        ),
        verdict(
            "Letters without paper",
            "Letters that are signed and not yet printed; more than a few at once are too many.",
            SIGNED,
            Bounds(3, 10, "letters"),
            [UNPRINTED],
            "signed",
            width=6,
        ),
        Panel(
            "For a leader",
            "Warning letters that wait for a leader's signature.",
            [Query(read("lianxin_notify_letters_open", "state", 'state="proposed"'), "proposed")],
            "none",
            Shape.NUMBER,
            6,
            decimals=0,
        ),
    ],
)

WAITING = Row(
    "What waits?",
    [
        Panel(
            "Messages by state",
            "pending: waiting for its moment; claimed: at the gateway; held: of unknown fate.",
            [Query(read("lianxin_notify_messages_waiting", "state"), "{{state}}")],
            "none",
            links=[UNSENT, UNCERTAIN],
        ),
        Panel(
            "Oldest due",
            "Age of the oldest message that is due; 0 when none is.",
            [Query(OLDEST, "oldest due")],
            "s",
            bounds=LATE,
            links=[UNSENT],
        ),
        Panel(
            "Messages by outcome",
            "Messages that reached an end, or went to a person, a minute. skipped: too late to be of use.",
            [Query(per_minute("lianxin_notify_messages_total", "outcome"), "{{outcome}}")],
            "none",
        ),
    ],
)

GATEWAY = Row(
    "What does the gateway do?",
    [
        Panel(
            "SMS by answer",
            "SMS handed to the gateway a minute, by its answer.",
            [Query(per_minute(SMS, "gateway, fate"), "{{gateway}} {{fate}}")],
            "none",
            Shape.BARS,
            links=[UNSENT],
        ),
        Panel(
            "Share that was taken",
            "The share of the SMS that the gateway took at once; the others are tried again, or held.",
            [Query(SENT_SHARE, "{{gateway}}")],
            "percentunit",
            links=[UNSENT, UNCERTAIN],
        ),
        Panel(
            "One batch",
            "One batch at the gateway, from the call to the last answer, half and 99 of 100 within.",
            [
                Query(quantile(0.5, "lianxin_notify_gateway_seconds", ""), "half within"),
                Query(quantile(0.99, "lianxin_notify_gateway_seconds", ""), "99% within"),
            ],
            "s",
            bounds=Bounds(5, unit="s"),
        ),
    ],
)

TOLD = Row(
    "What is said, and what does it cost?",
    [
        Panel(
            "Messages by template",
            "Messages sent in the last hour at every moment, by what they say.",
            [Query(within("1h", "lianxin_notify_messages_total", "template", 'outcome="sent"'), "{{template}}")],
            "none",
            Shape.BARS,
            12,
        ),
        Panel(
            "Billed parts",
            "Billed parts of the SMS of the last 24 hours at every moment, by whom they went to.",
            [Query(within("24h", "lianxin_notify_sms_parts_total", "audience"), "{{audience}}")],
            "none",
            width=12,
        ),
    ],
)

CONTACTS = Row(
    "Does intake give the telephones?",
    [
        Panel(
            "Questions by outcome",
            "Questions to intake for residents' telephones. silent: no answer in time, the messages wait.",
            [Query(rate("lianxin_notify_contacts_total", "outcome"), "{{outcome}}")],
            "ops",
            width=12,
            links=[UNSENT],
        ),
        Panel(
            "One question",
            "From asking to the answer opened, half and 99 of 100 within.",
            [
                Query(quantile(0.5, "lianxin_notify_contacts_seconds", "outcome"), "{{outcome}} half within"),
                Query(quantile(0.99, "lianxin_notify_contacts_seconds", "outcome"), "{{outcome}} 99% within"),
            ],
            "s",
            width=12,
            bounds=Bounds(1, unit="s"),
            links=[dashboard("services", "Services")],
        ),
    ],
)

LETTERS = Row(
    "Warning letters",
    [
        Panel(
            "Open by state",
            "proposed: waits for a leader; signed: waits for the printer; issued: waits for the unit.",
            [Query(read("lianxin_notify_letters_open", "state"), "{{state}}")],
            "none",
            links=[UNPRINTED],
        ),
        Panel(
            "Reached a state",
            "Letters that reached a state in the last 24 hours at every moment.",
            [Query(within("24h", "lianxin_notify_letters_total", "state"), "{{state}}")],
            "none",
            Shape.BARS,
            links=[dashboard("cases", "Cases")],
        ),
        Panel(
            "Printing",
            "One print run in the child process, half and 99 of 100 within.",
            [
                Query(quantile(0.5, "lianxin_notify_print_seconds", ""), "half within"),
                Query(quantile(0.99, "lianxin_notify_print_seconds", ""), "99% within"),
            ],
            "s",
            bounds=Bounds(30, unit="s"),
            links=[UNPRINTED],
        ),
    ],
)

BOARD = Board(
    "notify",
    "Lianxin: Notify",
    "Short messages and warning letters: who was told, through which gateway, what waits and what is uncertain.",
    [WELL, WAITING, GATEWAY, TOLD, CONTACTS, LETTERS],
)
