"""The public keys of the token issuer, from a file or an address, and the development issuer's own."""

import json
import time
import urllib.request
from pathlib import Path
from threading import Lock
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet

from chassis.settings import DEVELOPMENT_ISSUER

DEADLINE = 3
"""Seconds an issuer has to hand out its keys."""
REFRESH = 60
"""Seconds between two fetches, however many unknown keys arrive."""
MAX_AGE = 600
"""Seconds after which keys are fetched anew, so that one withdrawn by the issuer is forgotten."""
_LARGEST = 1 << 20


class IssuerUnreachable(Exception):
    """The issuer's keys cannot be fetched, so no token can be checked."""


class IssuerKeys:
    """The keys in a file (read again when it changes) or behind an http(s) address (cached)."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._remote = source.startswith(("https://", "http://"))
        self._lock = Lock()
        self._keys: dict[str | None, Key] = {}
        self._stamp: object = None
        self._fetched = float("-inf")

    def find(self, guest: Any) -> Key:
        """The key that signed a token, by the `kid` in its header. Raises IssuerUnreachable, JoseError."""
        kid = guest.headers().get("kid")
        self._refresh(kid)
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        if kid not in self._keys:
            raise JoseError("no such key")
        return self._keys[kid]

    def _refresh(self, kid: str | None) -> None:
        if not (self._remote and self._is_fresh(kid)):
            with self._lock:
                if self._remote:
                    self._refresh_remote(kid)
                else:
                    self._refresh_file()
        if not self._keys:
            raise IssuerUnreachable(f"no keys at {self._source or 'JWKS, which is not set'}")

    def _is_fresh(self, kid: str | None) -> bool:
        return kid in self._keys and time.monotonic() - self._fetched < MAX_AGE

    def _refresh_file(self) -> None:
        try:
            status = Path(self._source).stat()
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
            if stamp != self._stamp:
                self._keys = _read(Path(self._source).read_bytes())
                self._stamp = stamp
        except (OSError, ValueError, TypeError, KeyError, JoseError):
            return  # A file being replaced is read at the next request; until then the old keys hold.

    def _refresh_remote(self, kid: str | None) -> None:
        if self._is_fresh(kid) or time.monotonic() - self._fetched < REFRESH:
            return
        self._fetched = time.monotonic()
        try:
            with urllib.request.urlopen(self._source, timeout=DEADLINE) as answer:  # noqa: S310
                self._keys = _read(answer.read(_LARGEST))
        except (OSError, ValueError, TypeError, KeyError, JoseError):
            return  # The old keys hold; the next try is a minute away.


class DevelopmentIssuer:
    """Signs tokens for a developer, a demo or a test. Production refuses its name."""

    def __init__(self, private: str) -> None:
        self._key = ECKey.import_key(json.loads(private))

    @classmethod
    def new(cls) -> "DevelopmentIssuer":
        key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
        return cls(json.dumps(key.as_dict(private=True)))

    @property
    def private(self) -> str:
        """The private JWK, to keep in a file."""
        return json.dumps(self._key.as_dict(private=True))

    @property
    def jwks(self) -> str:
        """The document for the setting JWKS."""
        return json.dumps({"keys": [self._key.as_dict(private=False)]})

    def token(self, subject: str, *roles: str, unit: str | None = None, seconds: int = 86400, **claims: Any) -> str:
        """A token for `subject`, good for `seconds` from now; `claims` override."""
        now = int(time.time())
        content = {"iss": DEVELOPMENT_ISSUER, "aud": "lianxin", "sub": subject, "iat": now, "exp": now + seconds}
        content |= {"roles": list(roles)} | ({"unit": unit} if unit else {}) | claims
        return jwt.encode({"alg": "ES256", "kid": self._key.kid}, content, self._key)


def _read(document: bytes) -> dict[str | None, Key]:
    keys = KeySet.import_key_set(json.loads(document)).keys
    return {key.kid: key for key in keys}
