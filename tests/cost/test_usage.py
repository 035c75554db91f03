"""Usage files: what they say, whom they say it of, and the lines that a wrong one prints."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from guardrail.cost.demand import DOES_NOT_APPLY, NO_VARIANT_DEMAND, EndpointDemand, WorkflowDemand
from guardrail.cost.usage import NO_USAGE, EndpointUsage, JobUsage, Usage, VariantUsage, load
from guardrail.errors import SettingsError
from guardrail.model import Endpoint, Flow, InstanceVariant, ServerlessVariant, TransformJob, Unknown, Workflow

LATER = Unknown("known after apply")


def serverless(name: Any = "main", weight: Any = 1.0) -> ServerlessVariant:
    return ServerlessVariant(name=name, memory_mib=2048, max_concurrency=5, provisioned_concurrency=None, weight=weight)


def shadow(name: str) -> InstanceVariant:
    return InstanceVariant(name=name, shadow=True, instance_type="ml.m5.large", initial_instance_count=1)


def endpoint(address: str, configuration: str | None = None, *variants: Any) -> Endpoint:
    return Endpoint(
        address=address,
        name="e",
        region="us-east-1",
        mode="realtime",
        variants=variants or (serverless(),),
        configuration_address=configuration,
    )


def asked(usage: EndpointUsage, *variants: Any, default: EndpointUsage | None = None) -> EndpointDemand:
    by_type = {} if default is None else {"AWS::SageMaker::Endpoint": default}
    return Usage({"e": usage}, by_type).of(endpoint("e", None, *variants))


def numbers(**fields: Any) -> dict[str, Any]:
    return {name: Decimal(str(value)) if isinstance(value, (int, float)) else value for name, value in fields.items()}


def of(**fields: Any) -> EndpointUsage:
    return EndpointUsage(**numbers(**fields))


def own(**fields: Any) -> VariantUsage:
    return VariantUsage(**numbers(**fields))


def written(folder: Path, text: str) -> Usage:
    path = folder / "guardrail-usage.yml"
    path.write_text(text)
    return load(path)


def requests_of(usage: Usage, address: str, configuration: str | None = None) -> object:
    return usage.of(endpoint(address, configuration)).variants[0].requests


def test_a_file_gives_numbers_by_endpoint_and_variant(tmp_path: Path) -> None:
    usage = written(
        tmp_path,
        """
version: 0.1
resource_usage:
  aws_sagemaker_endpoint.chat:
    monthly_requests: 1000000
    request_duration_ms: 12.5
    variants:
      main: {average_instances: 2.5}
""",
    ).of(endpoint("aws_sagemaker_endpoint.chat", None, serverless("main"), serverless("other"), serverless(LATER)))
    main, other, nameless = usage.variants
    assert main.instances == Decimal("2.5")
    assert main.duration_ms == Decimal("12.5"), "what holds for the endpoint"
    assert other.instances is None
    assert nameless.duration_ms == Decimal("12.5")
    assert main.requests == Decimal(1_000_000) / 3


WILDCARDS = """
resource_usage:
  "*": {monthly_requests: 1}
  "module.search.*": {monthly_requests: 2}
  "module.search.aws_sagemaker_endpoint.this[*]": {monthly_requests: 3}
  'module.search.aws_sagemaker_endpoint.this["a.b"]': {monthly_requests: 4}
  'module.m[*].aws_sagemaker_endpoint.this["x"]': {monthly_requests: 5}
  "module.ep[*].aws_sagemaker_endpoint.this[*]": {monthly_requests: 6}
  'module.ep["chat"].aws_sagemaker_endpoint.this[*]': {monthly_requests: 7}
