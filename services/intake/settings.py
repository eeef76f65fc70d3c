"""What intake is told by its environment."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from joserfc.jwk import KeySet

from chassis import crypto
from chassis.settings import Settings as Base
from chassis.settings import positive, read, secret, setting
from services.intake import emergency
from services.intake.limit import Limit

T = TypeVar("T")


def _key(parse: Callable[[str], T]) -> Callable[[str], T]:
    def checked(text: str) -> T:
        try:
            return parse(text)
        except crypto.CryptoError as error:
            raise ValueError(f"is not usable: {error}") from None

    return checked


def _index_key(text: str) -> bytes:
    if len(text.encode()) < 32:
        raise ValueError("must have at least 32 bytes")
    return text.encode()


def _prefix(text: str) -> str:
    if not (text.isascii() and text.isalpha() and text.isupper() and len(text) <= 4):
        raise ValueError("must be one to four capital letters")
    return text


def _rules(text: str) -> emergency.Rules:
    try:
        return emergency.load(Path(text).read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError):
        raise ValueError("does not name a file of emergency rules") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Base):
    master_keys: crypto.MasterKeys = secret(parse=_key(crypto.read_master_keys), about="they wrap the keys of cases")
    index_key: bytes = secret(parse=_index_key, about="key of the blind indexes, at least 32 bytes; never changes")
    reader_keys: KeySet | None = setting(
        None, parse=_key(crypto.read_jwks), about="public JWK set contacts are sealed to; its last key is used"
    )
    number_prefix: str = setting("XA", parse=_prefix, about="what case numbers begin with")
    number_block: int = setting(100, parse=positive, about="serials a process takes at once; the unused stay holes")
    communities: int = setting(21, parse=positive, about="communities of the street: C01 to C21")
    accept_automatically: bool = setting(False, about="accept every case that is no emergency as it is submitted")
    emergency_rules: emergency.Rules = setting(
        emergency.load(emergency.SHIPPED.read_text(encoding="utf-8")), parse=_rules, about="file of emergency words"
    )
    limit_submissions: bool = setting(True, about="limit the letters of one address; off only outside production")
    submissions_per_hour: int = setting(30, parse=positive, about="letters one address may send in an hour")
    wrong_codes_per_case: int = setting(5, parse=positive, about="wrong codes of one address for one number in 15 min")
    wrong_codes_per_address: int = setting(30, parse=positive, about="wrong codes of one address in 15 minutes")

    access_log_days: int = setting(1095, parse=positive, about="days a read of personal data stays in the access log")

    def problems(self) -> list[str]:
        found = []
        if self.profile == "production" and not self.limit_submissions:
            found.append("LIMIT_SUBMISSIONS is off, which only PROFILE=dev or demo allows")
        if self.pool_size <= self.http_threads:
            # A submission holds one connection while it takes a block of numbers on a second.
            found.append("POOL_SIZE must be larger than HTTP_THREADS")
        return found

    @property
    def community_codes(self) -> frozenset[str]:
        """C01, C02 …; how many there are is configuration (R01)."""
        return frozenset(f"C{i:02d}" for i in range(1, self.communities + 1))

    @property
    def access_kept(self) -> timedelta:
        return timedelta(days=self.access_log_days)

    @property
    def submissions(self) -> Limit:
        return Limit(self.submissions_per_hour, timedelta(hours=1))

    @property
    def guesses_per_case(self) -> Limit:
        return Limit(self.wrong_codes_per_case, timedelta(minutes=15))

    @property
    def guesses_per_address(self) -> Limit:
        return Limit(self.wrong_codes_per_address, timedelta(minutes=15))


@functools.cache
def current() -> Settings:
    """The process's settings. Raises SettingsError."""
    return read(Settings)
