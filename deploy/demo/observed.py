"""OBSERVE=1: a real Prometheus watches the demo; at the end every panel of the dashboards must have something to show.

The play is as always but for what no letter of the demo brings: somebody uploads a photo, before it and after it.
"""

import base64
import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import requests
from PIL import Image

from deploy.demo.stage import Stuck
from deploy.demo.story import Story
from deploy.grafana.asking import Prometheus, Proof, prove, told
from deploy.machine import interrupt
from deploy.machine.folder import Folder
from deploy.observe.monitoring import Monitoring

SECONDS = 120.0  # from the end of the play until every panel must have an answer: rates need two looks
LOOK_EVERY = 5.0
Check = Callable[[], int]


@contextmanager
def observed(folder: Folder, origin: str, story: Story, wanted: bool) -> Iterator[Check]:
    """Has the system in `folder` watched; the check at the end gives the exit code. Does nothing unless `wanted`."""
    if not wanted:
        yield lambda: 0
        return
    monitoring = Monitoring(folder)
    try:
        monitoring.start()
        story.say(f"  Prometheus 在看 is watching: {monitoring.url('prometheus')}")
        upload(origin, _photo())
        yield lambda: check(monitoring.url("prometheus"), origin, story)
    finally:
        with interrupt.cleanly():
            monitoring.stop()


def check(url: str, origin: str, story: Story) -> int:
    """Ask until nothing is missing, say what was found; 1 if something is missing at last. Raises Stuck."""
    upload(origin, _photo())  # what a series begins with is no rise: only the second one has a duration
    prometheus, began = Prometheus(url), time.monotonic()
    try:
        proof = complete(prometheus, SECONDS)
    finally:
        prometheus.close()
    for line in told(proof):
        story.say(f"  {line}")
    story.say(f"  看板 dashboards: asked {time.monotonic() - began:.1f} s after the play")
    return 1 if proof.missing else 0


def complete(prometheus: Prometheus, seconds: float) -> Proof:
    """The proof as soon as nothing is missing, or as it is after `seconds`."""
    deadline, proof = time.monotonic() + seconds, prove(prometheus)
    while proof.missing and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY)
        proof = prove(prometheus)
    return proof


def upload(origin: str, body: bytes) -> None:
    """Sends a photo in one piece, as a resident's browser does before the letter itself. Raises Stuck."""
    about = ",".join(
        f"{key} {base64.b64encode(value).decode()}" for key, value in (("kind", b"photo"), ("consent", b"0"))
    )
    tus = {"Tus-Resumable": "1.0.0"}
    begun = requests.post(
        f"{origin}/uploads", headers=tus | {"Upload-Length": str(len(body)), "Upload-Metadata": about}, timeout=30
    )
    if begun.status_code != 201:
        raise Stuck(f"a photo was not taken: {begun.status_code} {begun.text[:200]}")
    piece = {"Upload-Token": begun.json()["token"], "Upload-Offset": "0"}
    piece |= tus | {"Content-Type": "application/offset+octet-stream"}
    sent = requests.patch(f"{origin}/uploads/{begun.json()['id']}", data=body, headers=piece, timeout=30)
    if sent.status_code != 204:
        raise Stuck(f"a photo was not taken whole: {sent.status_code} {sent.text[:200]}")


def _photo() -> bytes:
    written = io.BytesIO()
    Image.effect_mandelbrot((640, 480), (-2, -1.5, 1, 1.5), 50).convert("RGB").save(written, "JPEG")
    return written.getvalue()
