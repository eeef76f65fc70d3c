"""Another system of the city: a stock Nameko service that knows nothing of this project but a name and a type."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nameko.events import event_handler


class Library:
    """Writes down what it hears, a line each, in the file that HEARD names."""

    name = "library"

    @event_handler("intake", "case.accepted")
    def note(self, payload: Mapping[str, Any]) -> None:
        with Path(os.environ["HEARD"]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(payload, ensure_ascii=False) + "\n")
