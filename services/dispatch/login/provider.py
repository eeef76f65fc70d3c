"""An OpenID provider instead of our own accounts: authorization code with PKCE, ID token checked by its keys."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import JoseError

from chassis import logs
from chassis.web.issuers import IssuerKeys, IssuerUnreachable
from services.dispatch.login.commands import Person
from services.dispatch.login.domain.account import ROLES
from services.dispatch.login.errors import NoRole, ProviderAway
from services.dispatch.settings import Settings

log = logs.get(__name__)

DEADLINE = 5
"""Seconds the provider has for each answer."""
CACHED_FOR = 600
"""Seconds after which the provider's addresses are fetched again."""
ALGORITHMS = ["RS256", "ES256", "PS256", "EdDSA", "Ed25519"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What must come back as it was sent: kept in the browser, signed, until the provider sends it back."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> "Asked":
        return cls(*(secrets.token_urlsafe(32) for _ in range(3)))


class Provider:
    """One provider, as the settings name it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = Lock()
        self._document: Mapping[str, Any] = {}
        self._fetched = float("-inf")
        self._keys: IssuerKeys | None = None

    def address(self, asked: Asked) -> str:
        """Where the browser is sent to log in. Raises ProviderAway."""
        made, _ = self._client().create_authorization_url(
            self._addresses()["authorization_endpoint"],
            state=asked.state,
            nonce=asked.nonce,
            code_verifier=asked.verifier,
        )
        return str(made)

    def person(self, asked: Asked, code: str) -> Person:
        """Whom the provider vouches for. Raises ProviderAway, NoRole."""
        try:
            given = self._client().fetch_token(
                self._addresses()["token_endpoint"],
                grant_type="authorization_code",
                code=code,
                code_verifier=asked.verifier,
                timeout=DEADLINE,
            )
            return _person(self._settings, self._claims(given["id_token"], asked.nonce))
        except (
            requests.RequestException,
            OAuthError,
            JoseError,
            IssuerUnreachable,
            ValueError,
            TypeError,
            KeyError,
        ) as error:
            log.warning("provider refused or not understood", error=type(error).__name__)
            raise ProviderAway from None

    def _client(self) -> Any:
        settings = self._settings
        return OAuth2Session(
            settings.oidc_client_id,
            settings.oidc_client_secret or None,
            redirect_uri=settings.oidc_redirect,
            scope="openid profile",
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic" if settings.oidc_client_secret else "none",
        )

    def _claims(self, token: str, nonce: str) -> dict[str, Any]:
        settings = self._settings
        self._keys = self._keys or IssuerKeys(self._addresses()["jwks_uri"])
        decoded = jwt.decode(token, self._keys.find, algorithms=ALGORITHMS)
        jwt.JWTClaimsRegistry(
            leeway=30,
            iss={"essential": True, "value": settings.oidc_issuer},
            aud={"essential": True, "value": settings.oidc_client_id},
            exp={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        ).validate(decoded.claims)
        return dict(decoded.claims)

    def _addresses(self) -> Mapping[str, Any]:
        with self._lock:
            if time.monotonic() - self._fetched > CACHED_FOR:
                self._document = self._discover()
                self._fetched = time.monotonic()
            return self._document

    def _discover(self) -> Mapping[str, Any]:
        issuer = self._settings.oidc_issuer
        try:
            answer = requests.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration", timeout=DEADLINE)
            document: dict[str, Any] = answer.json()
            if document["issuer"] != issuer:
                raise ValueError("another issuer")
        except (requests.RequestException, ValueError, KeyError, TypeError) as error:
            log.warning("provider unreachable", error=type(error).__name__)
            raise ProviderAway from None
        return document


def _person(settings: Settings, claims: Mapping[str, Any]) -> Person:
    words = claims.get(settings.oidc_roles_claim, [])
    named = words.split() if isinstance(words, str) else list(words)
    table = dict(settings.oidc_roles) or {role: role for role in ROLES}
    roles = tuple(dict.fromkeys(table[word] for word in named if table.get(word) in ROLES))
    unit = claims.get(settings.oidc_unit_claim)
    if not roles or ("unit" in roles and not isinstance(unit, str)):
        raise NoRole
    return Person(
        str(claims["sub"]), str(claims.get("name", claims["sub"])), roles, unit if isinstance(unit, str) else None
    )
