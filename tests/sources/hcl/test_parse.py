"""The syntax of HCL: what is read, what is refused, and where."""

import re
from typing import Any

import hcl2
import pytest

from guardrail.sources.hcl import json_syntax
from guardrail.sources.hcl.errors import HclSyntaxError
from guardrail.sources.hcl.evaluate import evaluate
from guardrail.sources.hcl.parse import parse
from guardrail.sources.hcl.scope import EvaluationScope
from guardrail.sources.hcl.syntax import Call, SourceFile
from tests.sources.hcl.expressions import Nowhere, plain
from tests.test_equivalence_hcl import CASES


def values(text: str) -> dict[str, Any]:
    """The arguments of a file by name."""
    scope = EvaluationScope(Nowhere())
    return {
        name: plain(evaluate(argument.expression, scope))
        for name, argument in parse(text, "main.tf").body.arguments.items()
    }


def test_a_heredoc_keeps_its_lines_and_its_last_line_end() -> None:
    assert values("a = <<EOT\n  x\ny\nEOT\nb = 1\n") == {"a": "  x\ny\n", "b": 1}


def test_an_indented_heredoc_loses_what_its_lines_have_in_common() -> None:
    assert values('a = <<-EOT\n    x\n \n\t     ${"y"}\n    EOT\n') == {"a": "x\n \n  y\n"}  # as Terraform 1.11


def test_a_line_that_starts_with_an_interpolation_counts_as_indented_by_what_stands_before_it() -> None:
    assert values('a = <<-EOT\n    x\n  ${"y"}\n    EOT\n') == {"a": "  x\ny\n"}


def test_a_heredoc_has_no_escapes_but_directives() -> None:
    assert values("a = <<EOT\n\\n $${b} %{if true}yes%{endif}\nEOT\n") == {"a": "\\n ${b} yes\n"}


@pytest.mark.parametrize(
    "text",
    [
        "a = 1\r\nb = [\r\n  1,\r\n]\r\n",
        "\ufeffa = 1\nb = [1]\n",
        "a\t=\t1\nb\t=\t[\t1\t]",
        "/** a = 2 */ a = 1 // c\n# c\nb = [ # c\n 1, // c\n]",
        "a = 1 /* c\n c */\nb = [1]",
    ],
)
def test_line_ends_marks_tabs_and_comments_are_no_content(text: str) -> None:
    assert values(text) == {"a": 1, "b": [1]}


def test_a_name_may_be_in_any_script() -> None:
    assert values('größe-1 = "é"\n名前 = 2\n') == {"größe-1": "é", "名前": 2}


def test_new_lines_mean_nothing_between_brackets_and_end_items_between_braces() -> None:
    assert values(
        "a = (1 +\n 2)\nb = {\n  x = 1\n  y = 2, z = 3\n}\nc = {\n  for\n  k, v in {q = 1} :\n  k => v\n}\n"
    ) == {
        "a": 3,
        "b": {"x": 1, "y": 2, "z": 3},
        "c": {"q": 1},
    }


def test_blocks_have_labels_and_nest() -> None:
    file = parse('a "b" c {\n  d { e = 1 }\n  f {}\n}\n', "main.tf")
    (block,) = file.body.blocks
    assert (block.type, block.labels, [inner.type for inner in block.body.blocks]) == ("a", ("b", "c"), ["d", "f"])


REFUSED = [
    ("a = ", "1:3", "a has no value behind '='"),
    ("a = 1\na = 2\n", "2:1", "a is set twice in one block"),
    ('a = "b\n', "1:5", "the string is not closed on its line"),
    ('a = "\\q"\n', "1:6", "'\\\\q' is no escape sequence; a backslash is written \\\\"),
    ("a = <<EOT\nb\n", "1:5", "the heredoc is not closed by a line with EOT"),
    ("a {\n  b = 1\n", "1:3", "'{' is not closed"),
    ("a = 1\n}\n", "2:1", "'}' closes nothing"),
    ("a = [1, 2\nb = 3\n", "1:5", "'[' is not closed"),
    ("a = [1, 2\nb = 3]\n", "2:1", "',' is missing here"),
    ("a = f(1 2)\n", "1:9", "',' is missing here"),
    ("a = (1]\n", "1:7", "')' is missing before ']'"),
    ("a = 1 2\n", "1:7", "the line must end here"),
    ("a\n", "1:2", "'=' and a value, or a block, must follow a"),
    ("a = 'b'\n", "1:5", "' is no quote in HCL; write a double quote"),
    ("a = b & c\n", "1:7", "a single '&' means nothing; did you mean '&&'"),
    ("a = {b = 1 c = 2}\n", "1:12", "a comma or a new line must stand between the items of an object"),
    ("/* a\n", "1:1", "the comment is not closed"),
    ('a = "${1"\n', "1:9", "the string is not closed on its line"),
    ('a = "%{if true}b"\n', "1:8", "the directive is not closed by %{ endif }"),
    ('a = "%{endif}"\n', "1:8", "the directive endif has no beginning here"),
    ("a = [for x of y : x]\n", "1:12", "'in' is missing"),
    ("= 1\n", "1:1", "an argument or a block must start here with its name"),
]


