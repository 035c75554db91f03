"""Operators, templates and functions: what Terraform gives for them, on paper and, where it is installed, in fact."""

from pathlib import Path
from typing import Any

import pytest

from guardrail.model import Unknown
from guardrail.sources.hcl.values import Attributes, UndecidedInstances
from tests.sources.hcl.expressions import REFUSED, TERRAFORM, console, value_of

VALUES: list[tuple[str, Any]] = [
    # Operators. From the language documentation, or arithmetic.
    ("1 + 2 * 3", 7),
    ("(1 + 2) * 3", 9),
    ("7 / 2", 3.5),
    ("8 / 2", 4),
    ("-7 % 3", -1),
    ("7 % -3", 1),
    ("0.1 + 0.2", 0.3),
    ("-(-2)", 2),
    ('"2" * "3"', 6),
    ("1 == 1.0", True),
    ('1 == "1"', False),
    ("null == null", True),
    ('null == "a"', False),
    ("[1, 2] == [1, 2]", True),
    ("{a = 1} == {a = 1}", True),
    ("1 < 2 && !(2 < 1) || false", True),
    ('"true" ? "a" : "b"', "a"),
    ("true ? 1 : 2", 1),
    ("0 / 0", REFUSED),
    ("true + 1", REFUSED),
    ('"a" + 1', REFUSED),
    # Templates.
    ('"a${1}b${true}"', "a1btrue"),
    ('"${[1, 2]}"', [1, 2]),
    ('"x${1 / 4}"', "x0.25"),
    ('"$${a} %%{b}"', "${a} %{b}"),
    (r'"\t\"\\\u00e9\n"', '\t"\\é\n'),
    ('"%{if 1 > 0}yes%{else}no%{endif}"', "yes"),
    ('"%{if false}yes%{endif}"', ""),
    ('"%{for i, v in ["a", "b"]}${i}${v}%{endfor}"', "0a1b"),
    ('"a ${~ "b" ~} c"', "abc"),
    ('"x${null}"', REFUSED),
    ('"x${[]}"', REFUSED),
    # Collections.
    ("[for v in [3, 1, 2] : v * 2 if v > 1]", [6, 4]),
    ('[for k, v in {b = 1, a = 2} : "${k}${v}"]', ["a2", "b1"]),
    ('{for v in ["a", "bb"] : v => length(v)}', {"a": 1, "bb": 2}),
    ('{for v in ["a", "b", "ab"] : substr(v, 0, 1) => v...}', {"a": ["a", "ab"], "b": ["b"]}),
    ('{for v in ["a", "a"] : v => 1}', REFUSED),
    ("[{a = 1}, {a = 2}][*].a", [1, 2]),
    ("[{a = [1]}, {a = [2]}].*.a", [[1], [2]]),
    ("{a = {b = [1, 2]}}.a.b[1]", 2),
    ('{"a b" = 1}["a b"]', 1),
    ("null[*]", []),
    ("5[*]", [5]),
    ("[1][1]", REFUSED),
    ("distinct([null, []])", REFUSED),
    ("distinct([null, {a = 1}])", REFUSED),
    ("tolist([null, [1]])", REFUSED),
    ("distinct([null, 1])", [None, 1]),
    ("{a = 1}.b", REFUSED),
    # Numbers.
    ("abs(-3.5)", 3.5),
    ("ceil(-1.2)", -1),
    ("floor(-1.2)", -2),
    ("max(1, 5, 3)", 5),
    ("min([4, 2]...)", 2),
    ("pow(2, 10)", 1024),
    ("log(16, 2)", 4),
    ("signum(-3)", -1),
    ('parseint("ff", 16)', 255),
    ('parseint("12x", 10)', REFUSED),
    ("sum([1, 2.5])", 3.5),
    # Text.
    ('upper("aé")', "AÉ"),
    ('lower("AB")', "ab"),
    ('title("hello world")', "Hello World"),
    (r'chomp("a\n\n")', "a"),
    (r'trimspace(" \ta ")', "a"),
    ('trim("?!hello?!", "!?")', "hello"),
    ('trimprefix("helloworld", "hello")', "world"),
    ('trimsuffix("helloworld", "world")', "hello"),
    ('startswith("ml.g5.xlarge", "ml.")', True),
    ('endswith("ml.g5.xlarge", "large")', True),
    ('strcontains("hello", "ell")', True),
    ('strrev("hello")', "olleh"),
    ('substr("hello world", 1, 4)', "ello"),
    ('substr("hello world", -5, -1)', "world"),
    ('split(",", "a,b,c")', ["a", "b", "c"]),
    ('split(",", "")', [""]),
    ('join("-", ["a", "b"], ["c"])', "a-b-c"),
    ('replace("1 + 2 + 3", "+", "-")', "1 - 2 - 3"),
    ('replace("hello world", "/w.*d/", "everybody")', "hello everybody"),
    ('replace("ab", "/(a)(b)/", "$2$1")', "ba"),
    ('regex("[a-z]+", "53453453.345345aaabbbccc23454")', "aaabbbccc"),
    (r'regex("(\\d\\d\\d\\d)-(\\d\\d)", "2019-02")', ["2019", "02"]),
    (r'regex("^(?P<family>ml\\.\\w+)\\.", "ml.g5.xlarge")', {"family": "ml.g5"}),
    ('regex("x", "y")', REFUSED),
    ('regexall("[a-z]", "a1b")', ["a", "b"]),
    (r'indent(2, "a\nb")', "a\n  b"),
    ('format("Hello, %s!", "Ander")', "Hello, Ander!"),
    ('format("%03d|%5.1f|%-4s|%4s|%%|%x", 7, 1.26, "a", "b", 255)', "007|  1.3|a   |   b|%|ff"),
    ('format("%s %v %q %t", 1.5, [1, "a"], "x", true)', '1.5 [1,"a"] "x" true'),
    ('format("%[2]s-%[1]s", "a", "b")', "b-a"),
    ('format("%s")', REFUSED),
    ('format("%d", "a")', REFUSED),
    ('formatlist("%s-%d", ["a", "b"], [1, 2])', ["a-1", "b-2"]),
    ('formatlist("%s.%s", "x", ["a", "b"])', ["x.a", "x.b"]),
    ('length("héllo")', 5),
    # Collections again, through functions.
    ("length([1, 2])", 2),
    ("length({a = 1})", 1),
    ("keys({b = 1, a = 2})", ["a", "b"]),
    ("values({b = 1, a = 2})", [2, 1]),
    ('lookup({a = "x"}, "a", "y")', "x"),
    ('lookup({a = "x"}, "b", "y")', "y"),
    ('merge({a = 1, b = 2}, {b = 3}, {c = "x"})', {"a": 1, "b": 3, "c": "x"}),
    ("merge([{a = 1}, {b = 2}]...)", {"a": 1, "b": 2}),
    ("concat([1], [2, 3])", [1, 2, 3]),
    ('flatten([["a", ["b"]], [], ["c"]])', ["a", "b", "c"]),
    ('element(["a", "b", "c"], 4)', "b"),
    ('one(["a"])', "a"),
    ("one([])", None),
    ('one(["a", "b"])', REFUSED),
    ('compact(["a", "", null, "b"])', ["a", "b"]),
    ('contains(["a"], "a")', True),
    ('contains(["a"], "b")', False),
    ('distinct(["a", "b", "a"])', ["a", "b"]),
    ('index(["a", "b"], "b")', 1),
    ("range(3)", [0, 1, 2]),
    ("range(1, 8, 2)", [1, 3, 5, 7]),
    ("range(4, 1)", [4, 3, 2]),
    ("range(2000)", REFUSED),
    ("reverse([1, 2])", [2, 1]),
    ("slice([1, 2, 3], 1, 2)", [2]),
    ('sort(["b", "a", "C"])', ["C", "a", "b"]),
    ("chunklist([1, 2, 3], 2)", [[1, 2], [3]]),
    ('coalesce("", null, "b")', "b"),
    ("coalesce(null, 0)", 0),
    ("coalescelist([], [1])", [1]),
    ('zipmap(["a", "b"], [1, 2])', {"a": 1, "b": 2}),
    ('transpose({a = ["1", "2"], b = ["2"]})', {"1": ["a"], "2": ["a", "b"]}),
    ('matchkeys(["i1", "i2"], ["x", "y"], ["y"])', ["i2"]),
    ("alltrue([true, true])", True),
    ("alltrue([])", True),
    ("anytrue([false, true])", True),
    ('setunion(["a"], ["b"])', ["a", "b"]),
    ('setintersection(["a", "b"], ["b"])', ["b"]),
    ('setsubtract(["a", "b"], ["b"])', ["a"]),
    ('setproduct(["a"], ["x", "y"])', [["a", "x"], ["a", "y"]]),
    # Types and errors.
    ('tonumber("1.5")', 1.5),
    ('tonumber("a")', REFUSED),
    ("tostring(1)", "1"),
    ('tobool("true")', True),
    ('toset(["b", "a", "b"])', ["a", "b"]),
    ('tolist(["b", "a"])', ["b", "a"]),
    ('tomap({a = "x"})', {"a": "x"}),
    ("try({a = 1}.b, 2)", 2),
    ("try([][0])", REFUSED),
    ("can({a = 1}.b)", False),
    ("can(1)", True),
    ("nonsensitive(sensitive(1)) + 1", 2),
    # Encodings.
    ('jsonencode({b = [1, 2.5, true, null], a = "<é>"})', '{"a":"\\u003cé\\u003e","b":[1,2.5,true,null]}'),
    ('jsondecode("{\\"a\\": [1, 2.5, null]}")', {"a": [1, 2.5, None]}),
    ('jsondecode("{")', REFUSED),
    (
        r'yamldecode("a: [1, yes, ~, \"1\", 0x1f, 1.5]\nb: {on: off}")',
        {"a": [1, True, None, "1", 31, 1.5], "b": {"true": False}},
    ),
    ('yamldecode("[012, 0o12, 2001-01-01, 1_000]")', [12, 10, "2001-01-01T00:00:00Z", "1_000"]),
    (r'yamldecode("x: &x {a: 1}\ny:\n  <<: *x\n  b: 2")', {"x": {"a": 1}, "true": {"a": 1, "b": 2}}),
    (r'csvdecode("a,b\n1,2\n")', [{"a": "1", "b": "2"}]),
    ('base64encode("Hello")', "SGVsbG8="),
    ('base64decode("SGVsbG8=")', "Hello"),
    ('urlencode("a b/ü")', "a+b%2F%C3%BC"),
    ('md5("hello world")', "5eb63bbbe01eeed093cb22bb8f5acdc3"),
    ('sha1("hello world")', "2aae6c35c94fcfb415dbe95f408b9ce91ee846ed"),
    ('uuidv5("dns", "www.terraform.io")', "a5008fae-b28c-5ba5-96cd-82b4c53552d6"),
    # Paths, networks, time.
    ('basename("foo/bar/baz.txt")', "baz.txt"),
    ('dirname("foo/bar/baz.txt")', "foo/bar"),
    ('cidrsubnet("172.16.0.0/12", 4, 2)', "172.18.0.0/16"),
    ('cidrhost("10.12.112.0/20", 16)', "10.12.112.16"),
    ('cidrnetmask("172.16.0.0/12")', "255.240.0.0"),
    ('timeadd("2017-11-22T00:00:00Z", "10m")', "2017-11-22T00:10:00Z"),
    ('timecmp("2017-11-22T00:00:00Z", "2017-11-22T01:00:00Z")', -1),
]


