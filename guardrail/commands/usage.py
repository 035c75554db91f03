"""``guardrail usage init``: a usage file to fill in, with all that usage is about, and where each number is found.

It states nothing: every number is a comment, so that a check says the same with it as without. The metrics are those of
`guardrail.metrics`; what they mean is from the SageMaker developer guide (monitoring-cloudwatch,
async-inference-monitor, serverless-endpoints-monitoring) and the Step Functions guide (procedure-cw-metrics), and usage
types are those of the bill (docs/costs.md).
"""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from guardrail import output, sources
from guardrail.commands import schema
from guardrail.errors import GuardrailError
from guardrail.model import ChangeSet, Endpoint, InstanceVariant, ServerlessVariant, Unknown, Variant, Workflow
from guardrail.reporters.wording import members
from guardrail.settings import USAGE_FILE_NAMES
from guardrail.sources.options import InputOptions, SourceOptions
from guardrail.working_tree import top_of
from guardrail.yaml_text import quoted

if TYPE_CHECKING:
    from guardrail.sources.boundary import KnownBoundaries

HELP = """\
write a usage file with what usage is about, to fill in

Every number is a comment with where to find it, so the file changes nothing
until a line is uncommented. Its schema is written beside it for editors.

examples:
  guardrail usage init plan.json
  guardrail usage init plan.json --output infra/guardrail-usage.yml
  guardrail usage init infra/ --output -
"""

