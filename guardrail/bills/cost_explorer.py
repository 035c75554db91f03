"""Saved answers of Cost Explorer's GetCostAndUsage, or several pages of one, as lines of the normalized view.

They know days or months, usage types and services, and resource ids only where GetCostAndUsageWithResources was asked;
no hours. Amounts are texts in the API's own form.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from guardrail.bills import json_files
from guardrail.bills.answer import joined
from guardrail.bills.view import COLUMNS, TIMES, is_amount, literal
from guardrail.errors import SourceError
from guardrail.limits import MEBIBYTE

_LARGEST: Final = 256 * MEBIBYTE
_COSTS: Final = {
    "unblended_cost": ("UnblendedCost", "BlendedCost"),
    "cost": ("NetAmortizedCost", "AmortizedCost", "NetUnblendedCost", "UnblendedCost", "BlendedCost"),
    "amount": ("UsageQuantity",),
}
_MOST_NAMED: Final = 8
_SERVICES: Final = ("Amazon SageMaker", "Amazon SageMaker AI", "AmazonSageMaker")
_PLANS: Final = ("Savings Plans for Machine Learning", "Savings Plans for AWS Machine Learning usage")
_NUMBERS: Final = ("amount", "list_cost", "unblended_cost", "cost", "commitment", "used_commitment")


def every(paths: Sequence[str]) -> tuple[list[dict[str, Any]], list[str]]:
    """The lines of several saved answers, and the notices about them.

    Raises `SourceError` where two of them have the same usage of the same time.

    What an answer was filtered by is not in it, so two that overlap cannot be told from one that was saved twice.
    """
    answers = [(path, _pages(path)) for path in paths]
    found = [(path, line) for path, pages in answers for line in lines(pages, path)]
    running: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for path, line in sorted(found, key=lambda pair: str(pair[1]["usage_start"])):
        start, account = line["usage_start"], line["account"]
        before = [pair for pair in running.get(line["usage_type"], ()) if pair[1]["usage_end"] > start]
        for other, same in before:
            if other != path and (account is None or same["account"] in (None, account)):
                raise SourceError(
                    f"{path} and {other} both have {line['usage_type']} of {start[:10]}: it would count twice",
                    hint="name one of them, or group both by LINKED_ACCOUNT",
                )
        running[line["usage_type"]] = [*before, (path, line)]
    told = [_said_of_others(pages, path) for path, pages in answers]
    return [line for _, line in found], [each for each in told if each]


def _pages(path: str) -> list[Any]:
    """One saved answer, or the list of its pages."""
    content = json_files.decoded(path, most=_LARGEST)
    return content if isinstance(content, list) else [content]


def _said_of_others(pages: Sequence[Any], path: str) -> str | None:
    """A sentence about usage types that may be of any service, where the answer is not grouped by it."""
    left_out: set[str] = set()
    for page in pages:
        keys = _keys(page, pages[0])
        groups = (group for result in page["ResultsByTime"] for group in result["Groups"])
        named = [] if "SERVICE" in keys else [_named(keys, group["Keys"]) for group in groups]
        left_out |= {each["USAGE_TYPE"] for each in named if not _is_sagemaker(each)}
    if not left_out:
        return None
    more = f" and {len(left_out) - _MOST_NAMED:,} more" if len(left_out) > _MOST_NAMED else ""
    return (
        f"{path} is not grouped by SERVICE, so what is no inference by its usage type may be of any service, and is "
        f"left out: {joined(sorted(left_out)[:_MOST_NAMED])}{more}"
    )


def _keys(page: dict[str, Any], first: dict[str, Any]) -> list[Any]:
    """What the groups of a page are by."""
    definitions = page.get("GroupDefinitions") or first.get("GroupDefinitions") or []
    listed = definitions if isinstance(definitions, list) else []
    return [each.get("Key") for each in listed if isinstance(each, dict)]


def lines(pages: Sequence[Any], path: str) -> list[dict[str, Any]]:
    """The lines of every page of one answer."""
    if not pages or not all(isinstance(page, dict) and isinstance(page.get("ResultsByTime"), list) for page in pages):
        raise SourceError(
            f"{path} is neither a manifest nor a saved GetCostAndUsage: it has no ResultsByTime",
            hint="aws ce get-cost-and-usage … --group-by Type=DIMENSION,Key=USAGE_TYPE > costs.json",
        )
    if pages[-1].get("NextPageToken"):
        raise SourceError(
            f"{path} ends with a NextPageToken: more pages follow, and a part of the bill is no bill",
            hint="save all pages, as a list of answers: [{…}, {…}]",
        )
    _refuse_same_groups(pages, path)
    return [line for page in pages for line in _of_page(page, pages[0], path)]


def _refuse_same_groups(pages: Sequence[Any], path: str) -> None:
    """Raise where a group of a time is on two pages: one page was saved twice."""
    seen: set[str] = set()
    for result in (each for page in pages for each in page["ResultsByTime"] if isinstance(each, dict)):
        groups = result.get("Groups")
        if isinstance(groups, list):
            for group in groups:
                told = repr((result.get("TimePeriod"), group.get("Keys") if isinstance(group, dict) else group))
                if told in seen:
                    raise SourceError(
                        f"{path} has one group of one time twice: {told[:120]}", hint="save each page once"
                    )
                seen.add(told)


def _of_page(page: dict[str, Any], first: dict[str, Any], path: str) -> Iterator[dict[str, Any]]:
    keys = _keys(page, first)
    if "USAGE_TYPE" not in keys:
        raise SourceError(
            f"{path} is not grouped by USAGE_TYPE, so nothing tells inference from the rest",
            hint="--group-by Type=DIMENSION,Key=USAGE_TYPE Type=DIMENSION,Key=SERVICE",
        )
    try:
        for result in page["ResultsByTime"]:
            period = result["TimePeriod"]
            for group in result["Groups"]:
                named = _named(keys, group["Keys"])
                if _is_sagemaker(named):
                    yield _line(period, named, group["Metrics"], path)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SourceError(f"{path} is no answer of GetCostAndUsage: {error!r} in it") from error


def _named(keys: Sequence[Any], values: Sequence[Any]) -> dict[str, str]:
    """What a group is of, by the keys of its answer. Raises `ValueError` where one of them is no text."""
    if not all(isinstance(text, str) for text in (*keys, *values)):
        raise ValueError(values)
    return dict(zip(keys, values, strict=True))


def _is_sagemaker(named: dict[Any, Any]) -> bool:
    """Whether a group is of SageMaker; where the answer is not grouped by service, its usage type has to tell."""
    from guardrail.bills import usage

    if "SERVICE" in named:
        return named["SERVICE"] in (*_SERVICES, *_PLANS)
    mode = usage.use_of(named["USAGE_TYPE"], usage.region_prefixes()).mode
    return mode in usage.INFERENCE or named["USAGE_TYPE"].startswith("MachineLearningSP")


def _line(period: dict[str, str], named: dict[Any, Any], metrics: dict[str, Any], path: str) -> dict[str, Any]:
    """One group of one time as a line."""
    found = dict.fromkeys(COLUMNS)
    for column, names in _COSTS.items():
        name = next((each for each in names if each in metrics), None)
        if name is not None:
            text = metrics[name]["Amount"]
            if not isinstance(text, str) or not is_amount(text):
                raise SourceError(f"{path}: {period['Start']}, {name}: {text!r} is not a number")
            found[column] = text
            if column != "amount":
                found["currency"] = metrics[name]["Unit"]
    if found["unblended_cost"] is None and found["cost"] is None:
        raise SourceError(f"{path} has no cost in it", hint="--metrics UnblendedCost NetAmortizedCost UsageQuantity")
    unit = metrics.get("UsageQuantity", {}).get("Unit")
    if not all(text is None or isinstance(text, str) for text in (unit, found["currency"])):
        raise ValueError(metrics)
    is_fee = named["USAGE_TYPE"].startswith("MachineLearningSP") or named.get("SERVICE") in _PLANS
    line_type = named.get("RECORD_TYPE") or ("SavingsPlanFee" if is_fee else "Usage")
    return {
        **found,
        "unblended_cost": found["unblended_cost"] or found["cost"],
        "usage_start": _time(period["Start"]),
        "usage_end": _time(period["End"]),
        "account": named.get("LINKED_ACCOUNT"),
        "region": named.get("REGION"),
        "product_code": "AmazonSageMaker",
        "usage_type": named["USAGE_TYPE"],
        "resource_id": named.get("RESOURCE_ID"),
        "resource_key": (named.get("RESOURCE_ID") or "").lower() or None,
        "line_type": line_type,
        "unit": unit,
    }


def _time(text: str) -> str:
    """A day or an hour of the API as a timestamp of either engine: ``2026-09-01 00:00:00``."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}Z)?", text):
        raise ValueError(text)
    date.fromisoformat(text[:10])
    return f"{text[:10]} {text[11:19] or '00:00:00'}"


def select(recorded: Sequence[dict[str, Any]], tag_keys: Sequence[str]) -> str:
    """The normalized view of lines that are few: a list of values."""
    names = ", ".join(COLUMNS)
    rows = ",\n".join(f"({', '.join(_value(line[name], name) for name in COLUMNS)})" for line in recorded)
    tags = "".join(f", CAST(NULL AS VARCHAR) AS tag_{place}" for place, _ in enumerate(tag_keys, 1))
    return f"SELECT {names}{tags} FROM (VALUES\n{rows}\n) AS recorded({names})"


def _value(value: str | None, column: str) -> str:
    kind = "TIMESTAMP" if column in TIMES else "DECIMAL(38, 18)" if column in _NUMBERS else "VARCHAR"
    if value is None:
        return f"CAST(NULL AS {kind})"
    if column in _NUMBERS:
        return f"CAST({literal(format(Decimal(value), 'f'))} AS {kind})"
    return f"CAST({literal(value)} AS {kind})"