@pytest.mark.parametrize(("expression", "expected"), VALUES, ids=[expression for expression, _ in VALUES])
def test_an_expression_has_the_value_that_the_language_gives_it(expression: str, expected: Any) -> None:
    assert value_of(expression) == expected


@pytest.mark.skipif(TERRAFORM is None, reason="terraform is not installed")
def test_terraform_itself_gives_these_values(tmp_path: Path) -> None:
    of_terraform = console([expression for expression, _ in VALUES], tmp_path)
    wrong = {
        expression: (expected, found)
        for (expression, expected), found in zip(VALUES, of_terraform, strict=True)
        if found != expected
    }
    assert wrong == {}


UNKNOWN = {"u": Unknown("nobody said"), "o": {"known": 1, "unknown": Unknown("nobody said")}}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("false && u", False),
        ("u || true", True),
        ("u ? 1 : 1", 1),
        ("length([u, u])", 2),
        ("keys(o)", ["known", "unknown"]),
        ("o.known", 1),
        ("merge(o, {unknown = 2})", {"known": 1, "unknown": 2}),
        ('lookup(o, "known", u)', 1),
        ("[1, u][0]", 1),
        ("contains([u, 1], 1)", True),
        ("coalesce(1, u)", 1),
        ("flatten([[1], [2]])[1]", 2),
    ],
)
def test_an_unknown_part_leaves_the_rest_known(expression: str, expected: Any) -> None:
    assert value_of(expression, UNKNOWN) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "u",
        "u + 1",
        "!u",
        "u == 1",
        "true && u",
        "u ? 1 : 2",
        "o.unknown",
        "u.attribute",
        "u[0]",
        "[1, 2][u]",
        "length(u)",
        "length(toset([u, 1]))",
        "jsonencode(o)",
        "sort([u])",
        "contains([u], 1)",
        "coalesce(u, 1)",
        "[for v in u : v]",
        "{for v in [u] : v => 1}",
        "{(u) = 1}",
        "merge(o, u)",
        "max(1, u)",
        "upper(u)",
        'format("%s", u)',
        'join(",", [u])',
        "timestamp()",
        "uuid()",
        "nothing_of_that_name(1)",
        "provider::aws::arn_parse(1)",
    ],
)
def test_what_depends_on_an_unknown_is_unknown(expression: str) -> None:
    assert isinstance(value_of(expression, UNKNOWN), Unknown)


