"""The keys of the object store under which a file's bytes are stored."""

from collections.abc import Sequence
from itertools import pairwise

from services.intake.domain.media import RENDITIONS, Kind


def pieces_below(id_: str) -> str:
    """The prefix of everything that is deleted once the file has been developed."""
    return f"uploads/{id_}"


def renditions_below(id_: str) -> str:
    return f"media/{id_}"


def piece_key(id_: str, start: int, end: int) -> str:
    """One piece of an upload. The end is part of the key: of two pieces for one offset, only the recorded is read."""
    return f"{pieces_below(id_)}/{start:09}-{end:09}"


def piece_keys(id_: str, ends: Sequence[int]) -> list[str]:
    return [piece_key(id_, start, end) for start, end in pairwise([0, *ends])]


def rendition_key(id_: str, kind: Kind, rendition: str) -> str:
    return f"{renditions_below(id_)}/{RENDITIONS[kind][rendition][0]}"
