"""The arguments of a judgement of a bundle, and how their texts are read."""

import re
from argparse import ArgumentParser, ArgumentTypeError
from decimal import Decimal
from typing import Final

from guardrail import limits

FORMATS: Final = ("table", "json", "markdown", "html")
_PERCENTILES: Final = ("p50", "p90", "p95", "p99", "maximum")


def add_showing(parser: ArgumentParser) -> None:
    """Declare the arguments of a judgement."""
    showing = parser.add_argument_group("what it says")
    showing.add_argument(
        "--format",
        metavar="FORMAT[=FILE]",
        type=_destination,
        action="append",
        dest="formats",
        help=f"what endpoints need, what is idle, and the money at stake: {', '.join(FORMATS)}; repeatable",
    )
    showing.add_argument("--usage-file", metavar="FILE", help="write what was observed as a usage file")
    showing.add_argument(
        "--headroom", metavar="PERCENT", type=_percent, default=Decimal(20), help="room above a load (default: 20)"
    )
    showing.add_argument(
        "--percentile", choices=_PERCENTILES, default="p99", help="what of the hours is a load (default: p99)"
    )
    showing.add_argument(
        "--idle-hours", metavar="N", type=_hours, default=24, help="without a request from which on it may be idle"
    )
    showing.add_argument(
        "--recommendations",
        action="append",
        default=[],
        metavar="FILE",
        help="what Inference Recommender answered, a job or a scaling configuration, put into the bundle; repeatable",
    )
    showing.add_argument(
        "--recommender", action="store_true", help="print jobs of Inference Recommender that would test what is said"
    )


def _destination(text: str) -> tuple[str, str | None]:
    name, equals, path = text.partition("=")
    if name not in FORMATS or (equals and not path):
        raise ArgumentTypeError(f"{text!r} is no format: {', '.join(FORMATS)}, or html=FILE")
    return name, None if path in ("", "-") else path


def _percent(text: str) -> Decimal:
    found = limits.number(text)
    if found is None or not 0 <= found <= 1000:  # noqa: PLR2004 - ten times the load
        raise ArgumentTypeError(f"{text!r} is no percentage, such as 20")
    return found


def _hours(text: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,4}", text, re.ASCII):
        raise ArgumentTypeError(f"{text!r} is no number of hours, such as 24")
    return int(text)
