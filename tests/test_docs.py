"""The documentation under test: what it shows is what happens, and what there is, it documents.

In Markdown, a fenced block with a file name behind its language (```` ```yaml .guardrail.yml ````) is that file; a
```` ```console ```` block is a transcript: ``$ guardrail …``, its output (standard output, then standard error), and
``[exit N]`` where N is not 0. A line ``…`` stands for lines left out. Both are played in one scratch folder. What is
Python with a file name shows pieces of that file in the repository.
``pytest --update`` writes transcripts without such a line anew. In ```` ```sh ```` blocks, and in the help of each
command, every ``guardrail`` line must parse.
"""

import re
import shlex
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from guardrail.commands import base
from guardrail.errors import GuardrailError
from scripts import build_reference, build_site

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(ROOT.glob("docs/*.md")),
    *sorted(ROOT.glob("examples/*/README.md")),
]
FENCE = re.compile(r"^```(\w+)?(?: ([^\n]+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FENCED = re.compile(r"^( *)```.*?^\1```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s#:]*)(?:#([^)\s]*))?\)")
STEP = re.compile(r"^\$ (.+)\n((?:(?!\$ ).*\n?)*)", re.MULTILINE)
LEFT_OUT = "…\n"
LINKED = dict.fromkeys([*build_site.PAGES, *(f"{path.relative_to(ROOT)}" for path in DOCUMENTS)])
WITH_EXAMPLES = (ROOT / "README.md", *(ROOT / "docs" / name for name in ("explain.md", "say-it-as-a-policy.md")))
GIVEN = {page: {"examples": "examples"} for page in WITH_EXAMPLES} | {
    page: {path.name: f"{path.relative_to(ROOT)}" for path in page.parent.iterdir() if path != page}
    for page in ROOT.glob("examples/*/README.md")
}
"""Files and folders that the transcripts of a document take as given, and where they are in the repository."""


def blocks(document: Path) -> Iterator[tuple[str, str, str]]:
    for match in FENCE.finditer(document.read_text(encoding="utf-8")):
        yield match[1] or "", match[2] or "", match[3]


def commands(text: str) -> Iterator[list[str]]:
    """The arguments of each ``guardrail`` in shell text, up to a pipe, a redirection or a remark."""
    for line in text.replace("\\\n", " ").splitlines():
        for part in re.split(r"\||&&|;", line):
            found = re.match(r"\s*(?:\$ )?(?:\S*/bin/)?guardrail( .*)?$", part)
            if found:
                yield shlex.split(re.split(r"  +[^-\s\"'.]| > ", (found[1] or "").strip())[0], comments=True)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_transcripts_are_what_happens(
    document: Path,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    play: Callable[[str], str],
) -> None:
    for name, source in GIVEN.get(document, {}).items():
        (shutil.copytree if (ROOT / source).is_dir() else shutil.copy)(ROOT / source, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    for language, name, text in blocks(document):
        if name:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf-8", newline="\n")
        for command, expected in STEP.findall(text) if language == "console" else ():
            happened = play(command)
            if LEFT_OUT in expected:
                assert re.fullmatch("(?:.*\n)+?".join(map(re.escape, expected.split(LEFT_OUT))), happened), happened
            elif request.config.getoption("--update"):
                page = document.read_text(encoding="utf-8")
                document.write_text(
                    page.replace(f"$ {command}\n{expected}", f"$ {command}\n{happened}", 1), encoding="utf-8"
                )
            else:
                assert happened == expected, command


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_line_that_is_shown_parses(document: Path) -> None:
    for language, _, text in blocks(document):
        if language in ("sh", "yaml"):
            for arguments in commands(text):
                parse(arguments)


@pytest.mark.parametrize("name", base.COMMANDS)
def test_every_example_in_the_help_parses(name: str) -> None:
    examples = list(commands(base.load(name).HELP))
    assert examples
    for arguments in examples:
        assert arguments[0] == name
        parse(arguments)


def parse(arguments: list[str]) -> None:
    if arguments in ([], ["--help"], ["--version"]):
        return
    try:
        base.parser(arguments[0]).parse_args(arguments[1:])
    except GuardrailError as error:
        pytest.fail(f"guardrail {shlex.join(arguments)}: {error.message}")


def test_the_reference_is_what_the_data_give() -> None:
    made = build_reference.pages()
    written = {name: (ROOT / name).read_text(encoding="utf-8") for name in made}
    assert written == made, "run python scripts/build_reference.py"


ANSWERED = re.findall(
    r"^\| ([^|]+\?) \| `([^`]+)` \| ([^|]*?) ?\|$", (ROOT / "docs" / "questions.md").read_text("utf-8"), re.MULTILINE
)


@pytest.mark.parametrize(("question", "command", "answer"), ANSWERED, ids=[question for question, _, _ in ANSWERED])
def test_each_question_is_answered_by_its_command(
    question: str,
    command: str,
    answer: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    play: Callable[[str], str],
) -> None:
    """Whatever needs no account, bill or network is played beside the example, and says what the page says it does."""
    parse(shlex.split(command)[1:])
    if not answer.startswith("needs "):
        shutil.copytree(ROOT / "examples", tmp_path / "examples")
        monkeypatch.chdir(tmp_path / "examples" / "storefront")
        told = play(command)
        assert answer.strip("`") in told, question
        assert "[exit 2]" not in told


def test_every_command_has_a_question() -> None:
    assert len(ANSWERED) == (ROOT / "docs" / "questions.md").read_text(encoding="utf-8").count("? |")
    asked = {command.split()[1] for _, command, _ in ANSWERED}
    assert asked == base.COMMANDS.keys() - {"action", "completion"}, "what a workflow and a shell call answers no one"


def test_every_command_and_flag_is_documented() -> None:
    guide, reference = ((ROOT / "docs" / page).read_text(encoding="utf-8") for page in ("usage.md", "commands.md"))
    for name in base.COMMANDS:
        head = f"## guardrail {name}\n"
        assert head in guide, name
        section = reference.partition(f"\n{head}")[2].partition("\n## ")[0]
        for flag in flags(base.parser(name)):
            assert flag in ("-h", "--help", "-V", "--version") or re.search(rf"[` ]{flag}\b", section), f"{name} {flag}"


def flags(parser: base.Parser) -> Iterator[str]:
    """Every flag of a command and of its actions."""
    for action in parser._actions:  # noqa: SLF001 - argparse has no public list of flags
        yield from action.option_strings
        if isinstance(action.choices, dict):
            for inner in action.choices.values():
                yield from flags(inner)


def prose(document: str) -> str:
    """A document without its blocks of code."""
    return FENCED.sub("", (ROOT / document).read_text(encoding="utf-8"))


@cache
def anchors(document: str) -> frozenset[str]:
    """The anchors of its headings, as GitHub makes them: "What's `this`, then?" is ``whats-this-then``."""
    taken: Counter[str] = Counter()
    found = set()
    for heading in re.findall(r"^#+ (.+)$", prose(document), re.MULTILINE):
        told = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        anchor = re.sub(r"[^\w\- ]", "", told).replace(" ", "-")
        found.add(anchor + (f"-{taken[anchor]}" if taken[anchor] else ""))
        taken[anchor] += 1
    return frozenset(found)


@pytest.mark.parametrize("document", LINKED)
def test_links_lead_to_files_and_anchors_that_are_there(document: str) -> None:
    for path, anchor in LINK.findall(re.sub(r"`[^`\n]+`", "", prose(document))):
        there = (ROOT / document).parent / path if path else ROOT / document
        assert there.exists(), path
        if anchor:
            assert anchor in anchors(f"{there.resolve().relative_to(ROOT)}"), f"{path}#{anchor}"


def test_every_page_is_in_the_navigation_once() -> None:
    assert sorted(build_site.navigation(build_site.configuration()["nav"])) == sorted(build_site.PAGES.values())


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_code_that_is_shown_stands_in_its_file(document: Path) -> None:
    """Pieces of a ``python FILE`` block, with ``…`` between them, are pieces of that file in the repository."""
    for language, name, text in blocks(document):
        if language == "python" and name:
            source = (ROOT / name).read_text(encoding="utf-8")
            for piece in text.split(LEFT_OUT):
                assert piece in source, f"{name}: {piece}"


@pytest.mark.parametrize("page", ["architecture.md", "decisions.md", "adding-a-kind.md"])
def test_modules_that_are_named_are_there(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    modules = [str(path.relative_to(ROOT)) for top in ("guardrail", "tests") for path in (ROOT / top).rglob("*.py")]
    named = re.findall(r"`((?:\w+/)*\w+\.py)`", text)
    assert named
    assert [name for name in named if not any(f"/{module}".endswith(f"/{name}") for module in modules)] == []


def test_the_architecture_names_every_module_at_the_top_of_the_package() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    for path in sorted((ROOT / "guardrail").iterdir()):
        if not path.name.startswith(("_", ".")) and (path.is_dir() or path.suffix == ".py"):
            assert path.name in page, path.name


def test_the_limits_that_are_documented_are_those_that_hold() -> None:
    from guardrail import limits, yaml_text
    from guardrail.sources.template import stack, template_yaml, text, world

    documented = (ROOT / "docs" / "limits.md").read_text(encoding="utf-8")
    for limit in (
        limits.LARGEST_PLAN,
        limits.LARGEST_FILE,
        limits.MOST_FILES,
        limits.MOST_SEARCHED,
        limits.MOST_STACKS,
        limits.MOST_TEXT,
        limits.MOST_VALUES,
        limits.MOST_STEPS,
        limits.LARGEST_NUMBER,
        limits.DIGITS_OF_AMOUNTS,
        limits.MOST_PLACES,
        stack.MAX_DEPTH,
        text.MAX_BYTES,
        world.MAX_WORLDS,
        template_yaml.MAX_TEXT,
        yaml_text.MAX_DEPTH,
    ):
        assert re.search(rf"(?<![\d,]){limit:,}(?!,?\d)", documented), limit
