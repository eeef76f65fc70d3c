"""Logging in and out, step by step: load under lock, decide, save."""

from services.dispatch.login.commands.accounts import account_of
from services.dispatch.login.commands.passwords import change_password, check_password
from services.dispatch.login.commands.second_factor import begin_second_factor, check_code, confirm_second_factor
from services.dispatch.login.commands.sessions import (
    Person,
    log_in,
    log_out,
    log_out_everywhere,
    person_of,
    renew,
)

__all__ = [
    "Person", "account_of", "begin_second_factor", "change_password", "check_code", "check_password",
    "confirm_second_factor", "log_in", "log_out", "log_out_everywhere", "person_of", "renew",
]  # fmt: skip
