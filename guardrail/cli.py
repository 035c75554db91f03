"""The command line: arguments to command to exit code, and the only place where errors are caught.

`EXIT_CODES` has what it returns.
"""

import os
import sys
import typing
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from types import ModuleType

from guardrail import __version__, output
from guardrail.commands import base
from guardrail.commands.base import COMMANDS
from guardrail.errors import GuardrailError, did_you_mean
from guardrail.later import Later, instead
from guardrail.signals import INTERRUPTED

OVERVIEW = f"""\
guardrail {__version__}: what SageMaker inference will cost a month, and what is wrong
with it, before it is deployed

usage: guardrail COMMAND [ARGUMENTS]

commands:
{{commands}}

start here:
  terraform plan -out plan.bin && terraform show -json plan.bin > plan.json
  guardrail check plan.json        cost, findings; exit 1 where one is violated
  terraform show -json plan.bin | guardrail check -
  guardrail check plan.json --format table --format json=report.json
  guardrail policies explain async-scales-to-zero
  guardrail COMMAND --help                   every command teaches by example

options:
  -h, --help     show this
  -V, --version  show the version

documentation: docs/usage.md
"""

_LONGEST_PATH, _SHOWN = 4_096, 200
"""Characters."""

NO_ANSWER, BUG, NOBODY_READS = 2, 70, 141
EXIT_CODES = {
    0: "nothing at or above `--fail-on`; of other commands: it is done",
    1: "a policy or a budget is violated; of `prices verify`: AWS lists something else; of `policies`: one is wrong",
    NO_ANSWER: "no answer: wrong arguments, unreadable input, an invalid policy or settings file, a plan that failed",
    3: "only with `--strict`: the answer rests on something unknown or unpriced",
    BUG: "a bug in guardrail, or no memory left; `GUARDRAIL_DEBUG=1` shows where",
    INTERRUPTED: "interrupted",
    NOBODY_READS: "whoever read the output has gone, as `head` does",
}
"""What each means. Where several apply to a check: 70, then 2, 1, 3, 0."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; without ``argv`` that of the process."""
    is_full = False
    try:
        code = _guarded(sys.argv[1:] if argv is None else argv)
    except MemoryError:
        code, is_full = BUG, True
    if is_full:  # said here, where what filled the memory is gone
        output.say("guardrail: out of memory")
        output.say("hint: check a part of it at a time")
    return code


def _guarded(argv: Sequence[str]) -> int:
    """The exit code of a command, whatever goes wrong, but for a lack of memory."""
    try:
        code = _run(argv)
        if sys.stdout is not None:
            sys.stdout.flush()
    except GuardrailError as failure:
        code = _no_answer(failure)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except OSError as failure:  # a full disk, an input that went away: the machine's doing, not ours
        output.silence(sys.stdout)
        if output.reader_has_left(failure):
            return NOBODY_READS
        what = "the working directory" if isinstance(failure, FileNotFoundError) else "output"  # where nothing is named
        code = _no_answer(GuardrailError(f"{failure.filename or what}: {failure.strerror or failure}"))
    except MemoryError:
        raise
    except Exception as failure:  # noqa: BLE001 - the boundary: whatever was not foreseen is a bug, said in one line
        code = _bug(failure)
    return code


def _run(argv: Sequence[str]) -> int:
    name = argv[0] if argv else None
    if name in ("-h", "--help"):
        print(overview(), end="")
        return 0
    if name in ("-V", "--version"):
        print(f"guardrail {__version__}")
        return 0
    if name is None:
        for line in overview().splitlines():
            output.say(line)
        return NO_ANSWER
    if name not in COMMANDS:
        raise _not_a_command(name)
    _import_msgspec()
    try:
        arguments = base.parser(name).parse_args(argv[1:])
    except SystemExit:  # --help or --version has been printed
        return 0
    return base.load(name).run(arguments)


def _import_msgspec() -> None:
    """Import msgspec without what nobody asks of it here, which would take a sixth of a check of ten resources.

    `typing` has all that it takes from typing_extensions, no value that it reads or writes is a UUID, and JSON Schema
    and formats other than JSON are put off until somebody wants them. Whoever needs any of it later finds it, and a
    msgspec that asks more of it is imported where it is used. `datetime` is what its module takes from C, which from
    Python 3.12 on is all that it has. `typing` compiles a type that is written as text, as structs that hold their
    like have it, and the first call of `compile` makes the hundred classes of `ast`: left as text, it means the same to
    `eval`. That stays so for the whole run, since decoders of such structs are made where they are first wanted.
    """
    if "msgspec" in sys.modules:
        return
    uuid = ModuleType("uuid")
    uuid.UUID = uuid.SafeUUID = type("UUID", (), {"unknown": None})  # type: ignore[attr-defined]
    modules = {
        "typing_extensions": None,  # how Python is told that there is none
        "uuid": uuid,
        "msgspec._json_schema": Later("msgspec._json_schema", "schema", "schema_components"),
        **{name: Later(name) for name in ("msgspec.inspect", "msgspec.msgpack", "msgspec.toml", "msgspec.yaml")},
    }
    typing.compile = lambda text, *_: text  # type: ignore[attr-defined]
    with suppress(ImportError):
        sys.modules.setdefault("datetime", import_module("_datetime"))
    with suppress(ImportError, AttributeError), instead(modules):
        import msgspec  # noqa: F401


def overview() -> str:
    """What ``guardrail --help`` prints."""
    return OVERVIEW.format(commands="\n".join(f"  {name:<12} {summary}" for name, summary in COMMANDS.items()))


def _not_a_command(name: str) -> GuardrailError:
    if name.startswith("-"):
        return GuardrailError(f"unknown option {name!r} before a command", hint="guardrail --help")
    if os.path.exists(name) or name.endswith(".json"):
        return GuardrailError(f"{name!r} is not a command", hint=f"guardrail check {name}")
    return GuardrailError(f"there is no command {name!r}{did_you_mean(name, COMMANDS)}", hint="guardrail --help")


def _no_answer(failure: GuardrailError) -> int:
    output.say(f"guardrail: {_shortened(failure.message)}")
    if failure.hint:
        output.say(f"hint: {_shortened(failure.hint)}")
    return NO_ANSWER


def _shortened(text: str) -> str:
    """A text without the rest of each word that is too long to be the path of a file anywhere."""
    if len(text) <= _LONGEST_PATH:
        return text
    return " ".join(word if len(word) <= _LONGEST_PATH else f"{word[:_SHOWN]}…" for word in text.split(" "))


def _bug(failure: Exception) -> int:
    if os.environ.get("GUARDRAIL_DEBUG"):
        import traceback

        for line in "".join(traceback.format_exception(failure)).splitlines():
            output.say(line)
    first_line = (str(failure).splitlines() or [""])[0][:200]
    output.say(f"guardrail: a bug in guardrail: {type(failure).__name__}: {first_line}")
    output.say("hint: run it again with GUARDRAIL_DEBUG=1 and report what that prints")
    return BUG
