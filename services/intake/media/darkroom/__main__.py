"""The porter: fetches the pieces of one upload, has them developed, stores the renditions.

    python -m services.intake.media.darkroom < order
    → one line of JSON: {"state": "ready", …} or {"state": "refused", "reason": …}

Any exit code but 0 means that nothing was decided and the file may be tried again; STORE_AWAY, that the file was not
to blame.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NoReturn

from services.intake.domain import file_type
from services.intake.domain.media import RENDITIONS, Kind, Reason
from services.intake.domain.media_keys import piece_keys, rendition_key
from services.intake.domain.upload_rules import check_type
from services.intake.media.darkroom import order as orders
from services.intake.media.darkroom.confine import die_with_parent
from services.intake.media.darkroom.order import STORE_AWAY, Order
from services.intake.media.objects import chosen as object_store
from services.intake.media.objects.port import ObjectMissing, Objects, StoreUnavailable

ROOT = Path(__file__).parents[4]


def main() -> int:
    """Handles the one order on stdin."""
    die_with_parent()
    signal.signal(signal.SIGTERM, _leave)
    order = orders.read(sys.stdin.read())
    if order.kind is Kind.VIDEO and not shutil.which("ffmpeg"):
        print("ffmpeg is missing", file=sys.stderr)
        return STORE_AWAY
    try:
        with tempfile.TemporaryDirectory(prefix="lianxin-darkroom-") as folder:
            json.dump(handle(order, object_store.opened(order.store), Path(folder)), sys.stdout)
    except StoreUnavailable as error:
        print(f"the object store does not answer: {error}", file=sys.stderr)
        return STORE_AWAY
    return 0


def handle(order: Order, store: Objects, folder: Path) -> dict[str, Any]:
    """What became of the file. Raises CalledProcessError, TimeoutExpired, StoreUnavailable: it may be tried again."""
    reason = _fetch(order, store, folder / "source") or _inspect(order.kind, folder / "source")
    if reason:
        return {"state": "refused", "reason": reason}
    found = _develop(order, folder)
    if "reason" in found:
        return {"state": "refused", "reason": found["reason"]}
    return {"state": "ready", **found, "sizes": _store(order.id, order.kind, store, folder)}


def _fetch(order: Order, store: Objects, source: Path) -> Reason | None:
    try:
        with source.open("wb") as file:
            for key in piece_keys(order.id, order.ends):
                for piece in store.stream(key):
                    file.write(piece)
    except ObjectMissing:
        return Reason.DAMAGED
    return None if source.stat().st_size == order.size else Reason.DAMAGED


def _inspect(kind: Kind, source: Path) -> Reason | None:
    with source.open("rb") as file:
        head = file.read(file_type.HEAD)
        file.seek(-min(file_type.TAIL, source.stat().st_size), os.SEEK_END)
        tail = file.read()
    return check_type(kind, head) or (Reason.TWO_FACED if file_type.pretends(head, tail) else None)


def _develop(order: Order, folder: Path) -> dict[str, Any]:
    with (folder / "source").open("rb") as file:
        type_ = file_type.of(file.read(file_type.HEAD))
    request: dict[str, Any] = {"folder": str(folder), "kind": order.kind, "type": type_, "consent": order.consent}
    request |= {"longest": order.longest, "cpu_seconds": 2 * order.seconds}
    environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [sys.executable, "-m", "services.intake.media.darkroom.confined"],
        input=json.dumps(request).encode(),
        stdout=subprocess.PIPE,
        env=environment,
        cwd=ROOT,
        timeout=order.seconds,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _store(id_: str, kind: Kind, store: Objects, folder: Path) -> dict[str, int]:
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
