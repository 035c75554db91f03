"""``guardrail``, as a process of its own: from its first line on, Ctrl-C ends it without a traceback."""

import signal
import sys


def main() -> int:
    """Run the command line, and return its exit code.

    While modules are imported, an interrupt ends the process at once: raised there, KeyboardInterrupt would end in a
    traceback, for example in a callback of the import system, which nobody can catch. Who ignores interrupts, as a job
    in the background of a shell does, goes on ignoring them.
    """
    heeds = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if heeds:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from guardrail.cli import main as run

    try:
        if heeds:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        return run()
    except KeyboardInterrupt:  # in the instant before `run` catches it itself, or after
        return 130
    except MemoryError:  # where there is not even enough to say so; 1 would say that a policy is violated
        return 70
    finally:
        if heeds:
            signal.signal(
                signal.SIGINT, signal.SIG_DFL
            )  # the answer is given, and leaving takes the interpreter a while


if __name__ == "__main__":
    sys.exit(main())
