"""``guardrail completion``: commands and flags at the tab key."""

from argparse import ArgumentParser, Namespace

from guardrail import output
from guardrail.commands.base import COMMANDS, Parser, load

HELP = """\
print a completion script for your shell

examples:
  guardrail completion bash > ~/.local/share/bash-completion/completions/guardrail
  guardrail completion zsh > "${fpath[1]}/_guardrail"
  guardrail completion tcsh > ~/.guardrail.completion.tcsh     then: source it from ~/.tcshrc
"""

SHELLS = ("bash", "zsh", "tcsh")


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the shell."""
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help=", ".join(SHELLS))


def run(arguments: Namespace) -> int:
    """Write the script to standard output."""
    import shtab

    output.write_stdout(shtab.complete(whole_parser(), arguments.shell) + "\n")
    return 0


def whole_parser() -> Parser:
    """Every command in one parser, which a run for one command never builds."""
    whole = Parser(prog="guardrail")
    whole.add_argument("--version", action="store_true", help="show the version")
    commands = whole.add_subparsers(metavar="COMMAND", parser_class=Parser)
    for name, summary in COMMANDS.items():
        load(name).add_arguments(commands.add_parser(name, help=summary))
    return whole
