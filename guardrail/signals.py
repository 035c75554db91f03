"""How a process ends that is told to: by Ctrl-C, a job that is cancelled, a terminal that is closed.

Python would raise an exception wherever it happens to be, also where nobody can bear one: `msgspec`, while it asks for
the types of a struct, ends in a segmentation fault. So the process ends where it is, once what must not stay is gone.
"""

import _signal as signal  # type: ignore[import-not-found] # `signal` makes three enumerations of it
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

INTERRUPTED = 130
"""The exit code after Ctrl-C, which shells give a process that the signal itself has ended, too."""
_UNDONE: list[Callable[[], object]] = []
"""What is done first, the last thing that was begun before the others."""


def end(number: int, _: object) -> NoReturn:
    """A handler: tidy up, and end the process as the signal would."""
    for undo in reversed(_UNDONE):
        with suppress(OSError):
            undo()
    if number != signal.SIGINT:
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
    os._exit(INTERRUPTED)


@contextmanager
def tidy_end(undo: Callable[[], object]) -> Iterator[None]:
    """Have ``undo`` done where a signal ends the process meanwhile. It may have been half done by then.

    A cancelled job gets SIGTERM, a closed terminal SIGHUP. Who handles or ignores them goes on doing so, and so does
    who works in another thread than the first, where Python hears no signals.
    """
    changed = []
    _UNDONE.append(undo)
    try:
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                with suppress(ValueError):
                    signal.signal(number, end)
                    changed.append(number)
        yield
    finally:
        for number in changed:
            signal.signal(number, signal.SIG_DFL)
        _UNDONE.remove(undo)


@contextmanager
def interruptible() -> Iterator[None]:
    """Have Ctrl-C raise KeyboardInterrupt, where it is caught to say what stands, or how to go on."""
    ends = signal.getsignal(signal.SIGINT) is end
    if ends:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        if ends:
            signal.signal(signal.SIGINT, end)
