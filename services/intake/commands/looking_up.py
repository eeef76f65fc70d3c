"""A resident asks how the case stands, by number and query code; guesses are counted and limited."""

import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from chassis import clock
from services.intake import store
from services.intake.commands.context import Context
from services.intake.domain import query_code
from services.intake.domain.rate_limit import RateLimit, seconds_to_wait
from services.intake.domain.resident_view import resident_view
from services.intake.errors import TooManyWrongCodes


def look_up(tx: Connection, context: Context, number: str, code: str, address: str) -> dict[str, Any] | None:
    """The resident's view, or None for a wrong code or an unknown number: the two look the same, in time too.

    A wrong code is counted in this transaction, so the caller lets it commit. Raises TooManyWrongCodes while the
    address has used up its guesses, even with the right code; other addresses are not affected.
    """
    now = clock.now(tx)
    limits = _limits(context, number, address)
    _check_guesses(tx, limits, now)
    found = store.case_history(tx, number)
    given = context.secrecy.hash("code", number, query_code.as_typed(code))
    if hmac.compare_digest(given, found[1] if found else bytes(32)) and found:
        return resident_view(found[0])
    for key, limit in limits.items():
        store.count_try(tx, key, limit, now)
    return None


def _limits(context: Context, number: str, address: str) -> dict[bytes, RateLimit]:
    return {
        context.secrecy.hash("guess", address, number): context.settings.guesses_per_case,
        context.secrecy.hash("guess", address): context.settings.guesses_per_address,
    }


def _check_guesses(tx: Connection, limits: Mapping[bytes, RateLimit], now: datetime) -> None:
    tallies = store.tallies(tx, list(limits))
    seconds = max(seconds_to_wait(limit, tallies.get(key), now) for key, limit in limits.items())
    if seconds:
        raise TooManyWrongCodes(retry_after=seconds)
