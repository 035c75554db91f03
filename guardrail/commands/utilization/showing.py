"""What a bundle says of an account: judged, priced, and written as a table, JSON, Markdown or a page."""

from argparse import Namespace
from collections.abc import Iterable

from guardrail import output
from guardrail.clock import ZONES_DAYS, today
from guardrail.evidence import bundle_file, recommender, usage_file
from guardrail.evidence.bundle import Bundle
from guardrail.evidence.judge import fleet
from guardrail.evidence.judge.fleet import JudgedEndpoint, JudgingTerms
from guardrail.prices.book import PriceBook


def show(bundle: Bundle, arguments: Namespace) -> None:
    """Write the judgement of a bundle in the format that was asked for."""
    if arguments.usage_file is not None:
        output.write_file(arguments.usage_file, usage_file.text(bundle.endpoints, bundle.jobs))
    if not arguments.formats and not arguments.recommender:
        return
    days = bundle_file.age_days(bundle, today())
    if days > bundle_file.OLD_DAYS:
        output.say(f"guardrail: the evidence is {days} days old: what it says need not hold any more")
    if days < -ZONES_DAYS:
        output.say(f"guardrail: the evidence is of a time to come, in {-days:,} days: is it {today()}?")
    prices = PriceBook()
    asked = JudgingTerms(
        headroom=arguments.headroom / 100,
        percentile=arguments.percentile,
        idle_hours=arguments.idle_hours,
        tests=tuple(recommender.priced(one, prices) for one in bundle.load_tests),
        advice=bundle.advice,
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
