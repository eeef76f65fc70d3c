"""Units and the contact at each post: duty (on duty), head (first responsible), leader (leader in charge)."""

from dataclasses import dataclass
from typing import Literal

CENTRE = "CENTRE"
CENTRE_NAME = "街道民生诉求中心"
Post = Literal["duty", "head", "leader"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """The member of staff at a post. Never shown in events, logs, metrics or answers."""

    name: str
    mobile: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A unit as dispatch last described it."""

    code: str
    name: str
    active: bool
    contacts: dict[str, Contact]

    def posts(self) -> dict[str, Contact]:
        """The contacts by recipient, named as in messages: `C07/head`."""
        return {f"{self.code}/{post}": contact for post, contact in self.contacts.items()}