@pytest.mark.parametrize(("text", "place", "problem"), REFUSED, ids=[text for text, _, _ in REFUSED])
def test_an_error_names_its_place_and_shows_the_line(text: str, place: str, problem: str) -> None:
    with pytest.raises(HclSyntaxError) as caught:
        parse(text, "main.tf")
    assert caught.value.message == f"main.tf:{place}: {problem}"
    line = int(place.partition(":")[0])
    assert caught.value.hint == f"line {line} reads: {text.splitlines()[line - 1].strip()}"


@pytest.mark.parametrize(
    "text",
    [
        f"a = {'[' * 3000}{']' * 3000}",
        f"a = {'(' * 3000}1{')' * 3000}",
        "a = " + "true ? 1 : " * 3000 + "2",
        f"{'a {' * 1}\n" + "a {\n" * 2000 + "}\n" * 2001,
        'a = "' + '${"' * 2000 + "x" + '"}' * 2000 + '"',
        "a = " + "f(" * 2000 + ")" * 2000,
    ],
    ids=["lists", "parentheses", "conditionals", "blocks", "templates", "calls"],
)
def test_what_is_nested_without_end_is_an_error_with_its_place(text: str) -> None:
    with pytest.raises(HclSyntaxError, match=r"main\.tf:\d+:\d+: .* nested too deeply"):
        parse(text, "main.tf")


ACCEPTED_BY_BOTH = [
    'resource "a" "b" {\n  count = var.x ? 1 : 0\n  c = [for k, v in local.m : "${k}-${v}" if v != null]\n}\n',
    'locals {\n  a = merge([for t, l in local.x : { for e in l : "${t}-${e.n}" => e }]...)\n  b = x[*].y[0].z\n}\n',
    'output "x" {\n  value = {\n    a: 1,\n    "b" = 2\n    (local.c) = <<-EOT\n      x\n    EOT\n  }\n}\n',
    'locals { a = "%{ for x in y ~}\\n${x}%{ endfor }" }\n',
    "locals {\n  a = -1 + 2 % 3 == 4 && !true || b >= c\n  d = a.0.b\n  e = aws_x.y.*.id\n}\n",
]


SOURCES = sorted(path for path in CASES.rglob("*.tf") if ".terraform" not in path.parts)


def assert_same_blocks(text: str) -> int:
    """Hold the blocks of a file against python-hcl2's reading of the whole; answers how many there are."""
    theirs = {type_: iter(blocks) for type_, blocks in hcl2.loads(text).items()}
    blocks = parse(text, "main.tf").body.blocks
    for block in blocks:
        inner = next(theirs[block.type])
        for label in block.labels:
            inner = inner[f'"{label}"' if f'"{label}"' in inner else label]
        ours = block.body.arguments.keys() | {nested.type for nested in block.body.blocks}
        assert ours == {name for name in inner if not name.startswith("__")}
    return len(blocks)


@pytest.mark.parametrize("text", ACCEPTED_BY_BOTH)
def test_another_parser_reads_the_same_blocks(text: str) -> None:
    """python-hcl2 is the other one; names of blocks and arguments are what the two have in common."""
    assert assert_same_blocks(text) == 1


def test_another_parser_reads_the_same_blocks_in_whole_configurations() -> None:
    """Two ways to the same names: brackets and lines here, a grammar there."""
    assert sum(assert_same_blocks(path.read_text()) for path in SOURCES) > 100


@pytest.mark.parametrize(
    ("body", "arguments", "blocks"),
    [
        ("a = 1\n  b = {\n    c = 2\n  }\n", ["a", "b"], []),
        ('a = "x = 1 }"\n  b = "${ { c = "}" }["c"] }"\n', ["a", "b"], []),
        ("a = <<-E\n    b = 1\n  }\n  E\n  c = 2\n", ["a", "c"], []),
        ("# a = 1\n  /* b = 2\n  */ c = 3 // d = 4\n", ["c"], []),
        ("a = [\n    for b in c : {\n      d = b\n    }\n  ]\n", ["a"], []),
        ('a {\n    b = 1\n  }\n  dynamic "c" {\n    content {}\n  }\n', [], ["a", "dynamic"]),
        ("grün = 1\n  b = 2\n", ["grün", "b"], []),
        ("", [], []),
    ],
)
def test_what_stands_in_brackets_strings_and_comments_is_no_part_of_a_block(
    body: str, arguments: list[str], blocks: list[str]
) -> None:
    (block,) = parse(f"resource {{\n  {body}}}\n", "main.tf").body.blocks
    assert (list(block.body.arguments), [nested.type for nested in block.body.blocks]) == (arguments, blocks)


