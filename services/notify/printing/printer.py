"""Orders to the printer, which is a child process (services/notify/printing/typeset.py)."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

DEADLINE_SECONDS = 30


class PrinterFailed(Exception):
    """The child ended badly or not in time; the text says which, and the last line it wrote."""


def print_letters(
    folder: Path, contents: Sequence[Mapping[str, Any]], seconds: float = DEADLINE_SECONDS
) -> dict[str, str]:
    """Lays each letter into its unit's tray below `folder`; the SHA-256 of each file by the letter's number.

    Raises PrinterFailed. Printing again what was printed before changes nothing.
    """
    order = json.dumps({"folder": str(folder.resolve()), "letters": list(contents)}, ensure_ascii=False)
    command = [sys.executable, "-m", "services.notify.printing.typeset"]
    try:
        child = subprocess.run(command, input=order.encode(), capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise PrinterFailed(f"not ready after {seconds:g} s") from None
    if child.returncode != 0:
        last = child.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise PrinterFailed(f"ended with {child.returncode}: {last}")
    return {each["number"]: each["sha256"] for each in json.loads(child.stdout)}
