"""The porter: fetches the pieces of one upload, has them developed, stores what came out.

    python -m services.intake.media.darkroom < order
    → one line of JSON: {"state": "ready", …} or {"state": "refused", "reason": …}

An exit code other than 0 says that nothing was decided and trying again is right; AWAY, that the file was not to blame.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from services.intake.domain import file_type
from services.intake.domain.media import RENDITIONS, Kind, Reason, check_type
from services.intake.domain.media_keys import piece_keys, rendition_key
from services.intake.media.darkroom.confine import die_with_parent
from services.intake.media.objects import chosen as object_store
from services.intake.media.objects.port import ObjectMissing, Objects, StoreUnavailable

AWAY = 75
"""Exit code when the object store does not answer, or a program of ours is missing."""
ROOT = Path(__file__).parents[4]


def main() -> int:
    """Handles the one order on stdin."""
    die_with_parent()
    signal.signal(signal.SIGTERM, _leave)
    order = json.load(sys.stdin)
    if order["kind"] == Kind.VIDEO and not shutil.which("ffmpeg"):
        print("ffmpeg is missing", file=sys.stderr)
        return AWAY
    try:
        with tempfile.TemporaryDirectory(prefix="lianxin-darkroom-") as folder:
            json.dump(handled(order, object_store.opened(order["store"]), Path(folder)), sys.stdout)
    except StoreUnavailable as error:
        print(f"the object store does not answer: {error}", file=sys.stderr)
        return AWAY
    return 0


def handled(order: Mapping[str, Any], store: Objects, folder: Path) -> dict[str, Any]:
    """What became of the file. Raises CalledProcessError, TimeoutExpired, StoreUnavailable: try again."""
    kind = Kind(order["kind"])
    reason = _fetched(order, store, folder / "source") or _looked_at(kind, folder / "source")
    if reason:
        return {"state": "refused", "reason": reason}
    found = _developed(order, folder)
    if "reason" in found:
        return {"state": "refused", "reason": found["reason"]}
    return {"state": "ready", **found, "sizes": _stored(order["id"], kind, store, folder)}


def _fetched(order: Mapping[str, Any], store: Objects, source: Path) -> Reason | None:
    try:
        with source.open("wb") as file:
            for key in piece_keys(order["id"], order["ends"]):
                for piece in store.stream(key):
                    file.write(piece)
    except ObjectMissing:
        return Reason.DAMAGED
    return None if source.stat().st_size == order["size"] else Reason.DAMAGED


def _looked_at(kind: Kind, source: Path) -> Reason | None:
    with source.open("rb") as file:
        head = file.read(file_type.HEAD)
        file.seek(-min(file_type.TAIL, source.stat().st_size), os.SEEK_END)
        tail = file.read()
    return check_type(kind, head) or (Reason.TWO_FACED if file_type.pretends(head, tail) else None)


def _developed(order: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    with (folder / "source").open("rb") as file:
        type_ = file_type.of(file.read(file_type.HEAD))
    told = {"folder": str(folder), "kind": order["kind"], "type": type_, "consent": order["consent"]}
    told |= {"longest": order["longest"], "cpu_seconds": 2 * order["seconds"]}
    bare = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [sys.executable, "-m", "services.intake.media.darkroom.confined"],
        input=json.dumps(told).encode(),
        stdout=subprocess.PIPE,
        env=bare,
        cwd=ROOT,
        timeout=order["seconds"],
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _stored(id_: str, kind: Kind, store: Objects, folder: Path) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for rendition, (name, _) in RENDITIONS[kind].items():
        with (folder / name).open("rb") as file:
            store.put(rendition_key(id_, kind, rendition), file)
        sizes[rendition] = (folder / name).stat().st_size
    return sizes


def _leave(*_: object) -> NoReturn:
    raise SystemExit(1)


if __name__ == "__main__":
    sys.exit(main())