@pytest.mark.parametrize(
    "text",
    [
        *('"a b"', "12", "true", "null", "var.a-b.c", "a.b[0].c", 'a["k k"]', "x[1]", 'local.t[12]["a"]'),
        *('"endpoint/${a.b.name}/variant/main"', '"${var.x[0]}"', '"${ a["k k"].b }-${each.key}"', '"{${a}}"'),
        *('"${true}"', '"${in.a}"', '"$${a}"', '"${a}%%{"', '"b ${~ a ~} c"', '"${a.0}"', '"${a-1}"', '"${-a}"'),
    ],
)
def test_what_is_plain_is_what_python_hcl2_makes_of_it(text: str) -> None:
    """In parentheses nothing is plain, so that python-hcl2 reads it; the values tell nothing but places apart."""
    plain_, parsed = (parse(f"a {{\n  b = {text}\n}}\n", "f").body.blocks[0] for text in (text, f"({text})"))
    shown = repr(plain_.body.expression("b"))
    assert re.sub(r"at=(\d+)", lambda at: f"at={int(at[1]) + 1}", shown) == repr(parsed.body.expression("b"))


def test_json_has_the_same_tree_with_its_own_places() -> None:
    text = '{\n  "locals": {"a": 1},\n  "resource": {"x": {"y": {\n    "name": "${local.a}"\n  }}}\n}\n'
    file = json_syntax.parse(text, "main.tf.json")
    locals_, resource = file.body.blocks
    assert (resource.type, resource.labels) == ("resource", ("x", "y"))
    place = file.location(resource.body.arguments["name"].at)
    assert (place.path, place.line, place.column) == ("main.tf.json", 4, 5)
    assert list(locals_.body.arguments) == ["a"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"a": }', "1:7: not valid JSON: expecting value"),
        ('{"a": 1 "b"}', "1:9: not valid JSON: expecting ',' delimiter"),
        ("[]", "1:1: a JSON object is expected"),
        ('{"a": 1} x', "1:10: not valid JSON: extra data"),
        ('{"locals": {"a": "${"}}', "1:18: in this text: '{' is not closed"),
        ('{"locals": {"a": 1, "a": 2}}', "1:21: a is set twice in one block"),
        ('{"a":' * 300 + "1" + "}" * 300, "1:506: the JSON is nested too deeply"),
        ('{"resource": "x"}', "1:14: resource is a JSON object, or a list of objects"),
        ('{"resource": {"t": [5]}}', "1:21: what resource holds is a JSON object, or a list of objects"),
        ('{"resource": {"t": {"e": 5}}}', "1:26: what resource holds is a JSON object, or a list of objects"),
        ('{"module": {"m": "./m"}}', "1:18: what module holds is a JSON object, or a list of objects"),
        ('{"locals": [[]]}', "1:13: locals is a JSON object, or a list of objects"),
        ('{"resource": {"t": {"e": {"dynamic": "x"}}}}', "1:38: dynamic is a JSON object, or a list of objects"),
        ('{"resource": {"t": {"e": {"a": {"k": 1, "k": 2}}}}}', "1:41: k is there twice"),
    ],
)
def test_an_error_in_json_names_its_place(text: str, problem: str) -> None:
    with pytest.raises(HclSyntaxError) as caught:
        json_syntax.parse(text, "main.tf.json")
    assert caught.value.message == f"main.tf.json:{problem}"


def test_null_in_json_is_no_block_as_in_terraform() -> None:
    text = '{"resource": null, "module": {"m": null}, "locals": [null, {"a": null}]}'
    (locals_,) = json_syntax.parse(text, "main.tf.json").body.blocks
    assert list(locals_.body.arguments) == ["a"]


def waiver_comments(file: SourceFile) -> list[str]:
    return [comment.text for comment in file.comments]


def test_only_comments_speak_to_guardrail() -> None:
    heredoc = "c = <<EOT\n# guardrail:ignore d\nEOT\n"
    text = f'# guardrail:ignore a\na = "# guardrail:ignore b"\n{heredoc}// guardrail:ignore e\n'
    assert waiver_comments(parse(text, "main.tf")) == ["guardrail:ignore a", "guardrail:ignore e"]


# What python-hcl2 reads differently, or not at all -------------------------------------------------------------------


