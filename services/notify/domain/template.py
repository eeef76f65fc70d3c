"""The Chinese texts of the SMS, and how long each is worth sending (design rule 9, domain.md C3).

A message stores the name and the parameters of its template; the text exists only while it is being sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.limits import hours
from services.notify.domain import local_time

RESIDENT = "resident"
UNIT = "unit"
NUMBERS_SHOWN = 5
"""A gathered SMS names this many cases; of the rest only the count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One kind of message.

    `useful_for` counts from the event's time; None means until superseded. `superseded_by` names the conditions in
    `message.CONDITIONS` that make it untrue. `heading` opens texts to staff and groups them when gathered.
    `text_by_risk` is the wording for a mark that no time limit caused.
    """

    name: str
    audience: str
    text: str
    useful_for: timedelta | None
    superseded_by: tuple[str, ...] = ()
    heading: str = ""
    text_by_risk: str = ""


_ALL = (
    Template(
        name="received",
        audience=RESIDENT,
        text="您的诉求已收到,编号{number},查询码{query_code}。我们将在"
        f"{hours('accept')}小时内受理,请勿向他人透露查询码。",
        useful_for=timedelta(hours=1),
        superseded_by=("withdrawn",),
    ),
    Template(
        name="promised",
        audience=RESIDENT,
        text="编号{number}已受理,由{unit_name}承办,预计{promised}前办结,联系电话{telephone}。",
        useful_for=timedelta(hours=4),
        superseded_by=("closed", "withdrawn"),
    ),
    Template(
        name="reopened",
        audience=RESIDENT,
        text="编号{number}已重新办理,由{unit_name}承办,预计{promised}前办结,电话{telephone}。",
        useful_for=timedelta(hours=24),
        superseded_by=("closed", "withdrawn"),
    ),
    Template(
        name="closed",
        audience=RESIDENT,
        text="编号{number}已办结。请回复1满意2基本满意3不满意,或扫原二维码查看结果。",
        useful_for=timedelta(hours=72),
        superseded_by=("reopened", "withdrawn"),
    ),
    Template(
        name="withdrawn",
        audience=RESIDENT,
        text="编号{number}已按您的要求撤回,不再办理。如需再次反映,请重新来信。",
        useful_for=timedelta(hours=24),
    ),
    Template(
        name="letter",
        audience=UNIT,
        heading="警示函",
        text="警示函:编号{number}超时未办结,{letter_number}已送达,请登录签收并按期反馈。",
        useful_for=timedelta(hours=72),
        superseded_by=("letter_answered",),
    ),
    Template(
        name="red",
        audience=UNIT,
        heading="警报",
        text="警报:编号{number}已超{limit}时限,请立即办理并报告。",
        text_by_risk="警报:编号{number}可能涉及紧急情况,请立即核实处置。",
        useful_for=timedelta(hours=24),
        superseded_by=("closed", "retracted", "stopped"),
    ),
    Template(
        name="yellow",
        audience=UNIT,
        heading="预警",
        text="预警:编号{number}距{limit}时限剩{left},请立即办理。",
        text_by_risk="预警:编号{number}为重点关注诉求,请立即开展隐患排查。",
        useful_for=None,
        superseded_by=("marked_otherwise", "closed"),
    ),
)
TEMPLATES: Mapping[str, Template] = {template.name: template for template in _ALL}
_URGENCY = tuple(template.name for template in _ALL)
LIMITS: Mapping[str, str] = {"accept": "受理", "dispatch": "派发", "contact": "联系", "close": "办结"}


def signed(signature: str, text: str) -> str:
    """`text` after the signature that is registered with the carriers: 【新安街道办】…"""
    return f"【{signature}】{text}"


def render(name: str, number: str, params: Mapping[str, str], now: datetime) -> str:
    """The text, without signature, of one message about case `number`.

    `params` holds what the template prints; `due` (ISO 8601) is printed as the promised hour or the time left.
    Raises KeyError if a parameter is missing.
    """
    template = TEMPLATES[name]
    by_risk = bool(template.text_by_risk) and "limit" not in params
    words = dict(params, number=number)
    if "due" in params:
        due = datetime.fromisoformat(params["due"])
        words |= {"promised": local_time.promised_hour(due), "left": local_time.time_left(due - now)}
    return (template.text_by_risk if by_risk else template.text).format_map(words)


def gathered(about: Sequence[tuple[str, str]]) -> str:
    """One text for several messages, each a (template name, case number): the most urgent first, five numbers at most.

    `警报:编号A、B;预警:编号C、D、E等8件,请立即办理。`
    """
    ranked = sorted(set(about), key=lambda pair: (_URGENCY.index(pair[0]), pair[1]))
    first_about = {number: name for name, number in reversed(ranked)}
    shown = [pair for pair in ranked if first_about[pair[1]] == pair[0]][:NUMBERS_SHOWN]
    groups = [
        TEMPLATES[name].heading + ":编号" + "、".join(number for each, number in shown if each == name)
        for name in _URGENCY
        if any(each == name for each, _ in shown)
    ]
    total = len(first_about)
    return ";".join(groups) + (f"等{total}件" if total > len(shown) else f"共{total}件") + ",请立即办理。"
