"""The settings of notify, read from the environment."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from joserfc.jwk import KeySet

from chassis import crypto
from chassis.settings import Settings as Base
from chassis.settings import positive, read, secret, setting
from services.notify.domain import series


def _reader_key(text: str) -> KeySet:
    try:
        return crypto.read_jwks(text)
    except crypto.CryptoError as error:
        raise ValueError(f"is not usable: {error}") from None


def _matching(form: Callable[[str], object], sentence: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if not form(text):
            raise ValueError(sentence)
        return text

    return parse


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= 86400:
        raise ValueError("must be between 0 and 86400 seconds")
    return seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Base):
    reader_key: KeySet | None = secret(
        None, parse=_reader_key, about="private JWK set that decrypts intake's answers; only the worker needs it"
    )
    gateway: Literal["file", "http"] = setting(
        "http", about="where SMS go; file writes them to SMS_LEDGER, for demo and tests"
    )
    sms_ledger: Path = setting(Path(".run/sms.jsonl"), about="the file gateway's ledger")
    gateway_url: str = setting("", about="URL that SMS are posted to")
    gateway_lookup_url: str = setting(
        "", about="URL under which an SMS is looked up by its key, if the gateway offers that"
    )
    gateway_token: str = secret("", about="bearer token for the gateway")
    gateway_seconds: float = setting(5.0, parse=_seconds, about="seconds to wait for the gateway's answer")
    gateway_remembers_keys: bool = setting(
        False, about="the gateway delivers each idempotency key only once, however often it is sent"
    )
    sms_signature: str = setting(
        "新安街道办",
        parse=_matching(lambda text: 2 <= len(text) <= 12, "must have 2 to 12 characters"),
        about="signature registered with the carriers, without 【】",
    )
    sms_window: float = setting(60.0, parse=_seconds, about="seconds in which one staff telephone gets at most one SMS")
    telephone: str = setting("0755-12345678", about="the office's telephone number, as given in SMS and letters")
    letter_code: str = setting(
        "宝新警示",
        parse=_matching(series.CODE.match, "must be 2 to 10 Chinese characters"),
        about="code that letter numbers start with",
    )
    letter_issuer: str = setting(
        "深圳市宝安区新安街道办事处", about="the office whose name heads and signs the letters"
    )
    letter_street: str = setting("新安街道", about="the street whose rules the letters quote")
    letters_dir: Path = setting(Path(".run/letters"), about="folder of the printed letters: <dir>/<unit>/<number>.pdf")
    print_seconds: int = setting(30, parse=positive, about="seconds one print run may take")

    def problems(self) -> list[str]:
        if self.profile == "production" and self.gateway == "file":
            return ["GATEWAY=file writes SMS to a file, which only PROFILE=dev or demo allows"]
        return []


@functools.cache
def current() -> Settings:
    """The process's settings. Raises SettingsError."""
    return read(Settings)
