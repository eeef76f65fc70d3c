"""Services, rate, errors and duration: of front doors, of event handlers, of questions between services."""

from deploy.grafana.board import Bounds, Panel, Query, Row, dashboard, runbook
from deploy.grafana.boards.chosen import AWAY, SERVICE
from deploy.grafana.promql import quantile, rate

REQUESTS = "lianxin_http_requests_total"
SECONDS = "lianxin_http_request_seconds"
ANSWERED = 'status!~"5.."'
REFUSED = 'status=~"[45].."'
REQUESTED = rate(REQUESTS, "service", SERVICE)
FAILED = f"1 - {rate(REQUESTS, 'service', SERVICE, ANSWERED)} / {REQUESTED}"
SLOW = Bounds(0.5, unit="s")


DOORS = Row(
    "Front doors: rate, errors, duration",
    [
        Panel(
            "Requests by endpoint",
            "Requests answered, by service and endpoint.",
            [Query(rate(REQUESTS, "service, endpoint", SERVICE), "{{service}} {{endpoint}}")],
            "reqps",
        ),
        Panel(
            "Refused and failed",
            "Answers of class 4xx (refused: a wrong code, a limit reached, an illegal step) and 5xx (failed).",
            [
                Query(
                    f"{rate(REQUESTS, 'service, status', SERVICE, REFUSED)} or 0 * {REQUESTED}",
                    "{{service}} {{status}}",
                )
            ],
            "reqps",
            links=[AWAY],
        ),
        Panel(
            "Duration by endpoint",
            "From the request read to the answer ready, 99 of 100 within; uploads of videos are the slow ones.",
            [Query(quantile(0.99, SECONDS, "service, endpoint", SERVICE), "{{service}} {{endpoint}}")],
            "s",
            bounds=SLOW,
        ),
        Panel(
            "Share that failed",
            "The share of requests answered with a 5xx.",
            [Query(FAILED, "{{service}}")],
            "percentunit",
            width=12,
            bounds=Bounds(0.001, 0.01),
            links=[AWAY],
        ),
        Panel(
            "Duration of all",
            "From the request read to the answer ready, half and 99 of 100 within.",
            [
                Query(quantile(0.5, SECONDS, "service", SERVICE), "{{service}} half within"),
                Query(quantile(0.99, SECONDS, "service", SERVICE), "{{service}} 99% within"),
            ],
            "s",
            width=12,
            bounds=SLOW,
        ),
    ],
)

HANDLERS = Row(
    "Event handlers: rate, errors, duration",
    [
        Panel(
            "Events by type",
            "Events taken from the inbox.",
            [Query(rate("lianxin_events_total", "service, type", SERVICE), "{{service}} {{type}}")],
            "ops",
            links=[dashboard("messaging", "Messaging")],
        ),
        Panel(
            "Events by outcome",
            "applied: folded and committed; known: a repeat, dropped; aside: failed, tried again on its own.",
            [Query(rate("lianxin_events_total", "service, outcome", SERVICE), "{{service}} {{outcome}}")],
            "ops",
            links=[runbook("events-aside")],
        ),
        Panel(
            "Folding one event",
            "One event folded into its case in memory, 99 of 100 within.",
            [Query(quantile(0.99, "lianxin_event_seconds", "service, type", SERVICE), "{{service}} {{type}}")],
            "s",
        ),
    ],
)

QUESTIONS = Row(
    "Questions between services: rate, errors, duration",
    [
        Panel(
            "Questions by outcome",
            "Questions by RPC that were answered, refused or failed.",
            [
                Query(
                    rate("lianxin_rpc_seconds_count", "service, method, outcome"), "{{service}} {{method}} {{outcome}}"
                )
            ],
            "ops",
            width=12,
        ),
        Panel(
            "Answering one question",
            "From its arrival to the answer made, half and 99 of 100 within.",
            [
                Query(quantile(0.5, "lianxin_rpc_seconds", "service, method"), "{{service}} {{method}} half within"),
                Query(quantile(0.99, "lianxin_rpc_seconds", "service, method"), "{{service}} {{method}} 99% within"),
            ],
            "s",
            width=12,
            bounds=Bounds(1, 5, "s"),
        ),
    ],
)
