"""What says the same of many instances of one block is said once."""

from typing import Any

from msgspec import structs

from guardrail.model import InferenceComponent, Unknown
from guardrail.policy.base import Result
from guardrail.reporters import html, markdown, table
from guardrail.reporters.findings import Subjects, endpoint_names, findings
from tests.reporters.reports import docs, endpoint, finding, report, variant


def instance(key: str, message: str, **changes: Any) -> Result:
    module = f'module.search["{key}"]'
    return finding(
        address=f"{module}.aws_sagemaker_endpoint_configuration.this",
        endpoint=f"{module}.aws_sagemaker_endpoint.this",
        variant="main",
        message=message,
        **changes,
    )


def named(*keys: str) -> dict[tuple[str, str], str]:
    return {("plan.json", f'module.search["{key}"].aws_sagemaker_endpoint.this'): f"search-{key}" for key in keys}


def test_instances_that_differ_in_name_and_numbers_are_one_finding() -> None:
    results = [
        instance("a", "search-a runs 4 × ml.m5.xlarge, up to 1,234.50 USD"),
        instance("b", "search-b runs 2 × ml.m5.xlarge, up to 34.50 USD"),
    ]
    (group,) = findings(results, named("a", "b"))
    assert group.results == tuple(results)
    assert group.block == "module.search.aws_sagemaker_endpoint_configuration.this"


def test_names_of_which_a_part_is_known_are_no_difference_either() -> None:
    """``name = "search-${var.stage}-a"`` without a value for ``stage``."""
    names = {key: f"{name}-${{var.stage}}" for key, name in named("a", "b").items()}
    items = tuple(
        structs.replace(
            docs(),
            endpoint=structs.replace(docs().endpoint, address=address, name=Unknown("var.stage", partial=partial)),
        )
        for (_, address), partial in names.items()
    )
    results = [instance(key, f"search-{key}-${{var.stage}} lacks tags") for key in "ab"]
    assert len(findings(results, endpoint_names(report(endpoints=items)))) == 1


def test_a_name_is_a_whole_word() -> None:
    """An endpoint called "a" does not take the a out of every word."""
    names = {key: name.removeprefix("search-") for key, name in named("a", "b").items()}
    results = [instance("a", "a has an alarm"), instance("b", "b has an alarm")]
    assert len(findings(results, names)) == 1


def test_another_instance_type_is_another_finding() -> None:
    results = [instance("a", "search-a runs ml.m5.xlarge"), instance("b", "search-b runs ml.m5.2xlarge")]
    assert len(findings(results, named("a", "b"))) == 2


def test_other_blocks_policies_variants_and_states_are_other_findings() -> None:
    base = instance("a", "the same")
    others = [
        instance("b", "the same", policy="scaling-has-room"),
        instance("b", "the same", status="existing"),
        instance("b", "the same", source="other.json"),
        finding(address="aws_sagemaker_endpoint_configuration.other", message="the same"),
    ]
    assert len(findings([base, *others], {})) == 5


def test_a_finding_on_one_instance_keeps_its_full_address() -> None:
    (group,) = findings([instance("a", "alone")], {})
    assert group.block == 'module.search["a"].aws_sagemaker_endpoint_configuration.this'


def test_the_order_of_the_report_is_kept() -> None:
    results = [
        instance("b", "search-b runs 4", policy="dear"),
        instance("a", "search-a runs 3", policy="cheap"),
        instance("c", "search-c runs 2", policy="dear"),
    ]
    assert [[one.address[15] for one in group.results] for group in findings(results, named("a", "b", "c"))] == [
        ["b", "c"],
        ["a"],
    ]


def test_two_variants_of_an_endpoint_with_the_same_fault_are_told_apart_by_name_in_every_format() -> None:
    parts = (variant("main"), variant("canary"), variant(Unknown("after apply")))  # type: ignore[arg-type]
    item = structs.replace(docs(), endpoint=endpoint("docs", *parts, address="e"), cost=None)
    results = [
        finding(endpoint="e", address="c", variant="main", part=("variant", 0)),
        finding(endpoint="e", address="c", variant="canary", part=("variant", 1)),
        finding(endpoint="e", address="c", variant=None, part=("variant", 2)),
        finding("cost-tags-are-present", endpoint="e", address="e", variant=None, headline="lacks tags"),
    ]
    told = report(endpoints=(item,), results=tuple(results))
    subjects = Subjects(told)
    wrong = "keeps one instance while its queue is empty"
    assert [subjects.headline([one]) for one in findings(results, {})] == [
        f"docs / main: {wrong}",
        f"docs / canary: {wrong}",
        f"docs / variant 3: {wrong}",
        "docs: lacks tags",
    ]
    text = table.render(told)
    assert all(f" ✗ docs / {name}: " in text for name in ("main", "canary", "variant 3"))
    assert "`docs / main`, `docs / canary`, `docs / variant 3`: keeps one instance" in markdown.render(told)
    assert f"docs / canary: {wrong}" in html.render(told).replace("<wbr>", "")


def test_of_an_endpoint_with_one_variant_the_endpoint_is_enough() -> None:
    told = report()
    assert Subjects(told).of(findings([finding(part=("variant", 0))], {})) == (["docs"], 0)


def test_two_components_of_an_endpoint_are_told_apart_too() -> None:
    hosted = tuple(
        InferenceComponent(address=f"ic.{name}", name=name, variant_name="v1", copies=1, scaling=None)
        for name in ("small", "large")
    )
    item = structs.replace(docs(), endpoint=structs.replace(docs().endpoint, inference_components=hosted))
    results = [
        finding(address=f"ic.{each.name}", variant=None, part=("component", at)) for at, each in enumerate(hosted)
    ]
    subjects = Subjects(report(endpoints=(item,), results=tuple(results)))
    assert subjects.of(findings(results, {})) == (["docs / small", "docs / large"], 0)
