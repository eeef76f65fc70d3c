"""From a board to Grafana's JSON, with the Grafana Foundation SDK."""

import json
from collections.abc import Sequence
from typing import Any

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as model

from deploy.grafana import visuals
from deploy.grafana.board import COLUMNS, Board, Row, Variable
from deploy.grafana.visuals import ACT, SOURCE

TAG = "lianxin"


def text(board: Board) -> str:
    """The dashboard as it is committed: the same for the same board."""
    return json.dumps(_content(board), ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def _content(board: Board) -> dict[str, Any]:
    made = (
        build.Dashboard(board.title)
        .uid(board.uid)
        .description(board.about)
        .tags([TAG])
        .readonly()
        .refresh("30s")
        .time("now-3h", "now")
        .timezone("browser")
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .annotation(_alerts())
    )
    for variable in _variables(board.variables):
        made.with_variable(variable)
    made.link(build.DashboardLink("Lianxin").type(model.DashboardLinkType.DASHBOARDS).tags([TAG]).keep_time(True))
    for link in board.links:
        made.link(visuals.link(link))
    _place(made, board.rows)
    content: dict[str, Any] = json.loads(json.dumps(made.build(), cls=JSONEncoder))
    # The SDK has no words for these three; without them a mark on the panels does not say which alert it is.
    content["annotations"]["list"][0] |= {
        "titleFormat": "{{alertname}}",
        "textFormat": "{{severity}} {{service}}",
        "tagKeys": "severity",
    }
    return content


def _alerts() -> build.AnnotationQuery:
    alerts = 'ALERTS{alertstate="firing",severity=~"page|ticket"}'
    return build.AnnotationQuery().name("Alerts").datasource(SOURCE).enable(True).icon_color(ACT).expr(alerts)


def _variables(more: Sequence[Variable]) -> list[Any]:
    source = build.DatasourceVariable("datasource").label("data source").type("prometheus")
    source.description("The Prometheus that is asked.").current(
        model.VariableOption(text="Prometheus", value="prometheus")
    )
    namespace = Variable("namespace", "namespace", "lianxin_build_info", "The namespaces; all where there are none.")
    return [source, *(_choice(each) for each in (namespace, *more))]


def _choice(variable: Variable) -> build.QueryVariable:
    return (
        build.QueryVariable(variable.name)
        .label(variable.name)
        .description(variable.about)
        .datasource(SOURCE)
        .query(f"label_values({variable.metric}, {variable.label})")
        .refresh(model.VariableRefresh.ON_DASHBOARD_LOAD)
        .sort(model.VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".*")
        .current(model.VariableOption(selected=True, text="All", value="$__all"))
    )


def _place(made: build.Dashboard, rows: Sequence[Row]) -> None:
    y, number = 0, 0
    for row in rows:
        number += 1
        made.with_row(build.Row(row.title).id(number).grid_pos(model.GridPos(h=1, w=COLUMNS, x=0, y=y)))
        y, x, height = y + 1, 0, 0
        for panel in row.panels:
            if x + panel.width > COLUMNS:
                y, x, height = y + height, 0, 0
            number += 1
            position = model.GridPos(h=panel.height, w=panel.width, x=x, y=y)
            made.with_panel(visuals.panel(panel).id(number).grid_pos(position))
            x, height = x + panel.width, max(height, panel.height)
        y += height
