"""One form, one command: checked by the API's own schema, run once, shown again as typed if it is refused."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Response, request
from marshmallow import Schema, ValidationError
from sqlalchemy import Connection

from chassis import pages, web
from chassis.errors import DomainError
from chassis.web.problems import Refusal
from services.dispatch.commands import Officer
from services.dispatch.pages.words import FORMS
from services.dispatch.refusals import error_table, sentence_of

SHOWN_AGAIN = ("stale", "idempotency_key_reused", "bad_idempotency_key")
USED_UP = "这张表已经提交过，请看最新情况；如果还要改，请再提交一次。"

Values = dict[str, Any]
Run = Callable[[Connection, Values, Officer], object]
Read = Callable[[Mapping[str, Any]], Values]


@dataclass(frozen=True, slots=True)
class Attempt:
    """What an officer typed into the form `name`, and why it was refused: field of the page → sentence.

    `seen` is the number of lines its log had when the form was opened, if somebody else was faster; else None.
    """

    name: str = ""
    typed: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    status: int = 200
    seen: int | None = None

    @property
    def shown(self) -> str:
        """The command whose form shows what was typed again, as long as the case allows it."""
        return FORMS.get(self.name, self.name)


@dataclass(frozen=True, slots=True)
class Form:
    """Its fields stand on the page as `<name>-<field>`, because several forms share one page; `read` turns what
    browsers send into what the schema takes."""

    name: str
    schema: Schema
    read: Read = dict

    def typed(self) -> Values:
        """What was typed, by the names of the page; a field sent several times is a list."""
        found = {name: request.form.getlist(name) for name in request.form if name.startswith(f"{self.name}-")}
        return {name: values if len(values) > 1 else values[0] for name, values in found.items()}

    def body(self) -> Values:
        """Raises ValidationError."""
        plain = {name.removeprefix(f"{self.name}-"): value for name, value in self.typed().items()}
        written = {name: value for name, value in self.read(plain).items() if value not in ("", None)}
        found: Values = self.schema.load(written)
        return found

    def submit(self, number: str, run: Run) -> Attempt | None:
        """Runs the command once; the attempt if it was refused. Raises DomainError where the page can't be shown."""
        try:
            body = self.body()
            with (
                web.database().transaction() as tx,
                web.idempotent(tx, route=self.name, request_hash_of=body) as once,
            ):
                if once.existing is None:
                    run(tx, body, officer())
                    once.remember(number)
        except ValidationError as error:
            return self._refused(pages.errors_of(error), 422)
        except DomainError as refusal:
            return self._explain(refusal)
        return None

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
        return Attempt(self.name, self.typed(), by_field, status, seen)


def officer() -> Officer:
    """Who gives the command, with the revision that the form was opened on."""
    who = pages.caller()
    return Officer(who.subject, who.roles, who.unit, who.scopes, expect_typed("revision"))


def expect_typed(field: str) -> Callable[[int], None]:
    """Refuses with `stale` if the form was opened on another revision than the case has; `field` holds the former."""

    def expect(revision: int) -> None:
        given = _whole(request.form.get(field))
        if given is not None and given != revision:
            raise Refusal("stale", revision=revision)

    return expect


def answer(number: str, form: Form, run: Run, show: Callable[[str, Attempt], Response], said: str) -> Response:
    """Back to the case with `said`, or the case again with what was typed."""
    attempt = form.submit(number, run)
    return show(number, attempt) if attempt else pages.back(f"/desk/cases/{number}", said)


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None
