"""What a service does in its image that only its own packages make possible, tried with its own programs."""

from collections.abc import Callable

from deploy.images.container import Container
from deploy.machine.trouble import Trouble

Proof = Callable[[Container], str]

# Everything happens in the container: files made there, by the libraries that are there, in the memory of /tmp.
DARKROOM = """
import json, pathlib, subprocess, sys
from PIL import Image
from pillow_heif import register_heif_opener
register_heif_opener()
def develop(kind, type_, source, **more):
    folder = pathlib.Path("/tmp") / type_; folder.mkdir()
    source(folder / "source")
    order = {"folder": str(folder), "kind": kind, "type": type_, "consent": True, "longest": 60, "cpu_seconds": 60}
    command = [sys.executable, "-m", "services.intake.media.darkroom.confined"]
    done = subprocess.run(command, input=json.dumps(order).encode(), stdout=subprocess.PIPE, check=True)
    print(kind, type_, json.loads(done.stdout), *sorted(p.name for p in folder.iterdir()))
picture = Image.effect_noise((1600, 1200), 40).convert("RGB")
film = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=640x480:duration=2", "-pix_fmt", "yuv420p"]
develop("photo", "jpeg", lambda path: picture.save(path, "JPEG"))
develop("photo", "heic", lambda path: picture.save(path, "HEIF"))
develop("video", "mp4", lambda path: subprocess.run([*film, "-f", "mp4", "-y", str(path)], check=True))
"""
LETTER = """
import sys
from weasyprint import HTML
page = '<p style="font-family: Noto Serif CJK SC">预警函 <b style="font-family: Noto Sans CJK SC">连心</b>'
sys.exit(0 if HTML(string=page).write_pdf().startswith(b"%PDF") else 1)
"""


def darkroom(container: Container) -> str:
    """Photos and a video are developed by the confined process."""
    told = container.run(["-c", DARKROOM], entrypoint=["python"])
    if told.count("file.") != 3:
        raise Trouble(f"intake's darkroom did not develop everything:\n{told}")
    return "develops JPEG, HEIC and MP4"


def letter(container: Container) -> str:
    """A page in Chinese is typeset with the fonts of the image."""
    found = container.run(["-c", "fc-match 'Noto Serif CJK SC'; fc-match 'Noto Sans CJK SC'"], entrypoint=["sh"])
    if found.count("NotoSerifCJK") != 1 or found.count("NotoSansCJK") != 1:
        raise Trouble(f"notify's image lacks the fonts of the letters:\n{found}")
    container.run(["-c", LETTER], entrypoint=["python"])
    return "typesets with Noto CJK"


PROOFS: dict[str, Proof] = {"intake": darkroom, "notify": letter}
