"""Letters to post, read from JSON lines; what a line leaves out is invented from a seed, the same at every run."""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SURNAMES = "赵钱孙李周吴郑王冯陈卫蒋沈韩杨朱秦许何吕张孔曹严华金魏陶姜谢邹苏潘葛范彭郎鲁韦昌马苗方任袁柳"
GIVEN = (
    "喆堃",
    "镕祎",
    "建国",
    "秀英",
    "雨桐",
    "志远",
    "小燕",
    "文博",
    "桂香",
    "晓岚",
    "子涵",
    "德福",
    "静怡",
    "海生",
    "玉梅",
    "一鸣",
)
ROADS = (
    "创业一路",
    "创业二路",
    "前进一路",
    "建安一路",
    "公园路",
    "新湖路",
    "裕安二路",
    "上川路",
    "宝民一路",
    "洪浪北二路",
)
KIND_WORDS = (
    ("praise", ("感谢", "表扬", "点赞", "谢谢社区")),
    ("report", ("举报", "违法", "偷偷", "无证")),
    ("suggestion", ("建议", "希望能", "能不能", "倡议")),
    ("inquiry", ("咨询", "请问", "想问", "是否", "吗？", "吗?")),
    ("complaint", ("投诉", "扰民", "乱", "违规", "噪音", "不合理", "拖欠")),
)


class Unreadable(Exception):
    """A line that is not a JSON object; the text is a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One line of the file: its number there (from 1), when it was written and the body that is posted."""

    line: int
    written: datetime
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Community:
    """A community as the organisation names it: `C07`, `灵芝园社区`."""

    code: str
    name: str


def read(path: Path, communities: Sequence[Community], seed: int = 1) -> list[Letter]:
    """All letters of the file in the order they were written; `submitted_at` sets nothing but that order.

    Raises Unreadable on a line that is not a JSON object. Wrong values are kept: refusing them is intake's duty.
    """
    letters: list[Letter] = []
    written = datetime.min.replace(tzinfo=UTC)
    for line, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if text.strip():
            raw = parse(text, f"{path}:{line}")
            written = moment(raw.get("submitted_at")) or written
            letters.append(Letter(line, written, complete(raw, communities, random.Random(f"{seed}:{line}"))))
    return sorted(letters, key=lambda letter: letter.written)


def parse(text: str, where: str) -> dict[str, Any]:
    try:
        raw = json.loads(text)
    except ValueError as error:
        raise Unreadable(
            f"{where} is not JSON: {error}. Every line must be one JSON object with subject and text."
        ) from None
    if not isinstance(raw, dict):
        raise Unreadable(f"{where} is not a JSON object with subject and text.")
    return raw


def moment(value: object) -> datetime | None:
    """The time an ISO 8601 text names, or None; without a zone it is read as UTC, since it serves the order alone."""
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def complete(raw: Mapping[str, Any], communities: Sequence[Community], invent: random.Random) -> dict[str, Any]:
    """The body to post: what the line gives, and the rest invented."""
    description = described(raw)
    community = located(raw.get("community"), communities) or (invent.choice(communities).code if communities else None)
    identity = raw.get("identity") or invent.choices(("named", "withheld", "anonymous"), (88, 8, 4))[0]
    body = {
        "kind": raw.get("kind") or kind_of(description),
        "description": description,
        "place": raw.get("place") or f"{invent.choice(ROADS)}{invent.randint(1, 199)}号",
        "identity": identity,
        "community": community,
    }
    named = {
        "name": raw.get("name") or invent.choice(SURNAMES) + invent.choice(GIVEN),
        "mobile": raw.get("mobile") or f"138000000{invent.randint(0, 99):02d}",
    }
    return body if identity == "anonymous" else body | named


def described(raw: Mapping[str, Any]) -> str:
    """Subject and text as one description: the form residents fill in has a single field for both."""
    subject, text = str(raw.get("subject") or "").strip(), str(raw.get("text") or "")
    return text if not subject or text.startswith(subject) else f"{subject}\n{text}"


def located(given: object, communities: Sequence[Community]) -> str | None:
    """The code of a community given by code or by name, with or without 社区; another value stays as it is."""
    if not given:
        return None
    for community in communities:
        if given in (community.code, community.name, community.name.removesuffix("社区")):
            return community.code
    return str(given)


def kind_of(description: str) -> str:
    """What the resident wants, by the first words that match; a call for help when none does."""
    for kind, words in KIND_WORDS:
        if any(word in description for word in words):
            return kind
    return "help"
