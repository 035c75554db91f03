"""What a command is, which there are, and the parser they share."""

from collections.abc import Iterable, Sequence
from importlib import import_module
from types import SimpleNamespace
from typing import Any, NoReturn, Protocol, cast

from guardrail import __version__
from guardrail.errors import GuardrailError, did_you_mean
from guardrail.later import instead
from guardrail.output import terminal_width, write_stdout

_ENGLISH = SimpleNamespace(gettext=str, ngettext=lambda one, several, count: one if count == 1 else several)
with instead({"gettext": _ENGLISH}):  # to look for its texts in other languages takes 3 ms of a start
    from argparse import SUPPRESS, Action, ArgumentError, ArgumentParser, Namespace, RawDescriptionHelpFormatter

KEPT: list[object] = []
"""What a command leaves to the end of its process: taking a report apart takes a hundredth of a check."""

COMMANDS = {
    "check": "price Terraform or CloudFormation and hold it against policies",
    "fix": "edit source so that findings are gone, proven, as a patch",
    "explain": "explain one endpoint: its cost, its scaling, what to run instead",
    "policies": "list, explain, validate and test policies",
    "prices": "refresh, show, list, compare and verify price tables",
    "bills": "ask exports of the AWS bill what was really billed",
    "utilization": "collect evidence of what endpoints really did, for a check",
    "reconcile": "say why an estimate and the month that was billed differ",
    "comment": "keep one comment on a pull request up to date",
    "action": "run as a step of GitHub Actions",
    "init": "write a commented .guardrail.yml to start from",
    "usage": "write a usage file with what usage is about, to fill in",
    "schema": "print the JSON Schema of a report or of a file",
    "completion": "print a completion script for your shell",
}
"""Each verb with the first line of its module's HELP, repeated here so that an overview imports none of them."""


_MEANT = {
    **dict.fromkeys(("--exit-zero", "--soft-fail", "--no-fail", "--warn-only"), "--fail-on never"),
    **dict.fromkeys(("--select", "--check", "--rule"), "--policy"),
    **dict.fromkeys(("--ignore", "--skip-check", "--exclude-rule"), "--skip-policy"),
    **dict.fromkeys(("-o", "--out", "--output", "--output-file"), "--format FORMAT=FILE"),
    **dict.fromkeys(("-f", "--output-format"), "--format"),
    "--json": "--format json",
    **dict.fromkeys(("none", "off", "no"), "never"),
    **dict.fromkeys(("critical", "high"), "error"),
    **dict.fromkeys(("medium", "warn"), "warning"),
    **dict.fromkeys(("low", "info"), "note"),
    **dict.fromkeys(("text", "txt", "console"), "table"),
    "md": "markdown",
    "codeclimate": "gitlab",
}
"""What other tools call it, with what it is here; a hint where that is among what can be said in its place."""


def meant(word: str, known: Iterable[str]) -> str:
    """``, did you mean X?`` by meaning, else by spelling; empty where neither knows.

    ``--exit-zero`` is ``--fail-on never``, and ``--fial-on`` is ``--fail-on``.
    """
    known = list(known)
    here = _MEANT.get(word) or _MEANT.get(word[:2])  # -oreport.json
    return f", did you mean {here}?" if here and here.split()[0] in known else did_you_mean(word, known)


def add_format(parser: ArgumentParser) -> None:
    """Declare how a list is printed."""
    parser.add_argument("--format", choices=("table", "json"), default="table", help="default: table")


def write_json(value: object) -> None:
    """Lists, mappings and Structs as JSON on standard output; amounts are texts without exponents, as in reports."""
    import json
    from decimal import Decimal

    import msgspec

    plain = msgspec.to_builtins(value, builtin_types=(Decimal,))
    text = json.dumps(plain, indent=2, ensure_ascii=False, default=lambda amount: f"{amount:f}")
    write_stdout(f"{text}\n", for_machines=True)


class Command(Protocol):
    """What a module of `guardrail.commands` offers."""

    HELP: str

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the command's own arguments."""

    def run(self, arguments: Any) -> int:
        """Do it, and return the exit code."""