_REQUESTS = {
    "async": "SampleCount of TotalProcessingTime over a month (asynchronous endpoints publish no Invocations)",
    "": "Sum of Invocations over a month",
}
_BUSY = {
    "async": "hours in which ApproximateBacklogSize is above 0",
    "": "hours in which the Sum of Invocations is above 0",
}
_LONGEST_KEY = 1000
"""Characters of a key that YAML allows in one line with its colon: 1,024."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the action and what it takes."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    init = actions.add_parser("init", help="write a usage file with every endpoint and workflow, to fill in")
    init.add_argument("paths", metavar="PATH", nargs="+", help="plans, Terraform source or templates")
    init.add_argument(
        "--output",
        metavar="FILE",
        default=USAGE_FILE_NAMES[0],
        help="where to write it; - for standard output (default: %(default)s)",
    )
    init.add_argument("--force", action="store_true", help="replace a file that is there")


def run(arguments: Namespace) -> int:
    """Write the file and say what to do next."""
    path: str = arguments.output
    if path != "-" and os.path.lexists(path) and not arguments.force:
        raise GuardrailError(f"{path} exists already", hint="guardrail usage init --force replaces it")
    if path != "-" and os.path.realpath(path) in map(os.path.realpath, arguments.paths):
        raise GuardrailError(f"the usage file would replace its own input {path}")
    endpoints, workflows = _standing(_read(arguments.paths))
    text = "".join(f"{line}\n" for line in lines(endpoints, workflows))
    if path == "-":
        output.write_stdout(text, for_machines=True)
        return 0
    output.write_file(path, f"{schema.write_beside(path, 'usage')}{text}")
    what = members(len(endpoints), len(workflows))
    output.write_stdout(f"wrote {path} for {what}; fill in what you know, then: guardrail check PATH\n")
    return 0


def _read(paths: Sequence[str]) -> Iterator[ChangeSet]:
    """What every input holds. Terraform source is read together."""
    terraform = [path for path in paths if sources.is_terraform(path)]
    if terraform:
        yield from sources.read_terraform(terraform, SourceOptions(environment=os.environ, base=top_of(os.getcwd())))
    known: KnownBoundaries = {}
    for path in paths:
        if path not in terraform:
            yield sources.read(path, InputOptions(beside=paths, known_boundaries=known))


def _standing(change_sets: Iterator[ChangeSet]) -> tuple[list[Endpoint], list[Workflow]]:
    """The endpoints after the change, configurations that none uses, and workflows, each address once."""
    found: dict[str, Endpoint] = {}
    started: dict[str, Workflow] = {}
    for change_set in change_sets:
        for endpoint in (*change_set.after.endpoints, *change_set.after.unattached):
            found.setdefault(endpoint.address, endpoint)
        for workflow in change_set.after.workflows:
            started.setdefault(workflow.address, workflow)
    return list(found.values()), list(started.values())


def lines(endpoints: Sequence[Endpoint], workflows: Sequence[Workflow]) -> Iterator[str]:
    """The file, which states nothing yet."""
    yield "# What no plan knows, for a month of 730 hours: uncomment what you know; the rest stays unknown, not 0."
    yield "# Metrics are those of CloudWatch in AWS/SageMaker, usage types those of Cost Explorer and the bill."
    yield "version: 0.1"
    yield "resource_usage:" if endpoints or workflows else "resource_usage: {}"
    for endpoint in endpoints:
        yield from _entry(endpoint.address, _arguments(endpoint))
        yield from _variants(endpoint)
    for workflow in workflows:
        yield from _entry(workflow.address, _of_workflow(workflow))
        yield from _jobs(workflow)


def _entry(address: str, arguments: Iterator[tuple[str, str]]) -> Iterator[str]:
    key = quoted(address)
    yield f"  {key}:" if len(key) <= _LONGEST_KEY else f"  ? {key}\n  :"
    for argument, hint in arguments:
        yield f"    # {argument}:  # {hint}"


def _of_workflow(workflow: Workflow) -> Iterator[tuple[str, str]]:
    """The keys that matter for what starts transform jobs; of what runs once there is no month."""
    yield (
        "run_hours",
        "TransformEndTime less TransformStartTime of one job, as describe-transform-job has them, in hours",
    )
    if not workflow.once:
        hint = "executions a month: Sum of ExecutionsStarted in AWS/States, or as its schedules are meant"
        yield "monthly_runs", hint


def _jobs(workflow: Workflow) -> Iterator[str]:
    """A place for each job, where there are several."""
    labels = [job.label for job in workflow.jobs if job.label]
    if len(labels) > 1:
        yield "    # jobs:  # run_hours, where a job differs"
        yield from (f"    #   {quoted(label)}: {{}}" for label in dict.fromkeys(labels))


def _arguments(endpoint: Endpoint) -> Iterator[tuple[str, str]]:
    """The keys that matter for an endpoint, each with where its number is to be found."""
    variants = () if isinstance(endpoint.variants, Unknown) else endpoint.variants
    mode = "async" if endpoint.mode == "async" else ""
    is_open = isinstance(endpoint.variants, Unknown)
    serverless = [variant for variant in variants if isinstance(variant, ServerlessVariant)]
    yield "monthly_requests", _REQUESTS[mode]
    if serverless or is_open:
        yield "request_duration_ms", "Average of ModelLatency, which is in microseconds, divided by 1,000"
    yield (
        "monthly_data_in_gb",
        "quantity of the usage type Hst:Data-Bytes-In; or request_payload_kb, the mean of a request",
    )
    yield "monthly_data_out_gb", "quantity of Hst:Data-Bytes-Out; or response_payload_kb"
    if is_open or any(isinstance(variant, InstanceVariant) and _scales(variant) for variant in variants):
        usage_type = "AsyncInf" if mode else "Host"
        yield "average_instances", f"hours of the usage type {usage_type}:TYPE of a month, divided by 730"
    if endpoint.two_fleets_minutes is not None or endpoint.rolling_wait_minutes is not None:
        yield "deployments_per_month", "events UpdateEndpoint in CloudTrail: each bills two fleets for a while"
    if any(isinstance(variant, InstanceVariant) and variant.marketplace is not False for variant in variants):
        yield (
            "marketplace_usd_per_hour",
            "software price per host and hour, on the page of the product in AWS Marketplace",
        )
    if is_open or any(map(_scales, variants)):
        yield "monthly_busy_hours", _BUSY[mode]
    if is_open or any(variant.provisioned_concurrency is not None or variant.scaling for variant in serverless):
        yield "average_provisioned_concurrency", "seconds of ProvisionedConcurrency:Usage, divided by 2,628,000"


def _scales(variant: Variant) -> bool:
    """Whether its count can be another one than it begins with."""
    return bool(variant.scaling) or (isinstance(variant, InstanceVariant) and variant.managed_scaling is not None)


def _variants(endpoint: Endpoint) -> Iterator[str]:
    """A place for each variant, where there are several whose names are known."""
    variants = () if isinstance(endpoint.variants, Unknown) else endpoint.variants
    names = [variant.name for variant in variants if isinstance(variant.name, str)]
    if len(names) > 1:
        yield "    # variants:  # any of the keys above but those of data, where a variant differs"
        yield from (f"    #   {quoted(name)}: {{}}" for name in dict.fromkeys(names))
