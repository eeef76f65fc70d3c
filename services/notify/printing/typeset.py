"""Typesets letters as PDF, in a process of its own, since it would block every loop of the worker.

    python -m services.notify.printing.typeset < {"folder": "…", "letters": [content, …]}
    → one line of JSON on stdout: [{"number": "…", "sha256": "…"}, …]

Each file is written under a temporary name, synced and renamed: a reader sees the whole letter or nothing.
"""

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from services.notify.printing import page as letter_page


def typeset(content: Mapping[str, str]) -> bytes:
    """The letter as PDF; the same content gives the same bytes."""
    from weasyprint import HTML

    pdf: bytes = HTML(string=letter_page.html(content), base_url=None).write_pdf(pdf_identifier=b"")
    return pdf


def write_pdf(folder: Path, content: Mapping[str, str]) -> str:
    """Writes the PDF to the folder of the letter's unit and returns its SHA-256."""
    pdf, path = typeset(content), folder / letter_page.file_name(content)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("wb") as file:
        file.write(pdf)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)
    _sync_folder(path.parent)
    return hashlib.sha256(pdf).hexdigest()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def main() -> int:
    """Reads the letters from stdin, prints them, and writes their hashes to stdout."""
    order = json.load(sys.stdin)
    folder = Path(order["folder"])
    printed = [{"number": each["number"], "sha256": write_pdf(folder, each)} for each in order["letters"]]
    json.dump(printed, sys.stdout, ensure_ascii=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