def test_a_minus_sign_is_an_operator_wherever_it_stands() -> None:
    """python-hcl2 takes the sign of a number of two digits for a part of it: ``3 -12`` is two numbers then."""
    assert values(
        "a = 30 -12\nb = abs(-30)-12\nc = [1-1.5, -12, 1e1-10]\nd = -1-22.5\ne = (20)-10-3\nf = {x-12 = 1}\n"
        "g = [for n in [-12] : n if -12 < n]\nh = true ? -12 : -13\n"
    ) == {
        "a": 18,
        "b": 18,
        "c": [-0.5, -12, 0],
        "d": -23.5,
        "e": 7,
        "f": {"x-12": 1},
        "g": [],
        "h": -12,
    }


def test_what_stands_in_strings_is_never_touched() -> None:
    """The scanner puts other characters in the place of these where they are no text."""
    text = '"é -12 :: [ * ] # // /* $${ %%{ <<EOT ~ \\\\"'
    assert values(f"a = {text}\nb = [{text}]\n") == {
        "a": "é -12 :: [ * ] # // /* ${ %{ <<EOT ~ \\",
        "b": ["é -12 :: [ * ] # // /* ${ %{ <<EOT ~ \\"],
    }


def test_an_escaped_marker_needs_no_closing_brace_and_hides_no_interpolation() -> None:
    assert values('a = "$${x"\nb = "$${x${1}"\nc = "$$${1}%%%{d}"\n') == {"a": "${x", "b": "${x1", "c": "$${1}%%{d}"}


@pytest.mark.parametrize("marked", ['"x ${~ 1 ~} y"', '"x ${~1~} y"', '"x %{~ if true ~} 1 %{~ endif ~} y"'])
def test_a_marker_eats_white_space(marked: str) -> None:
    assert values(f"a = {marked}\n") == {"a": "x1y"}


def test_new_lines_mean_nothing_in_interpolations() -> None:
    assert values('a = "${\n  1\n  + 2 # }\n}"\nb = <<EOT\n${[\n1,\n][0]}\nEOT\n') == {"a": 3, "b": "1\n"}


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        ("a = {\n  b = 1 +\n  2\n}\n", "2:9", "an expression goes on in another line only between parentheses"),
        ("a = 1\n+ 2\n", "2:1", "an argument or a block must start here with its name"),
        ("a = b\n? 1 : 2\n", "2:1", "an argument or a block must start here with its name"),
        ("a\n{\n}\n", "1:2", "'=' and a value, or a block, must follow a"),
        ("a = {\n  b\n  = 1\n}\n", "2:4", "'=' is missing here"),
        ('a = "%{ ifx }%{ endif }"\n', "1:9", "a blank is missing behind if"),
        ("a = [forx in [1] : x]\n", "1:11", "',' is missing here"),
        ("a = b c = d\n", "1:7", "the line must end here"),
        ("a = 1\u00a0\n", "1:6", "'\\xa0' means nothing here"),
    ],
)
def test_what_python_hcl2_is_too_generous_with_is_refused(text: str, place: str, problem: str) -> None:
    with pytest.raises(HclSyntaxError) as caught:
        parse(text, "main.tf")
    assert caught.value.message == f"main.tf:{place}: {problem}"


@pytest.mark.parametrize(("text", "place"), [("a = [1].{}\n", "1:9"), ("a = [1][{}]\n", "1:9"), ("a = {}\n", "1:5")])
def test_a_number_of_five_thousand_digits_is_refused_an_index_behind_a_dot_too(text: str, place: str) -> None:
    with pytest.raises(HclSyntaxError) as caught:
        values(text.format("9" * 5_000))
    assert caught.value.message == f"main.tf:{place}: the number is too long, too large or too small"


def test_functions_of_any_namespace_are_calls() -> None:
    arguments = parse("a = core::max(1)\nb = provider::aws::arn_parse(2)\n", "main.tf").body.arguments
    assert [each.expression.name for each in arguments.values() if isinstance(each.expression, Call)] == [
        "core::max",
        "provider::aws::arn_parse",
    ]


# Blocks are read when somebody looks into them ----------------------------------------------------------------------


def test_an_argument_of_a_block_is_parsed_when_it_is_asked_for() -> None:
    file = parse('a "b" {\n  c = = 1\n}\nd {\n  e = 1\n}\n', "main.tf")
    broken, good = file.body.blocks
    assert (broken.type, broken.labels, broken.end, good.type) == ("a", ("b",), 18, "d")
    assert list(good.body.arguments) == ["e"]
    with pytest.raises(HclSyntaxError, match=r"^main\.tf:2:7: a value is missing here$"):
        _ = broken.body.expression("c")


def test_what_is_not_closed_is_seen_at_once() -> None:
    for text in ("a {\n  b = [\n}\n", 'a {\n  b = "\n}\n', "a {\n  b = <<EOT\n}\n", "a {\n  /* \n}\n"):
        with pytest.raises(HclSyntaxError):
            parse(text, "main.tf")
