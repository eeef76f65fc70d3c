"""How each shape of panel looks in Grafana: what its builder is told."""

from collections.abc import Callable

from grafana_foundation_sdk.builders import bargauge, common, prometheus, stat, table, timeseries
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models import common as look
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from deploy.grafana.board import Bounds, Link, Panel, Query, Shape

SOURCE = model.DataSourceRef(type_val="prometheus", uid="${datasource}")
OK, LOOK, ACT = "green", "yellow", "red"
NO_SIGNAL = "no signal"
Visual = timeseries.Panel | stat.Panel | bargauge.Panel | table.Panel


def panel(panel: Panel) -> Visual:
    """One panel, not yet placed."""
    visual = _SHAPES[panel.shape](panel)
    visual.title(panel.title).description(panel.description).datasource(SOURCE).unit(panel.unit)
    visual.links([link(each) for each in panel.links]).color_scheme(build.FieldColor().mode(_colours(panel.shape)))
    if panel.decimals is not None:
        visual.decimals(panel.decimals)
    if panel.shape is not Shape.VERDICT:
        visual.thresholds(_thresholds(panel.bounds))
    for letter, query in zip("ABCDEFGH", panel.queries, strict=False):
        visual.with_target(_target(query, letter, panel.shape))
    return visual


def _target(query: Query, letter: str, shape: Shape) -> prometheus.Dataquery:
    target = prometheus.Dataquery().expr(query.expr).legend_format(query.legend).ref_id(letter).datasource(SOURCE)
    if shape in (Shape.LINES, Shape.BARS):
        target.range()
    else:  # what is not there now must not be shown as it last was
        target.instant()
    return target.format(PromQueryFormat.TABLE) if shape is Shape.TABLE else target


def _colours(shape: Shape) -> model.FieldColorModeId:
    over_time = shape in (Shape.LINES, Shape.BARS)
    return model.FieldColorModeId.PALETTE_CLASSIC if over_time else model.FieldColorModeId.THRESHOLDS


def _lines(panel: Panel) -> timeseries.Panel:
    columns = ["lastNotNull", "max"]
    legend = common.VizLegendOptions().show_legend(True).calcs(columns).placement(look.LegendPlacement.BOTTOM)
    tooltip = common.VizTooltipOptions().mode(look.TooltipDisplayMode.MULTI).sort(look.SortOrder.DESCENDING)
    visual = timeseries.Panel().legend(legend.display_mode(look.LegendDisplayMode.TABLE)).tooltip(tooltip).min(0)
    visual.fill_opacity(10).show_points(look.VisibilityMode.NEVER)
    if panel.bounds:
        visual.thresholds_style(common.GraphThresholdsStyleConfig().mode(look.GraphThresholdsStyleMode.DASHED))
    return visual


def _bars(panel: Panel) -> timeseries.Panel:
    stacked = common.StackingConfig().mode(look.StackingMode.NORMAL).group("A")
    return _lines(panel).fill_opacity(50).line_width(0).stacking(stacked)


def _ranking(panel: Panel) -> bargauge.Panel:
    visual = bargauge.Panel().orientation(look.VizOrientation.HORIZONTAL).display_mode(look.BarGaugeDisplayMode.BASIC)
    return visual.min(0).reduce_options(_last()).name_placement(look.BarGaugeNamePlacement.LEFT)


def _table(panel: Panel) -> table.Panel:
    return table.Panel().with_transformation(
        model.DataTransformerConfig(id_val="organize", options={"excludeByName": {"Time": True, "Value": True}})
    )


def _number(panel: Panel) -> stat.Panel:
    visual = stat.Panel().reduce_options(_last()).graph_mode(look.BigValueGraphMode.NONE).no_value(NO_SIGNAL)
    colour = look.BigValueColorMode.VALUE if panel.bounds else look.BigValueColorMode.NONE
    return visual.color_mode(colour).text_mode(look.BigValueTextMode.VALUE_AND_NAME)


def _verdict(panel: Panel) -> stat.Panel:
    words = [("0", "ok", OK), ("1", "look", LOOK), ("2", "act", ACT)]
    said = {value: model.ValueMappingResult(text=word, color=colour) for value, word, colour in words}
    absent = model.ValueMappingResult(text=NO_SIGNAL, color="purple")
    nothing = model.DashboardSpecialValueMapOptions(match=model.SpecialValueMatch.NULL_AND_NAN, result=absent)
    visual = stat.Panel().reduce_options(_last()).graph_mode(look.BigValueGraphMode.NONE).no_value(NO_SIGNAL)
    visual.mappings([model.ValueMap(options=said), model.SpecialValueMap(options=nothing)])
    return visual.color_mode(look.BigValueColorMode.BACKGROUND).text_mode(look.BigValueTextMode.VALUE_AND_NAME)


def _last() -> common.ReduceDataOptions:
    return common.ReduceDataOptions().calcs(["lastNotNull"]).values(False)


def _thresholds(bounds: Bounds | None) -> build.ThresholdsConfig:
    steps = [model.Threshold(value=None, color=OK)]
    if bounds and bounds.look != bounds.act:
        steps.append(model.Threshold(value=_above(bounds.look), color=LOOK))
    if bounds and bounds.act is not None:
        steps.append(model.Threshold(value=_above(bounds.act), color=ACT))
    return build.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(steps)


def _above(bound: float) -> float:
    # Grafana colours from a step's value on; what is meant is above it.
    return bound or 1e-9


def link(link: Link) -> build.DashboardLink:
    """One of our dashboards keeps the time and the choices; anything else opens beside."""
    ours = link.url.startswith("/d/")
    made = build.DashboardLink(link.title).type(model.DashboardLinkType.LINK).url(link.url).keep_time(ours)
    return made.include_vars(ours).target_blank(not ours)


_SHAPES: dict[Shape, Callable[[Panel], Visual]] = {
    Shape.LINES: _lines,
    Shape.BARS: _bars,
    Shape.RANKING: _ranking,
    Shape.TABLE: _table,
    Shape.NUMBER: _number,
    Shape.VERDICT: _verdict,
}
