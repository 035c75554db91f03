"""A sign of life for people: a line on a terminal once work has taken a second, gone when the work is done."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TypeAlias

from guardrail.signals import tidy_end

DELAY_S = 1.0
Say: TypeAlias = Callable[[str], None]
"""Shows what is being done."""


class ProgressLine:
    """What is being done; work of several steps says which one it is at."""

    def __init__(self, text: str) -> None:
        self.text = text

    def say(self, text: str) -> None:
        """Show ``text`` from now on."""
        self.text = text


@contextmanager
def progress(what: str, *, delay_s: float = DELAY_S) -> Iterator[ProgressLine]:
    """Show ``what`` and the seconds it takes on standard error, after ``delay_s`` and only where that is a terminal."""
    status = ProgressLine(what)
    if sys.stderr is None or not sys.stderr.isatty():
        yield status
        return
    import threading

    started, done = monotonic(), threading.Event()

    def show() -> None:
        pause = delay_s
        while not done.wait(pause):
            sys.stderr.write(f"\r\x1b[K{status.text} … {monotonic() - started:.0f} s")
            sys.stderr.flush()
            pause = 1.0
        wipe()

    def wipe() -> None:
        if monotonic() - started >= delay_s:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    thread = threading.Thread(target=show, daemon=True)
    thread.start()
    try:
        with tidy_end(wipe):
            yield status
    finally:
        done.set()
        thread.join()
