"""An officer's browser without a script: reads pages, fills in forms, sends them."""

import re
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from typing import Any

from tests.service.dispatch.office import Office


@dataclass
class Form:
    """A form of a page with what its fields hold."""

    action: str
    values: dict[str, list[str]] = field(default_factory=dict)


class Page(HTMLParser):
    """The forms of a page by their id, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: dict[str, Form] = {}
        self._form: Form | None = None
        self._area: str | None = None
        self._select: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        form = self.forms.get(given["form"]) if "form" in given else self._form
        if tag == "form":
            self._form = self.forms[given.get("id", given.get("action", ""))] = Form(given.get("action", ""))
        elif tag == "textarea":
            self._area = given["name"]
        elif tag == "select":
            self._select = given["name"]
        elif tag == "option" and self._select and "selected" in given and form:
            form.values.setdefault(self._select, []).append(given["value"])
        elif tag == "input" and form and given.get("name") and _is_sent(given):
            form.values.setdefault(given["name"], []).append(given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "textarea":
            self._area = None
        elif tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        if self._area and self._form:
            self._form.values.setdefault(self._area, []).append(data.strip("\n"))


def _is_sent(field: dict[str, str]) -> bool:
    return field.get("type") not in ("checkbox", "radio") or "checked" in field


@dataclass
class Shown:
    """An answer: its status, its words without tags, its forms."""

    status: int
    html: str
    location: str | None

    @property
    def words(self) -> str:
        return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", self.html)))

    @property
    def forms(self) -> dict[str, Form]:
        return Page(self.html).forms


class Browser:
    """One officer's browser with its own cookies."""

    def __init__(self, office: Office, role: str = "centre", unit: str | None = None) -> None:
        self.client = office.client.application.test_client()
        self.client.set_cookie("lianxin_token", office.issuer.token(f"{role}-{unit or 'street'}", role, unit=unit))

    def open(self, address: str) -> Shown:
        return self._shown(self.client.get(address))

    def send(self, page: Shown, form: str, also: dict[str, Any] | None = None, **typed: Any) -> Shown:
        """Sends the page's form `form` with `typed` in its fields (`form-field`) and `also` as named; None unticks."""
        found = page.forms[form]
        values = {**found.values, **{f"{form}-{name}": value for name, value in typed.items()}, **(also or {})}
        return self.post(found.action, {name: value for name, value in values.items() if value is not None})

    def post(self, address: str, values: dict[str, Any]) -> Shown:
        return self._shown(self.client.post(address, data=values))

    def follow(self, answer: Shown) -> Shown:
        assert answer.status == 303 and answer.location
        return self.open(answer.location)

    def _shown(self, answer: Any) -> Shown:
        return Shown(answer.status_code, answer.text, answer.headers.get("Location"))