"""


@pytest.mark.parametrize(
    ("address", "requests"),
    [
        ("aws_sagemaker_endpoint.chat", 1),
        ("module.search.aws_sagemaker_endpoint.other", 2),
        ('module.search.aws_sagemaker_endpoint.this["b"]', 3),
        ("module.search.aws_sagemaker_endpoint.this[7]", 3),
        ('module.search.aws_sagemaker_endpoint.this["a.b"]', 4),
        ('module.m["eu"].aws_sagemaker_endpoint.this["x"]', 5),
        ('module.m["eu"].aws_sagemaker_endpoint.this["y"]', 1),
        ('module.ep["chat"].aws_sagemaker_endpoint.this[0]', 7),  # a name says more than a star
        ('module.ep["rank"].aws_sagemaker_endpoint.this[0]', 6),
    ],
)
def test_the_most_specific_key_wins(tmp_path: Path, address: str, requests: int) -> None:
    assert requests_of(written(tmp_path, WILDCARDS), address) == requests


def test_defaults_of_the_type_fill_what_an_entry_leaves_out(tmp_path: Path) -> None:
    usage = written(
        tmp_path,
        """
resource_type_default_usage:
  aws_sagemaker_endpoint: {monthly_requests: 7, request_payload_kb: 4}
  AWS::SageMaker::Endpoint: {monthly_requests: 9}
resource_usage:
  aws_sagemaker_endpoint.chat: {monthly_requests: 1}
