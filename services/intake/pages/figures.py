"""Photos and videos as a page shows them."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.intake.domain.media import Media, Stage, State, alt, status_sentence

STAGE_NAMES = {Stage.LETTER: "来信", Stage.SUPPLEMENT: "补充", Stage.WORK: "办理"}


@dataclass(frozen=True, slots=True)
class Figure:
    """One file on a page: its alternative text, and one sentence about its state."""

    media: Media
    alt: str
    status: str
    stage: str

    @property
    def ready(self) -> bool:
        return self.media.state is State.READY


def figures(files: Sequence[Media]) -> list[Figure]:
    """Files as a template shows them, numbered from 1."""
    return [
        Figure(each, alt(each, n), status_sentence(each), STAGE_NAMES[each.stage or Stage.LETTER])
        for n, each in enumerate(files, 1)
    ]
