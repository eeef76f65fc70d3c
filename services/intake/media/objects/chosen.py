"""Which object store the settings name."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from services.intake.media.objects.port import Folder, Objects


def opened(place: Mapping[str, Any]) -> Objects:
    """The store at `place`: `{"folder": path}`, or `{"bucket": {name, endpoint, …}}`."""
    if "folder" in place:
        return Folder(Path(place["folder"]))
    from services.intake.media.objects.bucket import Bucket  # not loaded when a folder is used

    return Bucket(**place["bucket"])
