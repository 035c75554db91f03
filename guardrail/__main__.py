"""``guardrail``, as a process of its own: from its first line on, Ctrl-C ends it without a traceback."""

import _signal as signal  # type: ignore[import-not-found] # `signal` takes 5 ms, in which Ctrl-C is a traceback
import atexit
import gc
import os
import sys


def main() -> int:
    """Run the command line, and end the process with its exit code; under a profiler or a debugger, return it."""
    gc.disable()  # a run is over before a collection could pay off
    code = _run()
    return code if sys.getprofile() or sys.gettrace() else _leave(code)


def _run() -> int:
    """The exit code of the command line.

    While modules are imported, an interrupt ends the process at once, and afterwards as `guardrail.signals` has it:
    raised, KeyboardInterrupt would end in a traceback, for example in a callback of the import system, which nobody can
    catch. Who ignores interrupts, as a job in the background of a shell does, goes on ignoring them.
    """
    heeds = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if heeds:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from guardrail.cli import main as run
    from guardrail.signals import end

    if heeds:
        signal.signal(signal.SIGINT, end)
    try:
        return run()
    except MemoryError:  # where there is not even enough to say so; 1 would say that a policy is violated
        return 70


def _leave(code: int) -> int:
    """End the process here, without taking the interpreter apart, object by object: the system has it all back at once.

    What others asked for at the end still happens, so that coverage is measured. Every file that was written is closed
    by now, and `guardrail.cli` has seen standard output flushed, or its exit code says that it could not be.
    """
    from contextlib import suppress

    atexit._run_exitfuncs()  # noqa: SLF001 - what the interpreter itself calls here
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            if stream is not None:
                stream.flush()
    os._exit(code)


if __name__ == "__main__":
    sys.exit(main())
