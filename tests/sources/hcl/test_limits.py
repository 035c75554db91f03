"""What an expression makes is charged in sum, to the last character, element and step; what is beyond is unknown."""

from collections.abc import Callable
from typing import Any

import pytest

from guardrail.errors import LimitError
from guardrail.limits import MOST_STEPS, MOST_TEXT, MOST_VALUES, Allowance
from guardrail.model import Unknown
from guardrail.sources.hcl.evaluate import evaluate, known_or_reason
from guardrail.sources.hcl.parse import parse_expression
from guardrail.sources.hcl.scope import EvaluationScope
from tests.sources.hcl.conftest import Read
from tests.sources.hcl.expressions import Nowhere

pytestmark = pytest.mark.no_cover  # many runs of the same lines: counting them takes longer than they do

TEXT = "it makes more than {:,} characters of text"
VALUES = "it makes more than {:,} values"


def little() -> Allowance:
    """A hundredth of what there is, so that tests are quick."""
    return Allowance(text=MOST_TEXT // 100, values=MOST_VALUES // 100, steps=MOST_STEPS // 100)


def given_up(expression: str, allowance: Allowance) -> str | None:
    """The limit that evaluating an expression reaches; None where it is within."""
    module = Nowhere({"ten": "0123456789", "three": ["a", "b", "c"]})
    module.trace.allowance = allowance
    try:
        evaluate(parse_expression(expression, "test"), EvaluationScope(module))
    except LimitError as error:
        return error.message
    return None


@pytest.mark.parametrize(
    ("expression", "characters"),
    [
        ('"${ten}${ten}"', 20),
        ("upper(ten)", 10),
        ('join("-", three)', 6),  # three of one character, and as many separators at most
        ('replace(ten, "0", "xyz")', 13),
        ('replace(ten, "/[01]/", "xyz")', 16),
        ('indent(2, "a\\nb")', 6),
        ('format("<%s%s>", ten, ten)', 22),
        ("jsonencode(ten)", 12),
        ('"%{for x in three}${x}${ten}%{endfor}"', 33 + 33 + 33),  # each round, all of them, and the text around
    ],
)
def test_text_is_charged_to_the_last_character(expression: str, characters: int) -> None:
    assert given_up(expression, Allowance(text=characters)) is None
    assert given_up(expression, Allowance(text=characters - 1)) == TEXT.format(characters - 1)


@pytest.mark.parametrize(
    ("expression", "elements"),
    [
        ("[1, 2, 3]", 3),
        ("{a = 1, b = 2}", 2),
        ("[for x in three : x]", 3),
        ("{for x in three : x => 1}", 3),
        ("three[*]", 3),
        ("concat(three, three)", 6),
        ("reverse(three)", 3),
        ("range(5)", 5),
        ('split("", ten)', 10),
        ("merge({a = 1}, {b = 2})", 1 + 1 + 2),  # both objects, and what they make
        ("setproduct(three, three)", 3 + 3 + 9 * 3),  # two lists of one type, nine pairs and the parts of each
        ('formatlist("%s", three)', 3),
        ("flatten([three, three])", 2 + 6),
        ("toset(three)", 3 + 3),  # made of one type, then a set
    ],
)
def test_elements_are_charged_to_the_last_one(expression: str, elements: int) -> None:
    assert given_up(expression, Allowance(values=elements)) is None
    assert given_up(expression, Allowance(values=elements - 1)) == VALUES.format(elements - 1)


@pytest.mark.parametrize(
    "expression",
    [
        "[for a in range(1000) : [for b in range(1000) : [for c in range(1000) : a]]]",
        'join(join("", [for i in range(1000) : "xxxxxxxxxxxxxxxxxxxx"]), range(1000))',
        'replace(join("", [for i in range(1000) : "xxxx"]), "x", join("", [for i in range(1000) : "xxxx"]))',
        'format(join("", [for i in range(1000) : "%[1]s"]), join("", [for i in range(1000) : "xxxxxxxxxxxxxxxxxxxx"]))',
        'formatlist("%s%s", range(1000), join("", [for i in range(1000) : "xxxxxxxxxxxxxxxxxxxx"]))',
        "setproduct(range(1000), range(1000), range(1000))",
        "flatten([for i in range(1000) : [for j in range(1000) : range(2)]])",
        "concat([for i in range(1000) : range(1001)]...)",
        'merge([for i in range(1000) : {for j in range(1000) : "k${j}" => j}]...)',
        "[for v in setproduct(range(300), range(300)) : v if contains(setproduct(range(300), range(300)), v)]",
        '[for i in range(1000) : [for j in range(1000) : regexall("a", "${i}${j}")]]',
        '"%{for a in range(1000)}%{for b in range(1000)}%{for c in range(1000)}x%{endfor}%{endfor}%{endfor}"',
        '[for i in range(1000) : [for j in range(1000) : "${1 / 3}"]]',
        "[for i in range(1000) : jsondecode(jsonencode(range(1000)))]",
    ],
)
def test_what_multiplies_is_given_up_and_no_guess(expression: str) -> None:
    """``try`` does not go on to its next argument: Terraform would have had a value."""
    for each in (expression, f'try({expression}, "a guess")', f"can({expression})"):
        assert given_up(each, little()) is not None


DOUBLED: list[tuple[str, Callable[[int], str]]] = [
    ("[]", lambda n: f"[local.l{n}, local.l{n}]"),
    ('"xxxxxxxx"', lambda n: f'"${{local.l{n}}}${{local.l{n}}}"'),
    ('["x"]', lambda n: f"concat(local.l{n}, local.l{n})"),
    ('"x"', lambda n: f'format("%s%s", local.l{n}, local.l{n})'),
    ("{}", lambda n: f"{{a = local.l{n}, b = local.l{n}}}"),
]


@pytest.mark.parametrize(("first", "following"), DOUBLED, ids=[first for first, _ in DOUBLED])
@pytest.mark.parametrize(
    "use", ["length(flatten([local.l60]))", "jsonencode(local.l60)", "local.l60 == local.l59", "toset([local.l60])"]
)
def test_what_doubles_itself_ends_and_does_not_hide_what_is_written(
    read: Read, monkeypatch: pytest.MonkeyPatch, first: str, following: Callable[[int], str], use: str
) -> None:
    monkeypatch.setattr("guardrail.sources.hcl.scope.Allowance", little)
    chain = "\n".join(f"l{n + 1} = {following(n)}" for n in range(60))
    (endpoint,) = read(
        f"""
        locals {{
          l0 = {first}
          {chain}
          used = {use}
        }}
        resource "aws_sagemaker_endpoint_configuration" "c" {{
          name = "c-${{try(local.used, "a guess")}}"
          production_variants {{
            variant_name           = "main"
            model_name             = "m"
            instance_type          = "ml.m5.large"
            initial_instance_count = 2
          }}
        }}
        resource "aws_sagemaker_endpoint" "e" {{
          name                 = "e"
          endpoint_config_name = aws_sagemaker_endpoint_configuration.c.name
        }}
        """
    ).after.endpoints
    variants: Any = endpoint.variants
    assert (endpoint.name, variants[0].instance_type, variants[0].initial_instance_count) == ("e", "ml.m5.large", 2)


def test_a_count_beyond_what_is_read_is_unknown_and_says_why(read: Read) -> None:
    """25,000 instances at 40 elements each are the limit of a million: one more is beyond it."""
    blocks = """
    resource "aws_sagemaker_endpoint" "e" {{
      count                = {}
      name                 = "e${{count.index}}"
      endpoint_config_name = "c"
    }}
    """
    change_set = read(blocks.format(25_001))
    assert [each.address for each in change_set.after.endpoints] == ["aws_sagemaker_endpoint.e[*]"]
    assert any("it makes more than 1,000,000 values" in notice for notice in change_set.notices)


def test_what_python_cannot_do_is_unknown_and_no_traceback() -> None:
    """Deeper than Python goes: the boundary answers, whatever is raised below it."""
    module = Nowhere({"u": object()})
    for expression in ("[u][0] + 1", "u.a", "upper(u)", "-u", "[for x in u : x]"):
        assert isinstance(known_or_reason(parse_expression(expression, "test"), EvaluationScope(module)), Unknown)
