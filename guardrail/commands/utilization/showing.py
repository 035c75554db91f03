"""What a bundle says of an account: judged, priced, and written as a table, JSON, Markdown or a page."""

from argparse import Namespace
from collections.abc import Iterable, Sequence

from guardrail import files, output
from guardrail.errors import GuardrailError, SourceError
from guardrail.evidence import recommender, usage_file
from guardrail.evidence.bundle import Bundle, EndpointEvidence, JobEvidence, Survey
from guardrail.evidence.judge import fleet
from guardrail.evidence.judge.fleet import JudgedEndpoint, JudgingTerms
from guardrail.evidence.recommender import LoadTest, ScalingAdvice
from guardrail.prices.book import PriceBook


def show(
    surveys: Sequence[Survey], endpoints: Iterable[EndpointEvidence], jobs: Sequence[JobEvidence], arguments: Namespace
) -> None:
    """Write what is asked for of a bundle, given in its parts."""
    found = list(endpoints)
    if arguments.usage_file is not None:
        output.write_file(arguments.usage_file, usage_file.text(found, jobs))
    if not arguments.formats and not arguments.recommender:
        return
    bundle = Bundle(version="1", surveys=tuple(surveys), endpoints=tuple(found), jobs=tuple(jobs))
    prices = PriceBook()
    told = list(_told(arguments.recommendations, surveys, prices))
    asked = JudgingTerms(
        headroom=arguments.headroom / 100,
        percentile=arguments.percentile,
        idle_hours=arguments.idle_hours,
        tests=tuple(one for one in told if isinstance(one, LoadTest)),
        advice=tuple(one for one in told if isinstance(one, ScalingAdvice)),
    )
    judged, jobs_judged = fleet.judged(bundle, prices, asked), fleet.jobs(bundle, prices, asked)
    if arguments.recommender:
        output.write_stdout(_definitions(judged), for_machines=True)
    from guardrail.commands.utilization import formats

    for name, path in sorted(arguments.formats or (), key=lambda one: one[1] is None):
        text = formats.written(judged, jobs_judged, bundle, name)
        if path is None:
            output.write_stdout(text, for_machines=name != "table")
        else:
            output.write_file(path, text)


def _told(paths: Sequence[str], surveys: Sequence[Survey], prices: PriceBook) -> Iterable[LoadTest | ScalingAdvice]:
    """Load tests and advice that files hold; of several regions nobody knows where they were made."""
    regions = {survey.region for survey in surveys}
    if paths and len(regions) != 1:
        raise GuardrailError("--recommendations needs a bundle of one region: prices are those of it")
    for path in paths:
        try:
            content = files.named(path)
        except OSError as error:
            raise SourceError(f"{path}: it cannot be read: {error.strerror}") from None
        if recommender.is_scaling_advice(content):
            yield recommender.scaling_advice(content, path)
        else:
            yield recommender.read(content, path, prices, next(iter(regions)))


def _definitions(judged: Iterable[JudgedEndpoint]) -> str:
    """A job for each variant that something cheaper was found for."""
    import json

    found = []
    for one in judged:
        for variant in one.variants:
            if variant.sizing is not None and variant.sizing.options and variant.evidence.models:
                types = [str(variant.evidence.instance_type), *(each.instance_type for each in variant.sizing.options)]
                found.append(recommender.job_definition(one.evidence, variant.evidence, types))
    return json.dumps(found, indent=1) + "\n"
