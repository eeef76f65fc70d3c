"""Words that mean someone may be in danger now: the resident is shown the numbers to call, a person judges (X16).

A hit is only a suspicion. It shows 110, 119 or 120 at once, stops every automatic step and marks the case red; a false
alarm costs an officer a minute, so a word counts unless its clause is plainly about something else.
"""

import json
import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

SHIPPED = Path(__file__).parent / "rules" / "emergency.json"
CLAUSE_END = re.compile(r"[，。！？；、：,!?;:…\n]")
REACH = 20  # characters of the clause looked at on each side of a word


@dataclass(frozen=True, slots=True)
class Alarm:
    """What was found: the numbers to call, in order, the words, and the version of the rules that found them."""

    calls: tuple[str, ...]
    words: tuple[str, ...]
    rules: str


@dataclass(frozen=True, slots=True)
class Rule:
    """`words` call `calls`; inside one of `friends` a word means something else; `hedged` words may be just talk."""

    id: str
    calls: tuple[str, ...]
    words: tuple[str, ...]
    friends: tuple[str, ...]
    hedged: bool


@dataclass(frozen=True, slots=True)
class Hedges:
    """What keeps a hedged word from raising an alarm.

    `before` and `after` stand right next to it (没有着火), `supposed` earlier in its clause (万一着火了),
    `told` anywhere in its clause (火灾隐患) unless something `acute` is there too (正在) or 了 follows.
    """

    supposed: tuple[str, ...]
    told: tuple[str, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]
    acute: tuple[str, ...]

    def cover(self, before: str, after: str) -> bool:
        if before.endswith(self.before) or after.startswith(self.after) or _any(self.supposed, before):
            return True
        acute = after.startswith("了") or _any(self.acute, before + "|" + after)
        return not acute and _any(self.told, before + "|" + after)


@dataclass(frozen=True)
class Rules:
    """One version of the rule data; a street may supply its own."""

    version: str
    rules: tuple[Rule, ...]
    hedges: Hedges

    @cached_property
    def finder(self) -> re.Pattern[str]:
        """Friends before words and the longer first, so that a friend takes precedence over the word it contains."""
        friends = [friend for rule in self.rules for friend in rule.friends]
        words = [word for rule in self.rules for word in rule.words]
        alternatives = sorted(friends, key=len, reverse=True) + sorted(words, key=len, reverse=True)
        return re.compile("|".join(map(re.escape, alternatives)))

    @cached_property
    def rule_of(self) -> dict[str, Rule]:
        return {word: rule for rule in self.rules for word in rule.words}


def load(text: str) -> Rules:
    """Rules from their JSON text. Raises KeyError, TypeError or ValueError if the data are not rules."""
    data: dict[str, Any] = json.loads(text)
    rules = tuple(
        Rule(r["id"], tuple(r["calls"]), tuple(r["words"]), tuple(r["friends"]), bool(r["hedged"]))
        for r in data["rules"]
    )
    return Rules(data["version"], rules, Hedges(**{name: tuple(words) for name, words in data["hedges"].items()}))


def find(text: str, rules: Rules) -> Alarm | None:
    """The alarm this text raises, or None."""
    plain = re.sub(r"[ \t]", "", unicodedata.normalize("NFKC", text))
    hits = [hit for hit in rules.finder.finditer(plain) if _counts(hit, plain, rules)]
    if not hits:
        return None
    words = tuple(dict.fromkeys(hit.group() for hit in hits))
    calls = {call for word in words for call in rules.rule_of[word].calls}
    return Alarm(tuple(sorted(calls)), words, rules.version)


def _counts(hit: re.Match[str], text: str, rules: Rules) -> bool:
    rule = rules.rule_of.get(hit.group())
    if rule is None:
        return False
    before = CLAUSE_END.split(text[max(0, hit.start() - REACH) : hit.start()])[-1]
    after = CLAUSE_END.split(text[hit.end() : hit.end() + REACH])[0]
    return not (rule.hedged and rules.hedges.cover(before, after))


def _any(phrases: tuple[str, ...], clause: str) -> bool:
    return any(phrase in clause for phrase in phrases)
