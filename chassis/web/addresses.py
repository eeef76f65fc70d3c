"""The client behind a request that came through proxies."""

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from flask import current_app, request


def client_address() -> str:
    """The address of the client: the last one in X-Forwarded-For that is not a proxy we trust.

    The header is believed only from a trusted proxy (TRUSTED_PROXIES), so nobody can choose an address.
    """
    trusted = _networks(current_app.extensions["lianxin.settings"].trusted_proxies)
    address = request.remote_addr or ""
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
    while hops and _is_in(address, trusted) and _is_address(hops[-1]):
        address = hops.pop()
    return address


@lru_cache(maxsize=8)
def _networks(names: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(name, strict=False) for name in names)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_in(address: str, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    return _is_address(address) and any(ip_address(address) in network for network in networks)
