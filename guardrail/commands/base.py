"""What a command is, which there are, and the parser they share."""

from argparse import Action, ArgumentError, ArgumentParser, RawDescriptionHelpFormatter
from importlib import import_module
from typing import Any, NoReturn, Protocol, cast

from guardrail.errors import GuardrailError, did_you_mean
from guardrail.output import terminal_width

COMMANDS = {
    "check": "price a Terraform plan, its source or a CloudFormation template and hold it against the policies",
    "policies": "list, explain, validate and test policies",
    "prices": "refresh, show, list, compare and verify price tables",
    "comment": "keep one comment on a pull request up to date",
    "action": "run as a step of GitHub Actions",
    "init": "write a commented .guardrail.yml to start from",
    "completion": "print a completion script for your shell",
}
"""Each verb with the first line of its module's HELP, repeated here so that an overview imports none of them."""


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
    made = Parser(prog=f"guardrail {name}", description=command.HELP)
    command.add_arguments(made)
    return made


class Parser(ArgumentParser):
    """An ArgumentParser whose errors are GuardrailErrors that know what was meant."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("formatter_class", _Help)
        options["allow_abbrev"] = False  # a pipeline written with an abbreviation breaks when a flag is added
        super().__init__(**options)

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Like ArgumentParser.parse_args, with a suggestion for a flag that does not exist."""
        arguments, unrecognized = self.parse_known_args(args, namespace)
        if unrecognized:
            word = unrecognized[0].partition("=")[0]
            kind = "option" if word.startswith("-") else "argument"
            self.error(f"unknown {kind} {word!r}{did_you_mean(word, self._flags(arguments))}")
        return arguments

    def _flags(self, arguments: Any) -> list[str]:
        """Every flag of this parser, and of the sub-parser that ``arguments`` have chosen."""
        known = list(self._option_string_actions)
        for action in self._actions:
            if isinstance(action.choices, dict):
                chosen = action.choices.get(getattr(arguments, action.dest, None))
                known += chosen._flags(arguments) if isinstance(chosen, Parser) else []  # noqa: SLF001 - one of us
        return known

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print and exit for."""
        raise GuardrailError(message, hint=f"{self.prog} --help")

    def _check_value(self, action: Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            known = [str(choice) for choice in action.choices]
            meant = did_you_mean(str(value), known) or f", choose from {', '.join(known)}"
            raise ArgumentError(action, f"there is no {value!r}{meant}")


class _Help(RawDescriptionHelpFormatter):
    """Help at the width of the terminal, asked of the terminal itself: argparse imports shutil to ask."""

    def __init__(self, prog: str, **options: Any) -> None:
        options.setdefault("width", min(terminal_width(), 100) - 2)
        options.setdefault("max_help_position", 30)
        super().__init__(prog, **options)
