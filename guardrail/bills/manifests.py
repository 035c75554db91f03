"""Manifests of deliveries, which say what the files of a month are: only the newest assembly of a month counts.

A legacy report has a manifest in the folder of its billing period (of the newest assembly) and one in that of each
assembly, which name ``reportKeys``; a Data Export names ``dataFiles`` by their URIs. Local copies lie elsewhere, so
what a manifest names is found by the tail of its path.
"""

import os
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from guardrail.bills import json_files
from guardrail.bills.parts import MONTH
from guardrail.errors import SourceError
from guardrail.limits import MEBIBYTE

_LARGEST: Final = 64 * MEBIBYTE
_TIMES: Final = re.compile(r"\d{4}-?\d{2}-?\d{2}T\d{2}[:-]?\d{2}[:-]?\d{2}[\w.:+-]*")
"""A folder that is named after the time of its delivery: ``20260915T120000Z``, ``2026-09-15T12:00:00.000Z-1a2b``."""


class ExportManifest(Struct, frozen=True, kw_only=True):
    """What one manifest says."""

    path: str
    period: str
    """What it is the bill of: the export or report and its month, as far as it says."""
    assembly: str
    month: str
    """The account that is billed, and the month; empty where the manifest does not say."""
    keys: tuple[str, ...]
    """Of the data files, as in S3."""


def read(path: str) -> ExportManifest | None:
    """The manifest at a path; None where it is other JSON. Raises `SourceError` where it is damaged."""
    return manifest(path, json_files.decoded(path, most=_LARGEST))


def manifest(path: str, content: Any) -> ExportManifest | None:
    """What decoded JSON says as a manifest; None where it is none."""
    if not isinstance(content, dict):
        return None
    keys = content.get("reportKeys", content.get("dataFiles"))
    if keys is None:
        return None
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise SourceError(f"{path} is a manifest whose data files cannot be read: they are no list of names")
    if not keys:
        raise SourceError(f"{path} names no data files", hint="the delivery may not be complete; wait for the next")
    period = content.get("billingPeriod")
    start = str(period.get("start", "")) if isinstance(period, dict) else ""
    month = re.search(r"BILLING_PERIOD=([\d-]+)", keys[0])
    name = str(content.get("reportName") or content.get("exportArn") or "")
    account = str(
        content.get("account") or "".join(name.split(":")[4:5])
    )  # of arn:aws:bcm-data-exports:REGION:ACCOUNT:…
    when = month.group(1) if month else f"{start[:4]}-{start[4:6]}" if start else ""
    return ExportManifest(
        path=path,
        period=f"{name} {start or (month.group(1) if month else os.path.dirname(keys[0]))}",
        month=f"{account} {when}" if account and when else "",
        assembly=str(content.get("assemblyId") or content.get("executionId") or ""),
        keys=tuple(keys),
    )


def newest(manifests: Sequence[ExportManifest]) -> list[ExportManifest]:
    """Of each period the manifest of its newest assembly.

    The one at the root of the period tells; without it the order of folders named by time does; else they are refused.
    """
    by_period: dict[str, list[ExportManifest]] = {}
    for each in manifests:
        by_period.setdefault(each.period, []).append(each)
    found = [_newest(several) for several in by_period.values()]
    _refuse_two_reports(found)
    return found


def _refuse_two_reports(found: Sequence[ExportManifest]) -> None:
    """Raise where two reports are of one month of one account: each is the whole bill."""
    seen: dict[str, ExportManifest] = {}
    for each in found:
        if each.month and seen.setdefault(each.month, each) is not each:
            raise SourceError(
                f"{seen[each.month].path} and {each.path} are two reports of one month, and both would count",
                hint="name the folder of one of them",
            )


def _newest(several: Sequence[ExportManifest]) -> ExportManifest:
    """The newest of the manifests of one period."""
    if len({frozenset(each.keys) for each in several}) == 1:
        return several[0]
    top = min(len(_parts(each.path)) for each in several)
    roots = [each for each in several if len(_parts(each.path)) == top]
    if len(roots) == 1:
        return roots[0]
    folders = [os.path.basename(os.path.dirname(each.path)) for each in several]
    if all(map(_TIMES.fullmatch, folders)):
        return max(zip(folders, several, strict=True), key=lambda pair: pair[0])[1]
    raise several_assemblies([each.path for each in several])


def several_assemblies(places: Sequence[str]) -> SourceError:
    """The error for assemblies of one month of which nobody can tell the newest."""
    return SourceError(
        f"{places[0]} and {places[1]} are two deliveries of one month, and nothing says which is the newest",
        hint="name the folder of one of them, or add the manifest of the billing period's own folder",
    )


def found(several: Sequence[ExportManifest], there: Collection[str]) -> list[str]:
    """The local copy of every file that manifests name. Raises `SourceError` for the first that is absent."""
    by_name: dict[str, list[str]] = {}
    for path in there:
        by_name.setdefault(os.path.basename(path), []).append(path)
    key_of: dict[str, str] = {}
    for each in several:
        for key in each.keys:
            path = _copy(each, key, by_name)
            if key_of.setdefault(path, key) != key:  # two months, or two folders, that call their files alike
                raise SourceError(
                    f"{each.path} names {key}, and the only file of that name, {path}, is {key_of[path]}",
                    hint="download the whole delivery, in its folders; a part of it is no bill",
                )
    return list(key_of)


def _copy(each: ExportManifest, key: str, by_name: Mapping[str, list[str]]) -> str:
    """The file whose path has the longest tail in common with a key.

    Where the key lies in a folder of its assembly, so must the file, or else beside the manifest itself: another
    assembly's file of the same name is another file.
    """
    wanted = _parts(key)
    months = _months(key)
    candidates = [path for path in by_name.get(wanted[-1], []) if not months or _months(path) in ([], months)]
    if each.assembly and each.assembly in wanted:
        beside = os.path.dirname(each.path)
        candidates = [path for path in candidates if each.assembly in _parts(path) or os.path.dirname(path) == beside]
    tails = {path: _common_tail(wanted, _parts(path)) for path in candidates}
    longest = max(tails.values(), default=0)
    best = [path for path, tail in tails.items() if tail == longest]
    if len(best) == 1:
        return best[0]
    if not best:
        raise SourceError(
            f"{each.path} names {key}, which is not there", hint="download the whole delivery; a part of it is no bill"
        )
    raise SourceError(f"{each.path} names {key}, which may be {best[0]} or {best[1]}")


def _months(path: str) -> list[str]:
    """The folders of a path that are of one month: another month's file of the same name is another file."""
    return [part for part in _parts(path) if MONTH.fullmatch(part)]


def time_named(folders: Collection[str]) -> bool:
    """Whether every one of these folders is named by the time of its delivery."""
    return all(_TIMES.fullmatch(os.path.basename(folder)) for folder in folders)


def _common_tail(one: Sequence[str], other: Sequence[str]) -> int:
    length = 0
    for mine, theirs in zip(reversed(one), reversed(other), strict=False):
        if mine != theirs:
            break
        length += 1
    return length


def _parts(path: str) -> list[str]:
    return path.replace(os.sep, "/").split("/")
