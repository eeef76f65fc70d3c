"""The process that meets strangers' bytes: limited, without network, without secrets.

    python -m services.intake.media.darkroom.confined < {"folder": "…", "kind": "photo", "consent": true, …}
    → one line of JSON: {"width": …} or {"reason": "damaged"}

It reads `source` in the folder and writes the renditions beside it.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from services.intake.domain.file_type import FileType
from services.intake.media.darkroom.confine import confine
from services.intake.media.darkroom.result import Refused, Result


def main() -> int:
    """Develops one file; any exit code but 0 means that the attempt could not be finished."""
    order = json.load(sys.stdin)
    confine(order["cpu_seconds"])
    try:
        json.dump(asdict(_develop(order, Path(order["folder"]))), sys.stdout)
    except Refused as refused:
        json.dump({"reason": refused.reason}, sys.stdout)
    return 0


def _develop(order: dict[str, object], folder: Path) -> Result:
    consent = bool(order["consent"])
    if order["kind"] == "photo":
        from services.intake.media.darkroom import photo

        return photo.develop(folder / "source", folder, consent)
    from services.intake.media.darkroom import video

    return video.develop(folder / "source", folder, consent, FileType(str(order["type"])), float(str(order["longest"])))


if __name__ == "__main__":
    sys.exit(main())
