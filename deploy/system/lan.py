"""`LAN=1 make run`: the resident's page for the telephones in the same network, as a QR code in the terminal."""

import io
import ipaddress
import socket

import segno

from deploy.machine.trouble import Trouble

ELSEWHERE = ("192.0.2.1", 9)  # an address of documentation (RFC 5737); connecting a datagram socket sends nothing


def address() -> str:
    """This machine's address in its network. Raises Trouble when it has none, or one of the open internet."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(ELSEWHERE)
            return private(str(probe.getsockname()[0]))
        except OSError:
            raise Trouble("LAN=1: this machine is in no network; leave LAN away to run at localhost only.") from None


def private(found: str) -> str:
    """`found` if it belongs to a private network. Raises Trouble."""
    if not ipaddress.ip_address(found).is_private:
        raise Trouble(f"LAN=1: {found} is no address of a private network, and this system is for development.")
    return found


def code(url: str) -> str:
    """The address as a QR code made of blocks that a terminal can show."""
    text = io.StringIO()
    segno.make(url, error="l").terminal(text, compact=True)
    return text.getvalue()
