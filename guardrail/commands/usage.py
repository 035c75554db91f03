"""``guardrail usage init``: a usage file to fill in, with every endpoint, and where each number is to be found.

It states nothing: every number is a comment, so that a check says the same with it as without. The metrics are those of
`guardrail.metrics`; what they mean is from the SageMaker developer guide (monitoring-cloudwatch,
async-inference-monitor, serverless-endpoints-monitoring), and usage types are those of the bill (docs/costs.md).
"""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence

from guardrail import output, sources
from guardrail.commands import schema
from guardrail.errors import GuardrailError
from guardrail.git import top_of
from guardrail.model import ChangeSet, Endpoint, InstanceVariant, ServerlessVariant, Unknown, Variant
from guardrail.reporters.wording import counted
from guardrail.settings import USAGE_FILE_NAMES
from guardrail.yaml_text import quoted

HELP = """\
write a usage file with every endpoint of a plan, to fill in

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
    init = actions.add_parser("init", help="write a usage file with every endpoint, to fill in")
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
    endpoints = _endpoints(_read(arguments.paths))
    text = "".join(f"{line}\n" for line in lines(endpoints))
    if path == "-":
        output.write_stdout(text, for_machines=True)
        return 0
    output.write_file(path, f"{schema.write_beside(path, 'usage')}{text}")
    output.write_stdout(
        f"wrote {path} for {counted(len(endpoints), 'endpoint')}; fill in what you know, then: guardrail check PATH\n"
    )
    return 0


def _read(paths: Sequence[str]) -> Iterator[ChangeSet]:
    """What every input holds. Terraform source is read together."""
    terraform = [path for path in paths if sources.is_terraform(path)]
    if terraform:
        yield from sources.read_terraform(terraform, environment=os.environ, base=top_of(os.getcwd()))
    for path in paths:
        if path not in terraform:
            yield sources.read(path, beside=paths)


def _endpoints(change_sets: Iterator[ChangeSet]) -> list[Endpoint]:
    """The endpoints after the change, and configurations that none uses, each address once."""
    found: dict[str, Endpoint] = {}
    for change_set in change_sets:
        for endpoint in (*change_set.after.endpoints, *change_set.after.unattached):
            found.setdefault(endpoint.address, endpoint)
    return list(found.values())


def lines(endpoints: Sequence[Endpoint]) -> Iterator[str]:
    """The file, which states nothing yet."""
    yield "# What no plan knows, for a month of 730 hours: uncomment what you know; the rest stays unknown, not 0."
    yield "# Metrics are those of CloudWatch in AWS/SageMaker, usage types those of Cost Explorer and the bill."
    yield "version: 0.1"
    yield "resource_usage:" if endpoints else "resource_usage: {}"
    for endpoint in endpoints:
        key = quoted(endpoint.address)
        yield f"  {key}:" if len(key) <= _LONGEST_KEY else f"  ? {key}\n  :"
        for argument, hint in _arguments(endpoint):
            yield f"    # {argument}:  # {hint}"
        yield from _variants(endpoint)


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
