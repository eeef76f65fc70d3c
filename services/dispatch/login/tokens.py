"""Five-minute tokens, signed by this service's key and checked everywhere by `/.well-known/jwks.json`."""

import json
import secrets
import time
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

SECONDS = 300
ALGORITHM = "ES256"


def new_key() -> str:
    """A fresh private key, as TOKEN_KEY_FILE holds it."""
    key = ECKey.generate_key("P-256", {"use": "sig", "alg": ALGORITHM}, auto_kid=True)
    return json.dumps({"keys": [key.as_dict(private=True)]})


def public(keys: KeySet) -> dict[str, Any]:
    """The document of public keys, including those that no longer sign until their last token has expired."""
    return {"keys": [key.as_dict(private=False) for key in keys.keys]}


def signed(keys: KeySet, issuer: str, audience: str, subject: str, roles: tuple[str, ...], unit: str | None) -> str:
    """A token for `subject`. The newest key, written last in the file, signs.

    Timed by this machine's clock, not the database's, because whoever checks the token uses a machine's clock too.
    """
    key, now = keys.keys[-1], int(time.time())
    claims: dict[str, Any] = {"iss": issuer, "aud": audience, "sub": subject, "iat": now, "exp": now + SECONDS}
    claims |= {"jti": secrets.token_urlsafe(9), "roles": list(roles)} | ({"unit": unit} if unit else {})
    return jwt.encode({"alg": ALGORITHM, "kid": key.kid}, claims, key)
