"""``Fn::ForEach``: bodies written out, at the places of what was written once."""

import pytest

from guardrail.errors import LimitError, SourceError
from guardrail.limits import Allowance
from guardrail.model import Location, Unknown
from guardrail.sources.template.loops import Loops
from guardrail.sources.template.text import load
from guardrail.sources.template.values import Table

TEMPLATE = """\
Resources:
  Fn::ForEach::Tenants:
    - Tenant
    - [acme, glo-bex]
    - Config${Tenant}:
        Type: AWS::SageMaker::EndpointConfig
        Properties:
          Name: ${Tenant}-config
          Tenant: !Ref Tenant
          Kept: !Ref Other
      Endpoint&{Tenant}:
        Type: AWS::SageMaker::Endpoint
  Model:
    Type: AWS::SageMaker::Model
"""


def expanded(text: str) -> Table:
    return Loops("t.yaml", lambda value: value, Allowance()).expanded(load("t.yaml", text.encode())["Resources"])


def test_a_body_is_written_out_for_each_item() -> None:
    resources = expanded(TEMPLATE)
    assert list(resources) == ["Configacme", "Endpointacme", "Configglo-bex", "Endpointglobex", "Model"]
    assert resources["Configglo-bex"]["Properties"] == {
        "Name": "glo-bex-config",
        "Tenant": "glo-bex",
        "Kept": {"Ref": "Other"},
    }


def test_places_are_those_of_the_body() -> None:
    resources = expanded(TEMPLATE)
    assert resources.place("Configacme") == resources.place("Configglo-bex") == Location("t.yaml", 5, 7)
    assert resources.place("Endpointglobex") == Location("t.yaml", 11, 7)
    assert resources.place("Model") == Location("t.yaml", 13, 3)
    assert resources["Configglo-bex"]["Properties"].place("Tenant") == Location("t.yaml", 9, 11)


def test_a_loop_in_a_loop_sees_both_names() -> None:
    resources = expanded("""\
Resources:
  Fn::ForEach::Stages:
    - Stage
    - [dev, prod]
    - Fn::ForEach::Sizes:
        - Size
        - [s, l]
        - E${Stage}${Size}: {Name: "${Stage}/${Size}"}
""")
    assert {key: value["Name"] for key, value in resources.items()} == {
        "Edevs": "dev/s",
        "Edevl": "dev/l",
        "Eprods": "prod/s",
        "Eprodl": "prod/l",
    }


def test_a_collection_that_is_unknown_is_kept_with_its_body() -> None:
    loops = Loops("t.yaml", lambda _: Unknown("the parameter Tenants has no value"), Allowance())
    assert list(loops.expanded(load("t.yaml", TEMPLATE.encode())["Resources"])) == ["Model"]
    body, unknown = loops.unknown["Tenants"]
    assert "Config${Tenant}" in body
    assert unknown.reason == "the parameter Tenants has no value"


@pytest.mark.parametrize(
    ("collection", "reason"),
    [
        (["a", Unknown("it is not known yet")], "it is not known yet"),
        (["a", {"b": "c"}], "its collection is not a list of texts"),
        (3, "its collection is not a list of texts"),
    ],
)
def test_a_collection_that_is_no_list_of_texts_says_what_it_is(collection: object, reason: str) -> None:
    loops = Loops("t.yaml", lambda _: collection, Allowance())
    assert list(loops.expanded(load("t.yaml", TEMPLATE.encode())["Resources"])) == ["Model"]
    assert loops.unknown["Tenants"][1].reason == reason


def test_a_table_without_loops_stays_as_it_is() -> None:
    table = Table({"a": 1})
    assert Loops("t", lambda value: value, Allowance()).expanded(table) is table


@pytest.mark.parametrize("loop", ["3", "[a, b]", "[a, [b], c]", "{a: 1}"])
def test_a_loop_of_another_shape_is_refused(loop: str) -> None:
    with pytest.raises(SourceError, match=r"Fn::ForEach::X is not a name, a collection and a body"):
        expanded(f"Resources:\n  Fn::ForEach::X: {loop}\n")


def test_loops_that_would_write_out_a_million_copies_are_refused() -> None:
    items = f"[{', '.join(map(str, range(1000)))}]"
    text = (
        f"Resources:\n  Fn::ForEach::A:\n    - A\n    - {items}\n    - Fn::ForEach::B:\n"
        f"        - B\n        - {items}\n        - R${{A}}x${{B}}: {{}}\n"
    )
    with pytest.raises(LimitError, match="it makes more than 1,000,000 values"):
        expanded(text)


def test_a_copy_is_charged_its_text_and_what_is_put_into_it() -> None:
    """Key and value of 5 and 9 characters, into which "acme" goes once and twice: 5 + 4 + 9 + 8 are 26."""
    loop = load("t.yaml", b"Fn::ForEach::Tenants: [T, [acme], {'A${T}': '${T}-${T}'}]")
    assert Loops("t.yaml", lambda value: value, Allowance(text=26)).expanded(loop) == {"Aacme": "acme-acme"}
    with pytest.raises(LimitError):
        Loops("t.yaml", lambda value: value, Allowance(text=25)).expanded(loop)
