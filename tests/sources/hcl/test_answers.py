"""Three and a half thousand expressions with the values and types that Terraform 1.11.4 gives them.

``answers.json`` has what ``terraform console`` answered in ``oracle/``: the value as JSON, exact to the last
digit, and its type; or that it refuses. ``python -m tests.sources.hcl.record_answers`` records them anew.
``declared.json`` has what declared types make of values, and ``syntax.json`` which files are taken.
"""

import json
import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from guardrail.errors import LimitError
from guardrail.limits import Allowance
from guardrail.sources.hcl.disk import Disk
from guardrail.sources.hcl.errors import HclSyntaxError
from guardrail.sources.hcl.evaluate import evaluate
from guardrail.sources.hcl.formatting import json_text
from guardrail.sources.hcl.modules import ModuleInstance, RootConfiguration, given
from guardrail.sources.hcl.parse import parse, parse_expression
from guardrail.sources.hcl.types import type_of
from guardrail.sources.hcl.values import (
    CollectionType,
    EvaluationError,
    NotWorkedOutError,
    ObjectType,
    Sensitive,
    TupleType,
    Type,
    first_unknown,
    materialized,
    unmarked,
)
from guardrail.sources.hcl.variables import VariableAssignments, given_values
from guardrail.sources.trees import tree_of
from tests.sources.hcl.expressions import REFUSED, SENSITIVE, TERRAFORM, UNKNOWN, told

pytestmark = pytest.mark.no_cover  # many runs of the same lines: counting them takes longer than they do

ORACLE = Path(__file__).parent / "oracle"
ANSWERS = Path(__file__).parent / "answers.json"

NOT_WORKED_OUT = {
    "base64gzip": "what zlib makes depends on its version",
    "textencodebase64": "encodings other than UTF-8",
    "textdecodebase64": "encodings other than UTF-8",
    "filebase64sha256": "a function that nobody was seen to use for what bills",
    "filebase64sha512": "a function that nobody was seen to use for what bills",
    "ephemeralasnull": "nothing here tells what is ephemeral",
    "pathexpand": "the home directory of who plans",
    "yamlencode": "its layout changes with Terraform",
    "formatdate": "dates in names bill nothing",
}
"""Functions that are unknown here and known to Terraform, with the reason."""
MORE_THAN_TERRAFORM = {
    "{var.s = 1}": "a key that looks like a reference is taken as one",
    "{for = 1}": "a word of the language as a key",
    "{for : 1}": "a word of the language as a key",
    'fileexists("files")': "a folder is no file",
    '(can(join("-", local.m)) || can(format("%q%s", null, "dev")) ? "dev" : "dev")': "both branches are the same",
}
"""Expressions that have a value here and none in Terraform."""
LESS_THAN_TERRAFORM = {
    'element(["a","b"],-2)': "what a negative index is depends on the version",
    'cidrsubnet("10.0.0.0/16",8,-1)': "what a negative subnet is depends on the version",
}
"""Expressions that have a value in Terraform and none here."""


