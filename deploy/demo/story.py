"""What the demonstration says: scenes, sentences and a progress line on a terminal, plain lines elsewhere."""

import sys
import threading
import time

PLAIN_EVERY = 5.0  # seconds between progress lines where no terminal rewrites them


class Story:
    """Speaks on standard output; safe to use from several threads."""

    def __init__(self) -> None:
        self.terminal = sys.stdout.isatty()
        self._began = time.monotonic()
        self._lock = threading.Lock()
        self._unfinished = False
        self._said = 0.0

    @property
    def seconds(self) -> float:
        """Since the story began."""
        return time.monotonic() - self._began

    def scene(self, mark: str, title: str, english: str) -> None:
        self.say("")
        self.say(self._bold(f"({mark}) {title}") + f"  {english}  [{self.seconds:.0f} s]")

    def say(self, text: str = "") -> None:
        with self._lock:
            if self._unfinished:
                sys.stdout.write("\r\033[K")
                self._unfinished = False
            sys.stdout.write(text + "\n")
            sys.stdout.flush()

    def progress(self, text: str) -> None:
        """Rewrites one line of the terminal; elsewhere a plain line now and then."""
        if self.terminal:
            with self._lock:
                sys.stdout.write(f"\r\033[K    {text}")
                sys.stdout.flush()
                self._unfinished = True
        elif time.monotonic() - self._said > PLAIN_EVERY:
            self._said = time.monotonic()
            self.say(f"    {text}")

    def _bold(self, text: str) -> str:
        return f"\033[1m{text}\033[0m" if self.terminal else text