def test_nobody_counts_instances_of_which_the_number_is_unknown() -> None:
    """What stands for all of them gives its attributes, and no length."""
    many = {"many": UndecidedInstances(Instance(), Unknown("the count is unknown"))}
    assert value_of("(many[*].name)[0]", many) == "name of one"
    assert value_of("(many.*.name).0", many) == "name of one"
    for expression in (
        "length(many)",
        "length(many[*].name)",
        "[for one in many : one.name]",
        'try(length(many), "a guess")',
    ):
        assert isinstance(value_of(expression, many), Unknown)


class Instance(Attributes):
    def attribute(self, name: str) -> str:
        return f"{name} of one"


@pytest.mark.parametrize(
    ("expression", "partial"),
    [
        ('"endpoint/${u}/variant/blue"', "endpoint/${…}/variant/blue"),
        ('"${u}-${1 + 1}"', "${…}-2"),
        ('"a%{for v in u}x%{endfor}b"', "a${…}b"),
    ],
)
def test_what_is_known_of_a_text_stays(expression: str, partial: str) -> None:
    value = value_of(expression, UNKNOWN)
    assert isinstance(value, Unknown)
    assert (value.reason, value.partial) == ("nobody said", partial)


@pytest.mark.usefixtures("frugal")
@pytest.mark.parametrize(
    "expression",
    [
        "1e1000 * 1e1000",
        "[for a in range(1000) : [for b in range(1000) : [for c in range(1000) : a]]]",
        'jsondecode("[[[[[1e999999999]]]]]")',
        "setproduct(range(1000), range(1000))",
    ],
)
def test_what_nobody_could_work_out_is_given_up_at_once(expression: str) -> None:
    assert isinstance(value_of(expression), Unknown)
    assert isinstance(value_of(f'try({expression}, "a guess")'), Unknown)


