"""One form, one command: checked by the API's own schema, run once, shown again as typed if it is refused."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from flask import Response, request
from marshmallow import Schema, ValidationError

from chassis import pages, web
from chassis.errors import DomainError
from chassis.web.problems import Refusal
from services.dispatch.commands import Command, Officer
from services.dispatch.domain.requests import Request, fingerprint
from services.dispatch.pages.words import FORMS
from services.dispatch.refusals import error_table, sentence_of

SHOWN_AGAIN = ("stale", "idempotency_key_reused", "bad_idempotency_key")
USED_UP = "这张表已经提交过，请看最新情况；如果还要改，请再提交一次。"

R = TypeVar("R", bound=Request)
Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Attempt:
    """What an officer typed into the form `name`, and why it was refused: field of the page → sentence.

    `seen` is the number of lines the log had when the form was opened, if somebody else was faster; else None.
    """

    name: str = ""
    typed: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    status: int = 200
    seen: int | None = None

    @property
    def shown(self) -> str:
        """The command whose form shows again what was typed, as long as the case allows it."""
        return FORMS.get(self.name, self.name)


@dataclass(frozen=True)
class Form(Generic[R]):
    """A form and the command that it gives.

    Its fields are called `<name>-<field>` on the page, because several forms share one page. `read` turns what browsers
    send into what `schema` takes; `said` tells that the command was carried out, after the case's number.
    """

    name: str
    schema: Schema
    command: Command[R]
    said: str
    read: Callable[[Mapping[str, Any]], Values] = dict

    def submit(self, number: str) -> Attempt | None:
        """Runs the command once; the attempt if it was refused. Raises DomainError where the page can't be shown."""
        try:
            asked = self._request()
            with (
                web.database().transaction() as tx,
                web.idempotent(tx, route=self.name, request_hash_of=fingerprint(asked)) as once,
            ):
                if once.existing is None:
                    self.command(tx, number, asked, officer("revision"))
                    once.remember(number)
        except ValidationError as error:
            return self._refused(pages.errors_of(error), 422)
        except DomainError as refusal:
            return self._explain(refusal)
        return None

    def _typed(self) -> Values:
        """What was typed, by the names of the page; a field sent several times is a list."""
        found = {name: request.form.getlist(name) for name in request.form if name.startswith(f"{self.name}-")}
        return {name: values if len(values) > 1 else values[0] for name, values in found.items()}

    def _request(self) -> R:
        """Raises ValidationError."""
        plain = {name.removeprefix(f"{self.name}-"): value for name, value in self._typed().items()}
        written = {name: value for name, value in self.read(plain).items() if value not in ("", None)}
        asked: R = self.schema.load(written)
        return asked

    def _explain(self, refusal: DomainError) -> Attempt:
        status = error_table().status(refusal.code)
        if status == 404 or (isinstance(refusal, Refusal) and refusal.code not in SHOWN_AGAIN):
            raise refusal
        sentence = USED_UP if refusal.code == "idempotency_key_reused" else sentence_of(refusal)
        seen = _whole(request.form.get("seen")) if status in (409, 412) else None
        errors = {"": sentence} if isinstance(refusal, Refusal) else pages.errors_of(refusal, sentence)
        return self._refused(errors, status, seen)

    def _refused(self, errors: Mapping[str, str], status: int, seen: int | None = None) -> Attempt:
        by_field = {f"{self.name}-{field}" if field else "": sentence for field, sentence in errors.items()}
        return Attempt(self.name, self._typed(), by_field, status, seen)


def officer(revision_field: str) -> Officer:
    """Who gives the command; `revision_field` holds the revision on which the form was opened."""
    who = pages.caller()

    def expect(revision: int) -> None:
        given = _whole(request.form.get(revision_field))
        if given is not None and given != revision:
            raise Refusal("stale", revision=revision)

    return Officer(who.subject, who.roles, who.unit, who.scopes, expect)


def answer(number: str, form: Form[R], show: Callable[[str, Attempt], Response]) -> Response:
    """Back to the case with the form's sentence, or the case again with what was typed."""
    attempt = form.submit(number)
    return show(number, attempt) if attempt else pages.back(f"/desk/cases/{number}", f"{number} {form.said}")


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None