""",
    )
    chat = usage.of(endpoint("aws_sagemaker_endpoint.chat"))
    assert chat.variants[0].requests == 1
    assert chat.data_in is not None
    assert chat.data_in.gb == Decimal(4) / 1_000_000, "4 kB of one request"
    assert requests_of(usage, 'module.x["a.b"].aws_sagemaker_endpoint.other') == 7
    assert requests_of(usage, "ChatEndpoint") == 9


def test_an_endpoint_is_found_by_its_configuration_too(tmp_path: Path) -> None:
    usage = written(tmp_path, "resource_usage: {aws_sagemaker_endpoint_configuration.c: {monthly_requests: 1}}")
    assert requests_of(usage, "aws_sagemaker_endpoint.e", "aws_sagemaker_endpoint_configuration.c") == 1


def test_a_star_in_brackets_stands_for_an_index_and_for_no_more() -> None:
    usage = Usage({"module.a[*]": of(monthly_requests=1)}, {})
    assert requests_of(usage, "module.a[0]") == 1
    assert requests_of(usage, 'module.a["x"]') == 1
    assert requests_of(usage, "module.a[0].aws_sagemaker_endpoint.b[1]") is None


def test_a_pattern_finds_an_endpoint_by_its_configuration_too() -> None:
    usage = Usage({"module.*_configuration.b": of(monthly_requests=1)}, {})
    assert requests_of(usage, "e", "module.a.aws_sagemaker_endpoint_configuration.b") == 1


def test_keys_that_belong_to_nothing_are_named(tmp_path: Path) -> None:
    usage = written(tmp_path, WILDCARDS)
    assert list(usage.notices([endpoint("module.search.aws_sagemaker_endpoint.this[0]")])) == [
        'usage file: nothing has the address module.search.aws_sagemaker_endpoint.this["a.b"]',
        'usage file: nothing has the address module.m[*].aws_sagemaker_endpoint.this["x"]',
        "usage file: nothing has the address module.ep[*].aws_sagemaker_endpoint.this[*]",
        'usage file: nothing has the address module.ep["chat"].aws_sagemaker_endpoint.this[*]',
    ]


@pytest.mark.parametrize(
    "text", ["", "version: 0.1", "resource_usage:", "resource_usage: {aws_sagemaker_endpoint.x: }"]
)
def test_a_file_that_says_nothing_asks_for_nothing(tmp_path: Path, text: str) -> None:
    found = written(tmp_path, text).of(endpoint("aws_sagemaker_endpoint.x"))
    assert found == EndpointDemand(variants=(NO_VARIANT_DEMAND,))


def test_without_a_file_nothing_is_asked() -> None:
    assert NO_USAGE.of(endpoint("aws_sagemaker_endpoint.x")) == EndpointDemand(variants=(NO_VARIANT_DEMAND,))
    assert list(NO_USAGE.notices([])) == []


# Who says it most specifically ---------------------------------------------------------------------------------------


def test_an_entry_goes_before_the_default_of_the_type_whatever_its_depth() -> None:
    """Four of the entry, though the default speaks of this very variant."""
    default = of(variants={"main": own(average_instances=1, request_duration_ms=9)})
    (main,) = asked(of(average_instances=4), default=default).variants
    assert (main.instances, main.duration_ms) == (4, 9)


def test_an_exact_entry_goes_before_a_pattern_and_what_it_leaves_out_comes_from_there() -> None:
    usage = Usage({"e": of(average_instances=4), "*": of(average_instances=1, monthly_busy_hours=73)}, {})
    (main,) = usage.of(endpoint("e")).variants
    assert (main.instances, main.busy_hours) == (4, 73)


def test_within_an_entry_a_variant_goes_before_its_endpoint() -> None:
    found = asked(of(average_instances=4, variants={"a": own(average_instances=0)}), serverless("a"), serverless("b"))
    assert [each.instances for each in found.variants] == [0, 4]


def test_payload_of_an_entry_goes_before_gigabytes_of_the_default() -> None:
    """10^9 requests of 4 kB are 4,000 GB, whatever a default of 1 GB says."""
    found = asked(of(monthly_requests=10**9, request_payload_kb=4), default=of(monthly_data_in_gb=1))
    assert found.data_in is not None
    assert found.data_in.gb == 4000


def test_requests_of_an_entry_go_before_those_of_the_default() -> None:
    """A million of a; the 100 of any endpoint say nothing of b."""
    found = asked(
        of(variants={"a": own(monthly_requests=10**6)}),
        serverless("a"),
        serverless("b"),
        default=of(monthly_requests=100),
    )
    assert [each.requests for each in found.variants] == [10**6, None]


# Requests of each variant --------------------------------------------------------------------------------------------


def test_what_the_others_leave_is_split_by_weight() -> None:
    """1,000 less the 100 of a are 900: by 1 to 2 that is 300 and 600."""
    usage = of(monthly_requests=1000, variants={"a": own(monthly_requests=100)})
    found = asked(usage, serverless("a"), serverless("b"), serverless("c", 2.0))
    assert [each.requests for each in found.variants] == [100, 300, 600]


def test_a_stated_zero_is_a_statement() -> None:
    usage = of(monthly_requests=1000, variants={"a": own(monthly_requests=0)})
    found = asked(usage, serverless("a"), serverless("b"))
    assert [each.requests for each in found.variants] == [0, 1000]


@pytest.mark.parametrize(
    ("weights", "why"),
    [
        ((LATER, 1.0), "initial_variant_weight is unknown: known after apply"),
        ((-3.0, 1.0), "initial_variant_weight is -3.0, which AWS refuses"),
        ((0.0, 0.0), "every weight is 0"),
    ],
)
def test_requests_that_cannot_be_split_are_known_together(weights: tuple[Any, Any], why: str) -> None:
    found = asked(of(monthly_requests=1000), serverless("a", weights[0]), serverless("b", weights[1]))
    assert [each.requests for each in found.variants] == [Unknown(why), Unknown(why)]
    assert found.unsplit == 1000


def test_a_single_variant_takes_all_whatever_its_weight() -> None:
    for weight in (LATER, 0.0, 1.0):
        found = asked(of(monthly_requests=1000), serverless("a", weight))
        assert (found.variants[0].requests, found.unsplit) == (1000, None)


def test_what_is_said_of_an_endpoint_alone_leaves_out_its_type() -> None:
    it = endpoint("aws_sagemaker_endpoint.e")
    by_type = {"aws_sagemaker_endpoint": of(average_instances=4)}
    said = Usage({"aws_sagemaker_endpoint.e": of(average_instances=2)}, by_type).of_itself(it)
    assert [each.instances for each in said.variants] == [2]
    assert [each.instances for each in Usage({}, by_type).of(it).variants] == [4]
    assert [each.instances for each in Usage({}, by_type).of_itself(it).variants] == [None]
    assert Usage({}, by_type).of_itself(replace(it, variants=LATER)).variants == ()


def test_what_is_stated_for_every_variant_leaves_nothing_to_split() -> None:
    usage = of(monthly_requests=1000, variants={"a": own(monthly_requests=400), "b": own(monthly_requests=600)})
    found = asked(usage, serverless("a", 0.0), serverless("b", LATER))
    assert ([each.requests for each in found.variants], found.unsplit) == ([400, 600], None)


def test_jobs_of_a_workflow_are_those_of_its_entry_beside_those_of_its_type() -> None:
    own = EndpointUsage(monthly_runs=Decimal(4), jobs={"Score": JobUsage(run_hours=Decimal(2)), "Rank": JobUsage()})
    of_type = EndpointUsage(
        run_hours=Decimal(1), jobs={"Score": JobUsage(run_hours=Decimal(9)), "Rank": JobUsage(run_hours=Decimal(3))}
    )
    it = Workflow(address="scoring", type="definition", name="scoring", region="us-east-1", jobs=(), flow=Flow())
    # an endpoint of that name is something else
    assert Usage({"endpoint/scoring": own}, {}).of_workflow(it) == WorkflowDemand()
    assert Usage({"scoring": own}, {"definition": of_type}).of_workflow(it) == WorkflowDemand(
        monthly_runs=Decimal(4), run_hours=Decimal(1), jobs={"Score": Decimal(2), "Rank": Decimal(3)}
    )


def test_defaults_of_a_type_are_usage_without_any_entry() -> None:
    usage = Usage({}, {"AWS::SageMaker::Endpoint": of(average_instances=4)})
    assert usage.of(endpoint("e")).variants[0].instances == 4


def test_data_of_variants_that_are_not_known_is_that_of_the_requests_that_are_stated_and_partial() -> None:
    """2 million requests of 1 kB are 2 GB, and nobody knows which other variants there are."""
    usage = of(request_payload_kb=1, variants={"a": own(monthly_requests=2 * 10**6)})
    unknown = replace(endpoint("e"), variants=LATER)
    found = Usage({"e": usage}, {}).of(unknown)
    assert found.data_in is not None
    assert (found.data_in.gb, found.data_in.partial, found.data_out) == (2, True, None)
    assert Usage({"e": of(request_payload_kb=1)}, {}).of(unknown).data_in is None, "of how many requests nobody says"


def test_all_requests_of_an_endpoint_make_its_data_whatever_its_variants_state() -> None:
    """10 million requests of 1 kB are 10 GB, 2 of them to a."""
    usage = of(monthly_requests=10**7, request_payload_kb=1, variants={"a": own(monthly_requests=2 * 10**6)})
    found = asked(usage, serverless("a"), serverless("b")).data_in
    assert found is not None
    assert (found.gb, found.partial) == (10, False)


def test_a_shadow_variant_states_no_requests_that_carry_data() -> None:
    """2 million of a at 1 kB are all there is, for a shadow variant answers copies of them."""
    usage = of(request_payload_kb=1, variants={"a": own(monthly_requests=2 * 10**6), "s": own(monthly_requests=10**6)})
    found = asked(usage, serverless("a"), shadow("s")).data_in
    assert found is not None
    assert (found.gb, found.partial) == (2, False)


def test_requests_are_not_said_of_a_shadow_variant_for_they_do_not_apply() -> None:
    found = asked(of(monthly_requests=1000), serverless("a"), shadow("s"))
    assert [each.requests for each in found.variants] == [1000, DOES_NOT_APPLY]


def test_a_serverless_shadow_variant_takes_no_requests_from_the_others() -> None:
    """It would answer copies (AWS refuses it: DG shadow-tests-exclusions), of which only itself can say how many."""
    copying = replace(serverless("s"), shadow=True)
    found = asked(of(monthly_requests=1000), serverless("a"), copying)
    assert [each.requests for each in found.variants] == [1000, None]
    stated = of(monthly_requests=1000, variants={"s": own(monthly_requests=300)})
    found = asked(stated, serverless("a", 3), serverless("b"), copying)
    assert [each.requests for each in found.variants] == [750, 250, 300]


def test_data_of_requests_that_only_some_variants_state_is_partial() -> None:
    """2 + 3 million requests of 1 kB are 5 GB, and those of c come on top."""
    stated = {"a": own(monthly_requests=2 * 10**6), "b": own(monthly_requests=3 * 10**6)}
    usage = of(request_payload_kb=1, variants=stated)
    some = asked(usage, serverless("a"), serverless("b"), serverless("c")).data_in
    every = asked(usage, serverless("a"), serverless("b")).data_in
    assert some is not None
    assert every is not None
    assert (some.gb, some.partial, every.gb, every.partial) == (5, True, 5, False)


# Names ---------------------------------------------------------------------------------------------------------------


def test_a_variant_that_the_endpoint_does_not_have_is_an_error_with_a_suggestion() -> None:
    usage = Usage({"e": of(variants={"mian": own(average_instances=4)})}, {}, path="guardrail-usage.yml")
    with pytest.raises(
        SettingsError, match=r"^guardrail-usage.yml: resource_usage.e.variants.mian: .*did you mean main"
    ):
        usage.notices([endpoint("e")])


def scoring(address: str = "scoring", *labels: str) -> Workflow:
    jobs = tuple(
        TransformJob(label=label, name=None, model_name="m", instance_types=("ml.m5.xlarge",), instance_count=1)
        for label in labels
    )
    return Workflow(address=address, type="definition", name="scoring", region="us-east-1", jobs=jobs, flow=Flow())


def test_a_transform_job_that_a_workflow_does_not_have_is_an_error_with_a_suggestion() -> None:
    hours = {"Scoer": JobUsage(run_hours=Decimal(1))}
    usage = Usage({"scoring": EndpointUsage(jobs=hours)}, {}, path="guardrail-usage.yml")
    with pytest.raises(
        SettingsError, match=r"^guardrail-usage.yml: resource_usage.scoring.jobs.Scoer: .*mean Score"
    ) as it:
        usage.notices([scoring("scoring", "Score", "Rank")])
    assert it.value.hint == "its jobs: Score, Rank"
    with pytest.raises(SettingsError) as of_none:
        usage.notices([scoring("scoring")])
    assert of_none.value.hint == "its jobs: none"
    everywhere = Usage({"*": EndpointUsage(jobs={"Score": JobUsage(run_hours=Decimal(1))})}, {})
    assert everywhere.notices([endpoint("e")]) == []  # no workflow
    assert everywhere.notices([scoring("a", "Rank"), scoring("b", "Score")]) == []


def test_executions_of_several_workflows_together_are_those_of_none_of_them() -> None:
    """One state machine is started for two jobs: of 30 executions nobody says how many are whose."""
    usage = Usage({"scoring": EndpointUsage(monthly_runs=Decimal(30), run_hours=Decimal(1))}, {})
    nightly, weekly = scoring("scoring (Nightly)"), scoring("scoring (Weekly)")
    assert usage.of_workflow(nightly) == WorkflowDemand(run_hours=Decimal(1))
    assert [notice.partition(":")[0] for notice in usage.notices([nightly, weekly])] == ["usage file"] * 2
    assert usage.of_workflow(scoring("scoring")).monthly_runs == 30
    of_each = EndpointUsage(monthly_runs=Decimal(4))
    told = Usage({"scoring": EndpointUsage(monthly_runs=Decimal(30)), "scoring (Weekly)": of_each}, {})
    assert told.of_workflow(weekly).monthly_runs == 4


def test_a_default_for_variants_that_no_endpoint_of_the_type_has_is_one_too() -> None:
    usage = Usage({}, {"aws_sagemaker_endpoint": of(variants={"mian": own(average_instances=4)})})
    with pytest.raises(SettingsError, match=r"usage.aws_sagemaker_endpoint.variants.mian: .*did you mean main"):
        usage.notices([endpoint("aws_sagemaker_endpoint.e")])
    assert usage.notices([endpoint("E")]) == []  # none of its type


def test_a_default_for_a_type_that_no_endpoint_is_of_is_an_error_with_a_suggestion(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"resource_type_default_usage.aws_sagemaker_endpont: .*did you mean"):
        written(tmp_path, "resource_type_default_usage: {aws_sagemaker_endpont: {monthly_requests: 1}}")


def test_a_variant_of_one_of_the_endpoints_of_a_pattern_is_none() -> None:
    usage = Usage({"*": of(variants={"b": own(average_instances=4)})}, {})
    assert list(usage.notices([endpoint("e"), endpoint("f", None, serverless("b"))])) == []


def test_the_error_lists_the_variants_that_there_are_each_once() -> None:
    usage = Usage({"*": of(variants={"mian": own(average_instances=4)})}, {})
    with pytest.raises(SettingsError) as error:
        usage.notices([endpoint("e"), endpoint("f")])
    assert error.value.hint == "its variants: main"
    with pytest.raises(SettingsError) as error:
        usage.notices([replace(endpoint("e"), variants=())])
    assert error.value.hint == "its variants: none"


@pytest.mark.parametrize("hidden", [endpoint("e", None, serverless(LATER))])
def test_a_name_that_may_be_that_of_an_unknown_variant_is_none(hidden: Endpoint) -> None:
    usage = Usage({"e": of(variants={"b": own(average_instances=4)})}, {})
    assert list(usage.notices([hidden])) == []


# Files ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("resource_usage: {e: {monthly_request: 1}}", "unknown key, did you mean monthly_requests?"),
        ("resource_usages: {}", "unknown key, did you mean resource_usage?"),
        ("resource_usage: {e: {variants: {a: {request_payload_kb: 1}}}}", "unknown key"),
        ("resource_usage: {e: {monthly_requests: -5}}", "resource_usage.e.monthly_requests: -5 is negative"),
        ("resource_usage: {e: {monthly_requests: .nan}}", "monthly_requests: invalid decimal"),
        ("resource_usage: {e: {monthly_requests: NaN}}", ":1: NaN is no number to calculate with"),
        (
            "resource_usage: {e: {monthly_requests: Infinity}}",
            ":1: Infinity is no number to calculate with",
        ),
        ("resource_usage: {e: {monthly_requests: many}}", "resource_usage.e.monthly_requests"),
        ("resource_usage: {e: {monthly_requests: true}}", "resource_usage.e.monthly_requests"),
        ("resource_usage: {e: {monthly_busy_hours: 731}}", "731 is more than the 730 hours of a month"),
        (
            "resource_usage: {e: {variants: {a: {average_instances: -1}}}}",
            "variants.a.average_instances: -1 is negative",
        ),
        (
            "resource_usage: {e: {monthly_data_in_gb: 1, request_payload_kb: 4}}",
            "monthly_data_in_gb: contradicts request_payload_kb; give one of them",
        ),
        (
            "resource_usage: {e: {monthly_requests: 1, variants: {a: {monthly_requests: 2}}}}",
            "monthly_requests: 1 is less than the 2 of its variants",
        ),
        ("resource_type_default_usage: {t: {monthly_requests: -1}}", "resource_type_default_usage.t.monthly_requests"),
        ("resource_usage: {e: {monthly_requests: 1}, e: {monthly_requests: 2}}", "duplicate key 'e'"),
        ("version: 2", "version: 2 is not supported"),
        ("[", "not valid YAML"),
    ],
)
def test_a_wrong_file_is_one_clear_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        written(tmp_path, text)
    message = str(caught.value)
    assert says in message
    assert "guardrail-usage.yml" in message
    assert "\n" not in message


def test_a_stated_zero_and_a_whole_month_are_numbers_like_others(tmp_path: Path) -> None:
    text = "resource_usage: {e: {monthly_requests: 0, monthly_busy_hours: 730}}"
    (main,) = written(tmp_path, text).of(endpoint("e")).variants
    assert (main.requests, main.busy_hours) == (0, 730)
    text = "resource_usage: {e: {monthly_requests: 0.5, variants: {main: {monthly_requests: 0.5}}}}"
    (main,) = written(tmp_path, text).of(endpoint("e")).variants
    assert main.requests == Decimal("0.5"), "all of the endpoint's, and part of one"


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot read"):
        load(tmp_path / "none.yml")


def test_the_documented_file_loads_and_every_key_is_documented(tmp_path: Path) -> None:
    document = (Path(__file__).parents[2] / "docs" / "costs.md").read_text(encoding="utf-8")
    example = document.split("```yaml guardrail-usage.yml\n")[1].split("```")[0]
    search = written(tmp_path, example).of(endpoint('module.search.aws_sagemaker_endpoint.this["eu"]'))
    assert search.variants[0].requests == 1_000_000
    assert search.data_in is not None
    assert search.data_in.gb == 4, "a million requests of 4 kB"
    reference = (Path(__file__).parents[2] / "docs" / "usage-file.md").read_text(encoding="utf-8")
    for key in EndpointUsage.__struct_fields__:
        assert f"\n| `{key}` | " in reference