GLOBS = [
    ("*.tf", ["x.tf", "y.tf"]),
    ("**/*.tf", ["a/b/q.tf", "a/p.tf", "d/[x].tf", "x.tf", "y.tf"]),
    ("a/**", ["a/b/q.tf", "a/p.tf"]),
    ("**/b/**", ["a/b/q.tf"]),
    ("a**/q.tf", []),
    ("z?.json", ["z1.json", "z2.json"]),
    ("z[12].json", ["z1.json", "z2.json"]),
    ("z[^1].json", ["z2.json"]),
    ("z[!1].json", ["z1.json"]),
    ("{x,z[1-9]}.{tf,json}", ["x.tf", "z1.json", "z2.json"]),
    ("d/\\\\[x\\\\].tf", ["d/[x].tf"]),
    ("./x.tf", ["x.tf"]),
    ("a/../*.tf", ["x.tf", "y.tf"]),
    ("nope/*", []),
    ("{x,a/p}.tf", REFUSED),
    ("{*.tf", REFUSED),
    ("[x", REFUSED),
    ("z[-]1", REFUSED),
    ("{x,{y,z}}.tf", REFUSED),
]


@pytest.mark.parametrize(("pattern", "found"), GLOBS, ids=[pattern for pattern, _ in GLOBS])
def test_fileset_finds_what_a_glob_means_to_terraform(tmp_path: Path, pattern: str, found: Any) -> None:
    """As Terraform 1.11 answers, but for braces inside braces, whose meaning there is another's."""
    for name in ("x.tf", "y.tf", "z1.json", "z2.json", "a/p.tf", "a/b/q.tf", "d/[x].tf"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert value_of(f'fileset(".", "{pattern}")', directory=str(tmp_path)) == found


def test_a_glob_that_a_backtracking_engine_would_never_end_is_done_at_once(tmp_path: Path) -> None:
    (tmp_path / ("a" * 200)).touch()
    assert value_of(f'fileset(".", "{"*a" * 30}*b")', directory=str(tmp_path)) == []


def test_globs_are_bounded_in_sum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two files, held against one alternative, then against two: 2 and 4, which is 6 in sum."""
    monkeypatch.setattr("guardrail.limits.MOST_SEARCHED", 6)
    for name in ("a", "b"):
        (tmp_path / name).touch()
    both = 'fileset(".", "*"), fileset(".", "{a,b}")'
    assert value_of(f"[{both}]", directory=str(tmp_path)) == [["a", "b"], ["a", "b"]]
    assert isinstance(value_of(f'[{both}, fileset(".", "a")]', directory=str(tmp_path)), Unknown)


def test_a_file_is_read_from_the_directory_of_the_root_module(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.txt").write_text("text", encoding="utf-8")
    (tmp_path / "t.tftpl").write_text("%{ for n in names ~}\n${n}!\n%{ endfor ~}\n", encoding="utf-8")
    assert value_of('file("sub/a.txt")', directory=str(tmp_path)) == "text"
    assert value_of('fileexists("nope")', directory=str(tmp_path)) is False
    assert value_of('fileset("sub", "*.txt")', directory=str(tmp_path)) == ["a.txt"]
    assert value_of('fileset(".", "**/*.txt")', directory=str(tmp_path)) == ["sub/a.txt"]
    assert value_of('templatefile("t.tftpl", {names = ["a", "b"]})', directory=str(tmp_path)) == "a!\nb!\n"
    assert value_of('file("nope")', directory=str(tmp_path)) == REFUSED
    assert value_of('file("/dev/zero")', directory=str(tmp_path)) == REFUSED
