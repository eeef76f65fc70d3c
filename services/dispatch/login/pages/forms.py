"""A form of the login: checked, carried out, or shown again with the sentences of what was wrong."""

from collections.abc import Callable
from typing import Any

from flask import Response, request
from marshmallow import Schema, ValidationError

from chassis import pages
from chassis.errors import DomainError
from services.dispatch.login.errors import SENTENCES, StepExpired


def submit_form(
    schema: Schema,
    act: Callable[[dict[str, Any]], None],
    *,
    done: Callable[[], Response],
    again: Callable[[dict[str, str]], Response],
) -> Response:
    """`done` after `act` was carried out, `again` with the sentences of a refusal. Raises StepExpired."""
    try:
        act(schema.load(request.form))
    except StepExpired:
        raise
    except (ValidationError, DomainError) as error:
        return again(sentences(error))
    return done()


def sentences(error: ValidationError | DomainError) -> dict[str, str]:
    """What to show beside which field."""
    return pages.errors_of(error, SENTENCES.get(getattr(error, "code", ""), ""))