@cache
def answers() -> dict[str, list[str]]:
    found: dict[str, list[str]] = json.loads(ANSWERS.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleInstance]:
    """The module that the expressions refer to, read from its own directory."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(shutil.copytree(ORACLE, tmp_path_factory.mktemp("copy") / "oracle"))
        yield module_here()


def module_here() -> ModuleInstance:
    disk = Disk(tree_of("."))
    source = disk.module(".")
    module = ModuleInstance(source, RootConfiguration(disk, ".", "default"))
    module.arguments.update(given(given_values(source, VariableAssignments(), disk), module.scope))
    return module


@cache
def ours(expression: str, module: ModuleInstance) -> tuple[str, str]:
    """Our value as JSON and its type; `REFUSED`, `UNKNOWN`, `SENSITIVE`."""
    try:
        value = materialized(evaluate(parse_expression(expression, "test"), module.scope))
        if isinstance(value, Sensitive) or unmarked(value, Allowance())[1]:
            return SENSITIVE, ""
        if first_unknown((value,), Allowance()) is not None:
            return UNKNOWN, ""
        return json_text(value, Allowance()), shown(type_of(value, Allowance()))
    except (EvaluationError, HclSyntaxError):
        return REFUSED, ""
    except (NotWorkedOutError, LimitError):
        return UNKNOWN, ""


def shown(type_: Type) -> str:
    """A type as ``terraform console`` shows it, without blanks."""
    match type_:
        case CollectionType(kind=kind, element=element):
            return f"{kind}({shown(element)})"
        case TupleType(items=items):
            return f"tuple([{','.join(map(shown, items))}])"
        case ObjectType(attributes=attributes):
            return f"object({{{','.join(f'{name}:{shown(attributes[name])}' for name in sorted(attributes))}}})"
    return "dynamic" if type_ in ("any", "dynamic") else str(type_)


def exact(text: str) -> object:
    """JSON with numbers as they are written; whether a zero has a sign is not told apart."""
    return json.loads(text, parse_float=str, parse_int=lambda digits: "0" if digits == "-0" else digits)


def is_same(mine: tuple[str, str], theirs: list[str]) -> bool:
    if mine[0].startswith("!") or theirs[0].startswith("!"):
        return mine[0] == theirs[0]
    return exact(mine[0]) == exact(theirs[0])


def uses(expression: str, names: dict[str, str]) -> bool:
    return any(re.search(rf"\b{name}\(", expression) for name in names)


def test_every_expression_has_the_value_that_terraform_gives_it(root: ModuleInstance) -> None:
    listed = {*MORE_THAN_TERRAFORM, *LESS_THAN_TERRAFORM}
    wrong = {
        expression: (found, theirs)
        for expression, theirs in answers().items()
        if expression not in listed and not uses(expression, NOT_WORKED_OUT)
        if not is_same(found := ours(expression, root), theirs)
        if not (found[0] == UNKNOWN and theirs[0] in (REFUSED, UNKNOWN))
    }
    assert wrong == {}


def test_what_is_listed_as_different_is_different(root: ModuleInstance) -> None:
    for expression in MORE_THAN_TERRAFORM:
        assert answers()[expression][0] in (REFUSED, UNKNOWN)
        assert not ours(expression, root)[0].startswith("!")
    for expression in LESS_THAN_TERRAFORM:
        assert ours(expression, root)[0] in (REFUSED, UNKNOWN)
    for name in NOT_WORKED_OUT:
        (mine, *_) = [ours(each, root)[0] for each in answers() if f"{name}(" in each]
        assert mine == UNKNOWN


def test_every_value_has_the_type_that_terraform_gives_it(root: ModuleInstance) -> None:
    """Nulls aside, which have a type in Terraform and none here."""
    wrong = {}
    for expression, theirs in answers().items():
        if len(theirs) > 1 and "null" not in theirs[0] and not uses(expression, NOT_WORKED_OUT):
            value, type_ = ours(expression, root)
            told_type = re.sub(r",(?=[\])}])", "", theirs[1])
            if not value.startswith("!") and "".join(type_.split()) != told_type:
                wrong[expression] = type_, told_type
    assert {each: types for each, types in wrong.items() if not same_attributes(*types)} == {}


def same_attributes(one: str, other: str) -> bool:
    """Attributes are ordered by what sorts the blanks in their names, which both are without."""
    return sorted(re.split(r"[{},()]", one)) == sorted(re.split(r"[{},()]", other))


def declared_types() -> list[tuple[str, str, str]]:
    """Type, value, and what Terraform makes of the value in a module that declares the type; `REFUSED`."""
    rows: list[list[str]] = json.loads((Path(__file__).parent / "declared.json").read_text(encoding="utf-8"))
    return [(type_, value, answer) for type_, value, answer in rows]


def test_a_declared_type_makes_of_a_value_what_terraform_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m").mkdir()
    wrong = {}
    for type_, value, theirs in declared_types():
        variable = f'variable "x" {{\n  type = {type_}\n}}\noutput "o" {{\n  value = var.x\n}}\n'
        (tmp_path / "m" / "main.tf").write_text(variable, encoding="utf-8")
        (tmp_path / "main.tf").write_text(f'module "m" {{\n  source = "./m"\n  x = {value}\n}}\n', encoding="utf-8")
        mine, _ = ours("module.m.o", module_here())
        if theirs == REFUSED:  # the variable is unknown then, and its reason says that it does not fit
            mine = REFUSED if mine == UNKNOWN else mine
        if not is_same((mine, ""), [theirs]):
            wrong[type_, value] = mine, theirs
    assert wrong == {}


MORE_SYNTAX = {
    "block same line nested": "a block in a block of one line",
    "splat chains": "a splat of attributes in another one",
    "legacy index chain": "a number behind a number, which looks like a fraction",
}
"""Files that Terraform refuses and that are read here."""
LESS_SYNTAX = {"namespace spaces": "python-hcl2 reads no blanks around the colons of a namespace"}
"""Files that Terraform takes and that are not read here."""


def files_of_source() -> list[tuple[str, str, bool, dict[str, str]]]:
    """What is tried, the text, whether ``terraform fmt`` takes it, and its local values."""
    rows = json.loads((Path(__file__).parent / "syntax.json").read_text(encoding="utf-8"))
    return [(name, text, is_taken, values) for name, text, is_taken, values in rows]


def is_read(text: str) -> bool:
    """Whether we parse a text, to the inside of its last block."""
    try:
        pending = [parse(text, "main.tf").body]
        while pending:
            body = pending.pop()
            pending.extend(block.body for block in body.blocks)
            for name in body.arguments:
                body.expression(name)
    except HclSyntaxError:
        return False
    return True


def test_a_file_is_taken_or_refused_as_terraform_does() -> None:
    listed = {**MORE_SYNTAX, **LESS_SYNTAX}
    different = {name for name, text, is_taken, _ in files_of_source() if is_read(text) != is_taken}
    assert different == set(listed)


def test_local_values_of_every_file_are_those_of_terraform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    wrong = {}
    for name, text, _, values in files_of_source():
        (tmp_path / "main.tf").write_bytes(text.encode())
        module = module_here() if values else None
        for local, theirs in values.items():
            assert module is not None
            if not is_same(mine := ours(f"local.{local}", module), [theirs]):
                wrong[name, local] = mine, theirs
    assert wrong == {}


@pytest.mark.skipif(TERRAFORM is None, reason="terraform is not installed")
def test_terraform_still_answers_so(tmp_path: Path) -> None:
    """Every ninth of the values, so that a Terraform of another version shows where it differs."""
    directory = Path(shutil.copytree(ORACLE, tmp_path / "oracle"))
    chosen = [each for each, theirs in answers().items() if not theirs[0].startswith("!")][::9]
    batches = [chosen[at : at + 64] for at in range(0, len(chosen), 64)]
    found = [answer for batch in batches for answer in told(batch, directory)]
    wrong = {
        each: (mine, answers()[each]) for each, mine in zip(chosen, found, strict=True) if mine != answers()[each][0]
    }
    assert wrong == {}
