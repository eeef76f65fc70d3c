"""Intake's settings, read from the environment."""

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, TypeVar

from joserfc.jwk import KeySet

from chassis import crypto
from chassis.settings import Settings as Base
from chassis.settings import positive, read, secret, setting
from services.intake.domain import emergency
from services.intake.domain.media import Kind
from services.intake.domain.rate_limit import RateLimit
from services.intake.domain.upload_rules import Allowance

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


def _bits(text: str) -> int:
    if not (text.isdigit() and 1 <= int(text) <= 24):
        raise ValueError("must be from 1 to 24")
    return int(text)


def _address(text: str) -> str:
    if not re.fullmatch(r"https?://[^/\s?#]+/?", text):
        raise ValueError("must be an origin such as https://letters.example")
    return text.rstrip("/")


def _names(text: str) -> tuple[tuple[str, str], ...]:
    pairs = [each.partition("=") for each in text.split(",") if each.strip()]
    if not all(code.strip() and name.strip() for code, _, name in pairs):
        raise ValueError("must be written as C01=name,C02=name")
    return tuple((code.strip(), name.strip()) for code, _, name in pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Base):
    master_keys: crypto.MasterKeys = secret(parse=_key(crypto.read_master_keys), about="they wrap the keys of cases")
    index_key: bytes = secret(parse=_index_key, about="key of the blind indexes, at least 32 bytes; never changes")
    reader_keys: KeySet | None = setting(
        None, parse=_key(crypto.read_jwks), about="public JWK set to whose last key contacts are sealed"
    )
    number_prefix: str = setting("XA", parse=_prefix, about="what case numbers begin with")
    number_block: int = setting(100, parse=positive, about="serials a process reserves at once; unused ones are lost")
    communities: int = setting(21, parse=positive, about="how many communities the street has: C01 to C21")
    community_names: tuple[tuple[str, str], ...] = setting(
        (), parse=_names, about="their names on the form: C01=宝民社区,C02=…"
    )
    public_address: str = setting("", parse=_address, about="the origin QR codes lead to: https://letters.example")
    accept_automatically: bool = setting(False, about="accept each case on submission unless it is an emergency")
    emergency_rules: emergency.Rules = setting(
        emergency.load(emergency.SHIPPED.read_text(encoding="utf-8")), parse=_rules, about="file of emergency words"
    )
    limit_submissions: bool = setting(True, about="limit letters by address; may be off only outside production")
    submissions_per_hour: int = setting(30, parse=positive, about="letters one address may send in an hour")
    submissions_unquestioned: int = setting(
        10, parse=positive, about="letters of one address in an hour before the next needs a proof of work"
    )
    challenge_bits: int = setting(16, parse=_bits, about="difficulty of that proof: each further bit doubles the work")
    wrong_codes_per_case: int = setting(5, parse=positive, about="wrong codes of one address for one number in 15 min")
    wrong_codes_per_address: int = setting(30, parse=positive, about="wrong codes of one address in 15 minutes")

    access_log_days: int = setting(1095, parse=positive, about="days for which the access log is kept")

    media_store: Literal["folder", "s3"] = setting("folder", about="where photos and videos are stored")
    media_dir: Path = setting(Path(".run/media"), about="their folder, shared by all processes of intake")
    s3_bucket: str = setting("", about="their bucket")
    s3_endpoint: str = setting("", about="https address of an S3-compatible store; empty means Amazon's")
    s3_region: str = setting("", about="the bucket's region")
    s3_access_key: str = secret("", about="access key of the bucket; empty means the machine's own role")
    s3_secret_key: str = secret("", about="secret key of the bucket")
    s3_seconds: float = setting(10.0, about="longest wait for the bucket to answer; each call is tried twice")
    photo_megabytes: int = setting(10, parse=positive, about="largest photo")
    video_megabytes: int = setting(100, parse=positive, about="largest video")
    photos_per_letter: int = setting(9, parse=positive, about="photos of one letter, supplement or work log")
    videos_per_letter: int = setting(1, parse=positive, about="videos of one letter, supplement or work log")
    media_per_case: int = setting(40, parse=positive, about="files of one case in all")
    video_minutes: int = setting(10, parse=positive, about="longest video")
    photo_seconds: int = setting(30, parse=positive, about="longest time the processing of a photo may take")
    video_seconds: int = setting(600, parse=positive, about="longest time the processing of a video may take")
    limit_uploads: bool = setting(True, about="limit uploads by address; may be off only outside production")
    uploads_per_hour: int = setting(300, parse=positive, about="uploads one address may begin in an hour")
    unsent_megabytes: int = setting(600, parse=positive, about="megabytes of one address that may wait for a letter")

    def problems(self) -> list[str]:
        found = []
        if self.profile == "production" and not self.limit_uploads:
            found.append("LIMIT_UPLOADS is off, which only PROFILE=dev or demo allows")
        if self.media_store == "s3" and not self.s3_bucket:
            found.append("MEDIA_STORE is s3, and S3_BUCKET is not set")
        if self.profile == "production" and not self.limit_submissions:
            found.append("LIMIT_SUBMISSIONS is off, which only PROFILE=dev or demo allows")
        if self.pool_size <= self.http_threads:
            # A submission holds one connection while it reserves a block of numbers on a second.
            found.append("POOL_SIZE must be larger than HTTP_THREADS")
        return found

    @property
    def allowance(self) -> Allowance:
        megabyte = 1 << 20
        return Allowance(
            self.photo_megabytes * megabyte,
            self.video_megabytes * megabyte,
            self.photos_per_letter,
            self.videos_per_letter,
            self.media_per_case,
        )

    @property
    def uploads(self) -> RateLimit:
        return RateLimit(self.uploads_per_hour, timedelta(hours=1))

    @property
    def media_place(self) -> dict[str, Any]:
        """Where the object store is, for `object_store.opened`; it contains the secret key, so pass it nowhere else."""
        if self.media_store == "folder":
            return {"folder": str(self.media_dir.resolve())}
        names = {"endpoint": self.s3_endpoint, "region": self.s3_region, "seconds": self.s3_seconds}
        return {"bucket": {"name": self.s3_bucket, "key": self.s3_access_key, "secret": self.s3_secret_key, **names}}

    def processing_seconds(self, kind: Kind) -> int:
        return self.photo_seconds if kind is Kind.PHOTO else self.video_seconds

    @property
    def community_codes(self) -> frozenset[str]:
        """C01, C02 …; how many there are is a setting (R01)."""
        return frozenset(f"C{i:02d}" for i in range(1, self.communities + 1))

    def community_name(self, code: str) -> str:
        """The community's name, or its code if no name was configured."""
        return dict(self.community_names).get(code, code)

    @property
    def access_kept(self) -> timedelta:
        return timedelta(days=self.access_log_days)

    @property
    def submissions(self) -> RateLimit:
        return RateLimit(self.submissions_per_hour, timedelta(hours=1))

    @property
    def guesses_per_case(self) -> RateLimit:
        return RateLimit(self.wrong_codes_per_case, timedelta(minutes=15))

    @property
    def guesses_per_address(self) -> RateLimit:
        return RateLimit(self.wrong_codes_per_address, timedelta(minutes=15))


@functools.cache
def current() -> Settings:
    """The process's settings. Raises SettingsError."""
    return read(Settings)
