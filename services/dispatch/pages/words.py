"""What officers read for the names in the code (docs/glossary.md)."""

from collections.abc import Mapping
from typing import Any

from services.dispatch.domain.case import Case
from services.dispatch.domain.handing_back import REASONS as REASONS
from services.dispatch.domain.work import KINDS as WORK
from services.dispatch.store import Work
from services.limits import hours

STATES = {
    "waiting": "待分拨",
    "dispatched": "已分拨，待签收",
    "acknowledged": "已签收，待联系",
    "handling": "办理中",
    "replied": "已答复，待审核",
    "closed": "已办结",
    "handed_back": "已退件，待裁决",
    "withdrawn": "诉求人已撤回",
    "merged": "已并入另一件",
}
KINDS = {
    "inquiry": "咨询",
    "help": "求助",
    "complaint": "投诉",
    "report": "举报",
    "suggestion": "建议",
    "praise": "表扬",
}
CHANNELS = {
    "mailbox": "书记/主任信箱",
    "hotline": "12345 热线",
    "night_talk": "心安夜话",
    "walk_in": "来访",
    "open311": "城市平台",
    "import": "历史导入",
}
CLOCKS = {
    "accept": "受理",
    "dispatch": "分拨",
    "acknowledge": "签收",
    "contact": "联系",
    "close": "办结",
    "ruling": "裁决",
    "review": "审核",
}
COMPLEXITIES = {
    "simple": f"简单（{hours('close-simple')} 小时办结）",
    "complex": f"复杂（{hours('close-complex')} 小时办结）",
}
MEANS = {"telephone": "电话", "sms": "短信", "visit": "当面"}
OUTCOMES = {"solved": "已解决", "explained": "已解释说明"}
STEPS = {
    "case.triaged": "研判",
    "case.dispatched": "分拨",
    "case.acknowledged": "签收",
    "case.contacted": "先行联系",
    "case.handed_back": "退件",
    "case.replied": "答复",
    "case.sent_back": "退回重办",
    "case.closed": "办结",
    "case.reopened": "重办",
    "case.withdrawn": "撤回",
    "case.merged": "合并",
    "handler": "指定经办人",
    "work": "办理记录",
}
NEAR = {"same_telephone": "同一手机号码", "same_place": "同一地点，内容相近"}
GRADES = {
    "very_satisfied": "非常满意",
    "satisfied": "满意",
    "fairly_satisfied": "基本满意",
    "dissatisfied": "不满意",
    "very_dissatisfied": "非常不满意",
}
DISPATCHED_BY = {"rule": "系统按规则分拨", "centre": "诉求中心分拨", "import": "导入前已分拨", "ruling": "裁决后分拨"}
# Every form of a case in the order of the page, and the command it gives.
FORMS = {
    "ruling": "ruling",
    "dispatch": "dispatch",
    "acknowledge": "acknowledge",
    "contact": "contact",
    "reply": "reply",
    "close": "review",
    "send_back": "review",
    "work": "work",
    "handler": "handler",
    "hand_back": "hand_back",
    "merge": "merge",
}
SENTENCES = (
    "您好，您反映的问题我们已到现场查看。",
    "经核实，情况属实，已当场处理完毕。",
    "我们已要求责任方整改，并会继续跟进。",
    "您反映的事项不在街道职责范围内，已为您联系主管部门，联系方式如下：",
    "感谢您的来信，如还有问题，请拨打承办单位电话或在原信中补充。",
)
AWAITED = {
    "waiting": "等待诉求中心分拨。",
    "dispatched": "等待主办单位签收。",
    "acknowledged": "等待主办单位联系诉求人。",
    "handling": "主办单位正在办理。",
    "replied": "等待诉求中心审核答复。",
    "closed": "这件已经办结，不用再办。",
    "handed_back": "等待诉求中心裁决退件。",
    "withdrawn": "诉求人已撤回，不用再办。",
    "merged": "这件已并入另一件，随那一件一起办理。",
}
# What the work log says in names of the code, with its label.
NAMED: tuple[tuple[str, str, Mapping[str, str]], ...] = (
    ("dispatched_by", "方式", DISPATCHED_BY),
    ("means", "联系方式", MEANS),
    ("reason_code", "理由", REASONS),
    ("outcome", "办理结果", OUTCOMES),
    ("grade", "评价", GRADES),
    ("into", "并入", {}),
    ("handler", "经办人", {}),
    ("kind", "记录", WORK),
)
WHO = {"rule": "系统", "import": "导入"}


def step(type_: str) -> str:
    """The step an event of the work log tells of."""
    return STEPS.get(type_, type_)


def who(subject: str) -> str:
    """Who made a step: the system by its rule, or the officer's account."""
    return WHO.get(subject, subject)


def awaited(case: Case) -> str:
    """Whose turn it is."""
    return AWAITED[case.state]


def said(line: Work) -> list[str]:
    """What was said at a step, as sentences."""
    says: Mapping[str, Any] = line.says
    found = [f"{label}：{names.get(says[name], says[name])}" for name, label, names in NAMED if says.get(name)]
    if says.get("forced"):
        found.append("退件未被同意，由原单位办理，不能再退。")
    if says.get("media"):
        found.append(f"附 {len(says['media'])} 个照片或视频。")
    return found + [str(says[name]) for name in ("rule", "process", "text", "reason", "comment") if says.get(name)]
