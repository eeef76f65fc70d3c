"""How serious it is that files wait for the darkroom."""

from collections.abc import Mapping
from typing import Any

from chassis.operating.table import seconds
from chassis.operating.verdicts import Line, graded


def media(waiting: Mapping[str, Mapping[str, Any]]) -> Line:
    """One line on photos and videos. A ten-minute video may take a few minutes, so only a long wait is a problem."""
    files = ", ".join(f"{each['files']} {kind}s" for kind, each in waiting.items())
    oldest = max((each["oldest"] for each in waiting.values()), default=0.0)
    says = f"{files} wait, the oldest since {seconds(oldest)}" if files else "none wait"
    return graded("media", says, oldest, 300, 1800, "media-stuck")
