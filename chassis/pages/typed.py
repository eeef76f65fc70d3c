"""What people typed: sentences beside the fields at fault, and addresses that stay on this origin."""

from urllib.parse import urlsplit

from marshmallow import ValidationError

from chassis.errors import DomainError
from chassis.web import messages


def errors_of(error: ValidationError | DomainError, sentence: str = "") -> dict[str, str]:
    """Field → Chinese sentence, of a schema's or a command's refusal; `""` for what is about no field.

    A command's refusal needs its `sentence`; several sentences about one field are joined.
    """
    if isinstance(error, DomainError):
        return {error.field or "": sentence}
    found: dict[str, str] = {}
    for each in messages.flatten(error.messages):
        found[each["field"]] = "；".join(filter(None, (found.get(each["field"]), each["message"])))
    return found


def local(address: str | None, otherwise: str = "/") -> str:
    """`address` if it is a path on this origin, else `otherwise`: nobody is sent elsewhere by a link to us."""
    if not address or not address.startswith("/") or address.startswith("//") or not address.isprintable():
        return otherwise
    parts = urlsplit(address)
    return otherwise if "\\" in address or parts.scheme or parts.netloc else address