def load(name: str) -> Command:
    """The module of the command called ``name``."""
    return cast("Command", import_module(f"guardrail.commands.{name}"))


def parser(name: str) -> "Parser":
    """The parser of one command."""
    command = load(name)
    page = f"documentation: docs/usage.md#guardrail-{name}"
    made = Parser(prog=f"guardrail {name}", description=command.HELP, epilog=page)
    command.add_arguments(made)
    return made


def as_check(paths: Iterable[str], arguments: Namespace, names: Iterable[str]) -> Namespace:
    """The arguments of a check of ``paths`` with these of another command, which declares them as a check does."""
    checked: Namespace = parser("check").parse_args(["--", *paths])
    for name in names:
        setattr(checked, name, getattr(arguments, name))
    return checked


class Parser(ArgumentParser):
    """An ArgumentParser whose errors are GuardrailErrors that know what was meant."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("formatter_class", _Help)
        options["allow_abbrev"] = False  # a pipeline written with an abbreviation breaks when a flag is added
        super().__init__(**options)
        self.add_argument("-V", "--version", action="version", version=f"guardrail {__version__}", help=SUPPRESS)

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Like ArgumentParser.parse_args, with a suggestion for a flag that does not exist."""
        arguments, unrecognized = self.parse_known_args(args, namespace)
        if unrecognized:
            word = unrecognized[0].partition("=")[0]
            kind = "option" if word.startswith("-") else "argument"
            self.error(f"unknown {kind} {word!r}{meant(word, self._flags(arguments))}")
        return arguments

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Like ArgumentParser.parse_known_args, with inputs and options in any order.

        argparse takes the inputs of the first place that has any, and knows no others. Its own
        ``parse_intermixed_args`` loses a ``--`` in Python 3.11, and is not for commands with actions.
        """
        if args is not None and not any(isinstance(action.choices, dict) for action in self._actions):
            args = self._inputs_first(args)
        return super().parse_known_args(args, namespace)

    def _inputs_first(self, args: Sequence[str]) -> list[str]:
        """The arguments with all inputs before all options; behind ``--`` where that says which are inputs."""
        inputs: list[str] = []
        options: list[str] = []
        rest = iter(args)
        takes_value = False
        for word in rest:
            if word == "--":
                return [*options, "--", *inputs, *rest]
            is_option = len(word) > 1 and word.startswith("-") and not (takes_value and _is_negative(word))
            (options if is_option or takes_value else inputs).append(word)
            action = self._option_string_actions.get(word) if is_option else None
            takes_value = action is not None and action.nargs is None
        return [*inputs, *options]

    def _flags(self, arguments: Any) -> list[str]:
        """Every flag of this parser, and of the sub-parser that ``arguments`` have chosen."""
        known = list(self._option_string_actions)
        for action in self._actions:
            if isinstance(action.choices, dict):
                chosen = action.choices.get(getattr(arguments, action.dest, None))
                known += chosen._flags(arguments) if isinstance(chosen, Parser) else []  # noqa: SLF001 - one of us
        return known

    def _print_message(self, message: str, file: Any = None) -> None:
        """As argparse does, which takes a full disk for success."""
        print(message, end="", file=file)

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print and exit for."""
        raise GuardrailError(message, hint=f"{self.prog} --help")

    def _check_value(self, action: Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            known = [str(choice) for choice in action.choices]
            near = meant(str(value), known) or f", choose from {', '.join(known)}"
            raise ArgumentError(action, f"there is no {value!r}{near}")


def _is_negative(word: str) -> bool:
    """Whether argparse takes it for a number, which it is up to the option to refuse."""
    return word[1:2].isdecimal() or word[1:2] == "."


class _Help(RawDescriptionHelpFormatter):
    """Help at the width of the terminal, asked of the terminal itself: argparse imports shutil to ask."""

    def __init__(self, prog: str, **options: Any) -> None:
        options.setdefault("width", min(terminal_width(), 80) - 2)
        options.setdefault("max_help_position", 30)
        super().__init__(prog, **options)
