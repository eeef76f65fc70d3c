"""Services, what is watched of single ones: logins, identities read, photos and videos."""

from deploy.grafana.board import Bounds, Panel, Query, Row, runbook
from deploy.grafana.promql import quantile, read, within

WATCHED = Row(
    "What is watched besides",
    [
        Panel(
            "Logins",
            "Officers' logins in the last hour: in, refused, and accounts locked.",
            [Query(within("1h", "lianxin_dispatch_logins_total", "result"), "{{result}}")],
            "none",
            links=[runbook("locked-out-officer")],
        ),
        Panel(
            "Identities given out",
            "Names and telephones of residents that were read in the last hour, by purpose; the access log has each.",
            [Query(within("1h", "lianxin_intake_identities_read_total", "purpose"), "{{purpose}}")],
            "none",
        ),
        Panel(
            "Files",
            "Photos and videos in the last hour by what became of them.",
            [Query(within("1h", "lianxin_intake_uploads_total", "kind, outcome"), "{{kind}} {{outcome}}")],
            "none",
            links=[runbook("media-stuck")],
        ),
        Panel(
            "Oldest file waiting",
            "Age of the oldest photo or video that waits for the darkroom.",
            [Query(read("lianxin_intake_media_oldest_seconds", "kind"), "{{kind}}")],
            "s",
            width=12,
            bounds=Bounds(300, 1_800, "s"),
            links=[runbook("media-stuck")],
        ),
        Panel(
            "Developing one file",
            "From its claim by the darkroom to its record, half and 99 of 100 within.",
            [
                Query(quantile(0.5, "lianxin_intake_media_seconds", "kind"), "{{kind}} half within"),
                Query(quantile(0.99, "lianxin_intake_media_seconds", "kind"), "{{kind}} 99% within"),
            ],
            "s",
            width=12,
        ),
    ],
)
