"""What notify may be told about how to reach a resident: only what the purpose needs (PIPL art. 6)."""

from collections.abc import Mapping

from services.intake.domain.identity import Writer
from services.intake.errors import TooManyCases, UnknownPurpose

MOST = 500

# Purpose → fields given out. Purposes are the reader's templates to residents.
PURPOSES: Mapping[str, tuple[str, ...]] = {
    "received": ("mobile", "query_code"),
    "promised": ("mobile",),
    "reopened": ("mobile",),
    "closed": ("mobile",),
    "withdrawn": ("mobile",),
}


def fields_for(purpose: str, asked: int) -> tuple[str, ...]:
    """The fields given out for this purpose. Raises UnknownPurpose, and TooManyCases above 500."""
    if asked > MOST:
        raise TooManyCases(most=MOST)
    if purpose not in PURPOSES:
        raise UnknownPurpose(purposes=sorted(PURPOSES))
    return PURPOSES[purpose]


def contact(writer: Writer, fields: tuple[str, ...]) -> dict[str, str] | None:
    """What is given out about one writer; None if the writer left no telephone."""
    if writer.mobile is None:
        return None
    return {field: getattr(writer, field) for field in fields}
