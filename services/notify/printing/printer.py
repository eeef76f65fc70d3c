"""The printer, a child process that sets letters as PDF (services/notify/printing/typeset.py)."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

DEADLINE_SECONDS = 30


class PrinterFailed(Exception):
    """The child process failed or timed out; the text says which, with the last line it wrote."""


def print_letters(
    folder: Path, contents: Sequence[Mapping[str, Any]], seconds: float = DEADLINE_SECONDS
) -> dict[str, str]:
    """Prints each letter to its unit's folder below `folder`; returns the SHA-256 of each file by letter number.

    Raises PrinterFailed, also if it takes longer than `seconds`. Printing a letter again makes the same file.
    """
    order = json.dumps({"folder": str(folder.resolve()), "letters": list(contents)}, ensure_ascii=False)
    command = [sys.executable, "-m", "services.notify.printing.typeset"]
    try:
        child = subprocess.run(command, input=order.encode(), capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise PrinterFailed(f"timed out after {seconds:g} s") from None
    if child.returncode != 0:
        last = child.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise PrinterFailed(f"exit code {child.returncode}: {last}")
    return {each["number"]: each["sha256"] for each in json.loads(child.stdout)}
