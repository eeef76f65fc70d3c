"""Whom a letter complains about (回避, design 4.12): a unit, an official or staff as its object makes it restricted.

Asking a unit for help is no complaint about it: 请城管部门处理 is ordinary, 城管队员收钱不办事 is restricted.
Being unsure costs little: a restricted case goes to the centre's queue instead of being dispatched by the rule.
"""

import re
from functools import lru_cache

from services.dispatch.domain.case import Letter
from services.dispatch.domain.organisation import Organisation
from services.dispatch.domain.visibility import LEADERS

# Staff in public office. Shop assistants and property guards are an ordinary matter of some unit.
PUBLIC = (
    "城管|综治|安监|应急|市监|市场监管|工商|税务|派出所|公安|街道办?|办事处|党工委|社区|居委会?|村委会?|村支部|村|工作站|"
    "政府|执法队?|国土|规土|规划|住建|环保|教育局|劳动|人社|社保局?|信访局?|民政|窗口|政务|行政|机关|科办|局|(?:诉求|服务)中心"
)
POST = (
    "工作人员|执法人员|办事人员|经办人员?|队员|队长|书记|副?主任|副?站长|副?科长|副?所长|副?局长|副?镇长|副?村长|组长|干部|"
    "领导|协管员?|网格员|专干|负责人|办事员"
)
PERSON = (
    "城管队员|城管执法|协管员|网格员|执法人员|执法队员|办案人员|民警|辅警|交警|警察|"
    "村官|村长|村支书|支书|村干部|公务员|官员|党员干部"
)
STAFF = f"(?:(?:{PUBLIC})(?:的|里|部门|个别|某些|有些|某|这个|一名|部分|党委|党支部|党总支){{0,2}}(?:{POST})|{PERSON})"
UNIT = (
    "(?:城管(?:部门|执法局|大队|中队|局|办)?|社区(?:工作站|居委会)?|居委会?|村委会?|工作站|街道(?:办事处|办)?|办事处|派出所|"
    "[\u4e00-\u9fff]{0,4}(?:局|住建委|办公室|科办|大队|中队|支队|镇政府|区政府|县政府)|诉求中心)"
)  # 相关部门不作为 names nobody, so there is nobody to hide it from

NEGLECT = (
    "不作为|乱作为|慢作为|推诿|推卸责任|推脱|踢皮球|敷衍|包庇|袒护|渎职|失职|滥用职权|徇私|腐败|贪腐|保护伞|勾结|不办事|刁难|懒政|"
    "乱收费|乱罚款|弄虚作假|玩忽职守|暗箱操作|(?:暴力|野蛮|粗暴|违法|选择性|钓鱼|不文明)执法|官官相护|互相推|相互推|吃拿卡要|权钱交易"
)
ATTITUDE = (
    "态度(?:的|十分|非常|极其|极度|极为|特别|很|极|太|相当|及其|也|都){0,2}"
    "(?:恶劣|差|蛮横|傲慢|嚣张|不好|生硬|冷漠|粗暴)"
)
MISCONDUCT = (
    "收(?:了|受)?(?:钱|红包|好处|黑钱|保护费|贿)|受贿|索贿|行贿|贿赂|以权谋私|谋取私利|贪污|侵吞|挪用|中饱私囊|优亲厚友|"
    "打人|殴打|动手打|骂人|辱骂|恐吓|威胁|欺压|欺负|走后门|作风(?:恶劣|问题|差)|违纪|弄虚做假|推搡|爱理不理"
)
CONDUCT = f"{NEGLECT}|{ATTITUDE}|{MISCONDUCT}"
ACCUSED = "投诉|举报|控告|检举|揭发"
HINT = re.compile(f"{CONDUCT}|{ACCUSED}")  # most letters hold none of these and need no closer look

# Between the object and the conduct nobody else may step in, and nothing may be asked of the object.
OTHERS = (
    "物业|公司|开发商|老板|商家|商户|商贩|摊贩|店|医院|银行|业委会|邻居|租户|保安|司机|车主|楼上|业主|居民|住户|有人|男子|女子|学校|老师|"
    "企业|中介|房东|施工|小区|他们家"
)
ASKED = "(?<![不未没])(?:处理|整治|查处|核实|严惩|打击|制止|解决|调查|取缔|管管|介入|监督|督促|协调|责成)"
GAP = f"(?:(?!{OTHERS}|{ASKED})[^。！？；!?;\n]){{0,14}}?"
ELSEWHERE = "[有才给到让由过得说请向找后]|电话"  # 投诉后社区工作人员来了 is no complaint about them
UNWANTED = r"(?<!不要)(?<!不能)(?<!不得)(?<!不会)(?<!杜绝)(?<!避免)(?<!防止)(?<!切勿)(?<!没有)(?<!再)"


@lru_cache(maxsize=4)
def _signs(names: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """The ways a sentence accuses, for an organisation whose units have these `names`."""
    unit = "|".join([UNIT, *(re.escape(name) for name in names)])
    accused = f"(?:(?!{OTHERS}|{ASKED}|{ELSEWHERE})[\u4e00-\u9fffA-Z0-9]){{0,8}}?{STAFF}"
    return (
        re.compile(f"(?P<object>{STAFF}){GAP}{UNWANTED}(?:{CONDUCT})"),
        re.compile(f"(?P<object>{unit}){GAP}{UNWANTED}(?:{NEGLECT}|{ATTITUDE})"),
        re.compile(f"(?:{CONDUCT})的(?P<object>{STAFF}|{unit})"),
        re.compile(f"(?:{ACCUSED})(?P<object>{accused})"),
    )


# The letter box is named after the two leaders, and letters begin by greeting them: neither is a complaint.
COURTESY = re.compile(
    r"书记[/、和]?主任信箱|(?:书记|主任)信箱|尊敬的[^，,：:。！\n]{1,12}|[\u4e00-\u9fff]{0,6}(?:书记|主任|领导)[，,：:\s]*(?:您|你)们?好"
)
LEADER = re.compile("(?:街道|办事处|党工委|街道办)(?:党工委)?(?:副?书记|副?主任|领导)")
OWN_COMMUNITY = re.compile("社区|居委|工作站")
NAME_BEFORE = 6  # characters before the object in which its unit may be named: 灵芝园|社区书记


def object_of(letter: Letter, organisation: Organisation) -> tuple[str, ...] | None:
    """The units a letter is about, sorted, as far as the text names them; None if it is about none (not restricted).

    `LEADERS` stands for the street's leaders. An empty result is a restricted letter about staff of an unknown unit.
    """
    if letter.kind == "praise" or not HINT.search(letter.text):
        return None
    text = COURTESY.sub("", letter.text)
    # Two characters (环保, 工商) name a matter as often as a unit.
    names = tuple(name for unit in organisation.units.values() for name in unit.names() if len(name) > 2)
    found = [match for sign in _signs(names) for match in sign.finditer(text)]
    if not found:
        return None
    return tuple(sorted({code for match in found for code in _units_named(text, match, letter, organisation)}))


def _units_named(text: str, match: re.Match[str], letter: Letter, organisation: Organisation) -> set[str]:
    start, end = match.span("object")
    named = text[max(0, start - NAME_BEFORE) : end]
    if LEADER.search(named):
        return {LEADERS}
    units = {u.code for u in organisation.units.values() if any(name in named for name in u.names())}
    if not units and letter.community in organisation.units and OWN_COMMUNITY.search(named):
        return {str(letter.community)}
    return units
