"""``guardrail completion``: commands, flags and what they take, at the tab key.

The script of a shell asks ``guardrail completion candidates`` at each tab, so that it knows the flags of the version
that is installed and the policies of the folder it is in. The answer has one candidate a line, with its meaning behind
a tab; the line ``:files`` or ``:folders`` stands for what the shell itself finds.
"""

import os
from argparse import Action, ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from guardrail import output
from guardrail.commands.base import COMMANDS, Parser, parser
from guardrail.errors import GuardrailError

if TYPE_CHECKING:
    from guardrail.policy.policy import Policy

HELP = """\
print a completion script for your shell

It completes commands, flags, files, formats, policies, regions and instance
types.

examples:
  guardrail completion bash > ~/.bash_completion.d/guardrail
  guardrail completion zsh > "${fpath[1]}/_guardrail"
  guardrail completion fish > ~/.config/fish/completions/guardrail.fish
"""

SHELLS = ("bash", "zsh", "fish")
CANDIDATES = "candidates"
_FILES, _FOLDERS = ":files", ":folders"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the shell, and the words of a command line for what its script asks."""
    parser.add_argument("shell", metavar="SHELL", choices=(*SHELLS, CANDIDATES), help=", ".join(SHELLS))
    parser.add_argument("words", metavar="WORD", nargs="*", help="for candidates: a command line so far")


def run(arguments: Namespace) -> int:
    """Write the script, or candidates, to standard output."""
    if arguments.shell == CANDIDATES:
        lines = candidates(arguments.words or [""])
        output.write_stdout("".join(f"{line}\n" for line in lines), for_machines=True)
    else:
        with open(f"{os.path.splitext(__file__)[0]}.{arguments.shell}", encoding="utf-8") as script:
            output.write_stdout(script.read())
    return 0


def candidates(words: Sequence[str]) -> list[str]:
    """What may stand for the last of ``words``, the arguments so far: ``check --form`` may become ``--format``.

    Of a word with ``=`` it is what may stand behind that. What the words before are wrong about has no candidates.
    """
    words = _joined(words)
    current = words[-1].rpartition("=")[2]
    found = _commands() if len(words) == 1 else _arguments(words)
    return [line for line in found if line in (_FILES, _FOLDERS) or line.startswith(current)]


def _joined(words: Sequence[str]) -> list[str]:
    """The words with those put together again that bash parts at ``=``: ``--format``, ``=``, ``json``."""
    joined: list[str] = []
    for word in words:
        if joined and (word.startswith("=") or joined[-1].endswith("=")):
            joined[-1] += word
        else:
            joined.append(word)
    return joined


def _commands() -> Iterator[str]:
    yield from (f"{name}\t{summary}" for name, summary in COMMANDS.items())
    yield "--help\tshow the commands"
    yield "--version\tshow the version"


def _arguments(words: Sequence[str]) -> Iterator[str]:
    """Candidates for an argument of a command."""
    name, *before, current = words
    if name not in COMMANDS:
        return
    here = parser(name)
    for word in before:
        here = _actions(here).get(word, here)
    flags = here._option_string_actions  # noqa: SLF001 - argparse has no public list of flags
    flag = current.partition("=")[0] if current.startswith("--") and "=" in current else before[-1] if before else ""
    action = flags.get(flag)
    if action is not None and action.nargs is None and "--" not in before:
        yield from _values(action, current.removeprefix(f"{flag}="))
    elif current.startswith("-") and "--" not in before:
        yield from (
            f"{flag}\t{(one.help or '').replace('%(default)s', str(one.default))}" for flag, one in flags.items()
        )
    elif _actions(here):
        yield from _actions(here)
    else:
        for one in here._get_positional_actions():  # noqa: SLF001 - nor of inputs
            yield from _values(one, current)
        if name == "explain":
            yield from _explainable(before)


def _actions(here: Parser) -> dict[str, Parser]:
    """The actions of a command that has some, each with its parser."""
    choices = (action.choices for action in here._actions)  # noqa: SLF001 - nor of what takes what
    return next((dict(one) for one in choices if isinstance(one, dict)), {})


def _values(action: Action, value: str) -> Iterator[str]:
    """What an argument may be, by its choices, else by what stands for it in the help."""
    metavar = str(action.metavar or "")
    if action.choices is not None:
        yield from (str(choice) for choice in action.choices if choice != CANDIDATES)
    elif metavar == "FORMAT[=FILE]" and "=" not in value:
        from guardrail.reporters import FORMATS

        yield from FORMATS
    elif metavar == "ID":
        yield from _policies()
    elif metavar in ("REGION", "TYPE"):
        yield from _priced(metavar)
    elif metavar == "KEY,KEY":
        yield from ("environment", "region")
    elif metavar in ("DIR", "DIRECTORY"):
        yield _FOLDERS
    elif "FILE" in metavar or metavar in ("PATH", "[PATH...] [ADDRESS]", "OLD", "NEW", "PLAN"):
        yield _FILES


def _explainable(words: Sequence[str]) -> Iterator[str]:
    """What can be explained of the inputs that the line names so far; nothing of what cannot be read."""
    from guardrail.commands import explain

    with suppress(GuardrailError, OSError):
        yield from explain.addresses(words)


def _policies() -> Iterator[str]:
    """The policies that there are here, each with what it asks for."""
    from guardrail import settings
    from guardrail.policy import load

    policies: Sequence[Policy] = load.bundled()
    with suppress(GuardrailError):  # what is wrong with settings is for a check to say
        here = settings.load(".").settings
        policies = load.known(here.policy_paths, here.environments)
    yield from (f"{policy.id}\t{policy.title}" for policy in policies)


def _priced(metavar: str) -> Sequence[str]:
    """The regions, or instance types, that there are prices for."""
    from guardrail.prices.book import PriceBook

    prices = PriceBook()
    return prices.regions() if metavar == "REGION" else prices.instance_types()
