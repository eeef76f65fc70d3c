"""Dispatch's settings: the keys of the login, or the provider that vouches for officers instead."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from joserfc.jwk import KeySet

from chassis import crypto
from chassis.settings import Settings as Base
from chassis.settings import read, secret, setting

T = TypeVar("T")


def _key(parse: Callable[[str], T]) -> Callable[[str], T]:
    def checked(text: str) -> T:
        try:
            return parse(text)
        except crypto.CryptoError as error:
            raise ValueError(f"is not usable: {error}") from None

    return checked


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    pairs = tuple(tuple(part.strip() for part in each.split("=")) for each in text.split(",") if each.strip())
    if any(len(pair) != 2 or not all(pair) for pair in pairs):
        raise ValueError("must be pairs by comma, as lianxin-centre=centre, lianxin-unit=unit")
    return tuple((pair[0], pair[1]) for pair in pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Base):
    """Which unit handles what is data (`organisation load`, `duties load`)."""

    token_key: KeySet | None = secret(
        None, parse=_key(crypto.read_jwks), about="private JWK set that signs tokens; the last one signs"
    )
    account_keys: crypto.MasterKeys | None = secret(
        None, parse=_key(crypto.read_master_keys), about="they wrap the secrets of second factors"
    )
    oidc_issuer: str = setting("", about="an OpenID provider that vouches for officers instead of our own accounts")
    oidc_client_id: str = setting("", about="this system's name at the provider")
    oidc_client_secret: str = secret("", about="and its secret")
    oidc_redirect: str = setting("", about="where the provider sends back to: https://<origin>/login/provider")
    oidc_roles_claim: str = setting("roles", about="the claim of the ID token that lists roles")
    oidc_unit_claim: str = setting("unit", about="the claim that names the unit")
    oidc_roles: tuple[tuple[str, str], ...] = setting((), parse=_pairs, about="the provider's words for our roles")

    def problems(self) -> list[str]:
        """The provider needs a client and an address to come back to; production needs keys to log in with."""
        needed = {
            "OIDC_CLIENT_ID": bool(self.oidc_issuer) and not self.oidc_client_id,
            "OIDC_REDIRECT": bool(self.oidc_issuer) and not self.oidc_redirect,
        }
        return [f"{name} is not set, and OIDC_ISSUER needs it" for name, missing in needed.items() if missing]


@functools.cache
def current() -> Settings:
    """The process's settings. Raises SettingsError."""
    return read(Settings)
