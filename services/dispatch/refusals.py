"""The Chinese sentence for a refusal, the same on pages and in the API's answers."""

from typing import cast

from flask import current_app

from chassis.errors import DomainError
from chassis.web import ErrorTable


def error_table() -> ErrorTable:
    """The statuses and sentences of this application."""
    return cast(ErrorTable, current_app.extensions["lianxin.errors"])


def sentence_of(refusal: DomainError) -> str:
    return error_table().sentence(refusal.code, refusal.data)
