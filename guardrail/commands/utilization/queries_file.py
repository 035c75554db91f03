"""Queries of GetMetricData for the AWS command line, which somebody else may ask with their own credentials."""

import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

import msgspec

from guardrail.commands.utilization.asking import CollectionRequest
from guardrail.errors import GuardrailError
from guardrail.evidence import queries
from guardrail.evidence.queries import DAY_S, TimedQuery


class RequestTexts(msgspec.Struct, frozen=True, kw_only=True):
    """Texts of requests, each the input of one ``aws cloudwatch get-metric-data``."""

    window: tuple[str, ...]
    """What happened in the window."""
    before: tuple[str, ...]
    """Days with a request as far back as CloudWatch keeps them."""


def requests(asked: CollectionRequest, given: Sequence[str]) -> RequestTexts:
    """The requests for what files describe, or for what runs in the account where there are none."""
    asks = list(_of_files(asked, given) if given else _of_account(asked))
    if not asks:
        raise GuardrailError("there is nothing to ask about: no endpoint was found")
    return RequestTexts(
        window=tuple(_texts(ask for ask in asks if ask.query.period < DAY_S)),
        before=tuple(_texts(ask for ask in asks if ask.query.period == DAY_S)),
    )


def _of_files(asked: CollectionRequest, given: Sequence[str]) -> Iterator[TimedQuery]:
    from guardrail.commands.utilization import exported

    now = datetime.now(UTC)
    account = exported.account(given, asked, now)
    window = queries.window(now, asked.days, asked.resolution)
    for endpoint in account.endpoints:
        yield from queries.of_endpoint(account, endpoint, window)


def _of_account(asked: CollectionRequest) -> Iterator[TimedQuery]:
    from guardrail.commands.utilization import live

    regions, window = live.inventory(asked)
    if len(regions) > 1:
        raise GuardrailError("queries are for one region: GetMetricData answers of its own", hint="--region us-east-1")
    yield from regions[0].asks(window)


def _texts(asks: Iterable[TimedQuery]) -> Iterator[str]:
    for batch in queries.batches(asks):
        text = msgspec.json.format(msgspec.json.encode(queries.request(batch)), indent=1).decode()
        yield f"{text}\n"


def alone(found: RequestTexts) -> str:
    """The request of the window, where it is one. Raises `GuardrailError` where it takes several files."""
    if len(found.window) > 1:
        raise GuardrailError(
            f"it takes {len(found.window)} calls of GetMetricData, and one input of the command line holds one",
            hint="--output queries.json writes queries-1.json, queries-2.json, …",
        )
    return found.window[0]


def places(path: str, count: int) -> list[str]:
    """Where several requests are written: ``queries-1.json`` and so on of ``queries.json``; one keeps its name."""
    if count == 1:
        return [path]
    stem, suffix = os.path.splitext(path)
    return [f"{stem}-{number}{suffix}" for number in range(1, count + 1)]
