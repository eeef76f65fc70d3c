"""marshmallow's sentences in Chinese.

Translated at the edge and not in marshmallow's tables: it then does not matter which module was imported first,
and nothing that a person typed can come back inside a message.
"""

import re

FALLBACK = "格式不正确"

SENTENCES: dict[str, str] = {
    "Missing data for required field.": "必填",
    "Field may not be null.": "不能为空",
    "Invalid value.": "内容无效",
    "Invalid input.": "内容无效",
    "Invalid input type.": "须为一个对象",
    "Invalid type.": "须为一个对象",
    "Unknown field.": "没有这个字段",
    "Not a valid boolean.": "须为 true 或 false",
    "Not a valid number.": "须为数字",
    "Not a valid integer.": "须为整数",
    "Number too large.": "数字过大",
    "Special numeric values (nan or infinity) are not permitted.": "须为有限的数字",
    "Not a valid string.": "须为文字",
    "Not a valid utf-8 string.": "须为 UTF-8 文字",
    "Not a valid list.": "须为列表",
    "Not a valid tuple.": "须为列表",
    "Not a valid mapping type.": "须为一个对象",
    "Not a valid date.": "须为日期",
    "Not a valid time.": "须为时间",
    "Not a valid datetime.": "须为日期和时间",
    "Not a valid {awareness} datetime.": "日期和时间须注明时区",
    "Not a valid {awareness} time.": "时间须注明时区",
    "Not a valid period of time.": "须为时长",
    "Not a valid email address.": "须为电子邮箱地址",
    "Not a valid URL.": "须为网址",
    "Not a valid UUID.": "须为 UUID",
    "Not a valid IP address.": "须为 IP 地址",
    "Not a valid IPv4 address.": "须为 IPv4 地址",
    "Not a valid IPv6 address.": "须为 IPv6 地址",
    "Not a valid IP interface.": "须为 IP 网段",
    "Not a valid IPv4 interface.": "须为 IPv4 网段",
    "Not a valid IPv6 interface.": "须为 IPv6 网段",
    "Must be one of: {choices}.": "只能是：{choices}",
    "One or more of the choices you made was in: {values}.": "不能含有：{values}",
    "One or more of the choices you made was not in: {choices}.": "只能含有：{choices}",
    "Shorter than minimum length {min}.": "至少 {min} 个",
    "Longer than maximum length {max}.": "至多 {max} 个",
    "Length must be between {min} and {max}.": "须为 {min} 至 {max} 个",
    "Length must be {equal}.": "须为 {equal} 个",
    "Must be equal to {other}.": "须等于 {other}",
    "Must be greater than or equal to {min} and less than or equal to {max}.": "须在 {min} 至 {max} 之间",
    "Must be greater than {min} and less than or equal to {max}.": "须大于 {min} 且不超过 {max}",
    "Must be greater than or equal to {min} and less than {max}.": "须不小于 {min} 且小于 {max}",
    "Must be greater than {min} and less than {max}.": "须大于 {min} 且小于 {max}",
    "Must be greater than or equal to {min}.": "不能小于 {min}",
    "Must be greater than {min}.": "须大于 {min}",
    "Must be less than or equal to {max}.": "不能大于 {max}",
    "Must be less than {max}.": "须小于 {max}",
    "String does not match expected pattern.": "格式不正确",
}


def translate(message: str) -> str:
    """The Chinese for one of marshmallow's sentences; a sentence already in Chinese stays; else FALLBACK."""
    if re.search("[\u4e00-\u9fff]", message) and not message.startswith(("Must be", "One or more")):
        return message
    for pattern, chinese in _PATTERNS:
        if match := pattern.fullmatch(message):
            return chinese.format_map({name: value.replace(", ", "、") for name, value in match.groupdict().items()})
    return FALLBACK


def flatten(messages: object, path: str = "") -> list[dict[str, str]]:
    """marshmallow's nested messages as `{field, message}` with dotted field names."""
    if isinstance(messages, dict):
        return [each for key, below in messages.items() for each in flatten(below, _join(path, key))]
    if isinstance(messages, list):
        return [each for below in messages for each in flatten(below, path)]
    return [{"field": path or "body", "message": translate(str(messages))}]


def _join(path: str, key: object) -> str:
    name = "" if key == "_schema" else str(key)[:100]
    return f"{path}.{name}" if path and name else path or name


def _pattern(sentence: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+)", re.escape(sentence)), re.DOTALL)


_PATTERNS = [(_pattern(english), chinese) for english, chinese in SENTENCES.items()]
