"""SOURCE arguments to the files that count: a file, a folder of deliveries, a manifest."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from guardrail import files
from guardrail.bills import manifests, parts, unpacking
from guardrail.bills.manifests import ExportManifest
from guardrail.errors import SourceError
from guardrail.limits import MEBIBYTE

Format: TypeAlias = Literal["csv", "csv.gz", "zip", "parquet", "json"]

_BEGINNINGS: Final[tuple[tuple[bytes, Format], ...]] = ((b"PAR1", "parquet"), (b"\x1f\x8b", "csv.gz"), (b"PK", "zip"))
_SUFFIXES: Final = (".csv", ".csv.gz", ".gz", ".zip", ".parquet", ".json")
_UNFINISHED: Final = (".part", ".partial", ".crdownload", ".download", ".tmp", ".filepart")
_ASSEMBLY: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class File(Struct, frozen=True, kw_only=True):
    """A data file that counts."""

    path: str
    format: Format
    source: str
    """The SOURCE argument that it is of."""


def found(sources: Sequence[str]) -> tuple[list[File], list[str]]:
    """Every file that counts, each once, and a sentence for what was left out and why. Raises `SourceError`."""
    kept: dict[tuple[int, int], File] = {}
    notes: list[str] = []
    described: list[ExportManifest] = []
    for source in sources:
        paths, told, counted = _of(source)
        notes += told
        described += counted
        for path in paths:
            status = os.stat(path)
            kept.setdefault((status.st_dev, status.st_ino), File(path=path, format=format_of(path), source=source))
    data = list(kept.values())
    _refuse_deliveries_of_one_month(described, data)
    _refuse_copies(data)
    return data, notes


def _refuse_deliveries_of_one_month(described: Sequence[ExportManifest], data: Sequence[File]) -> None:
    """Raise where two SOURCEs are two deliveries of one month: each alone counts, both together count it twice."""
    by_period: dict[str, ExportManifest] = {}
    for one in described:
        other = by_period.setdefault(one.period, one)
        if set(other.keys) != set(one.keys):
            raise manifests.several_assemblies([other.path, one.path])
    folders: dict[str, str] = {}
    for file in data:
        folder = os.path.dirname(os.path.abspath(file.path))
        month = os.path.dirname(folder)
        if parts.MONTH.fullmatch(os.path.basename(month)) and folders.setdefault(month, folder) != folder:
            raise manifests.several_assemblies([folders[month], folder])


def _of(source: str) -> tuple[list[str], list[str], list[ExportManifest]]:
    """The data files of one SOURCE, what was left out, and the manifests that count."""
    if not os.path.lexists(source):
        raise SourceError(
            f"{source or repr(source)} is not there",
            hint="a file or folder of an export of the bill, or s3://BUCKET/PREFIX",
        )
    if os.path.isdir(source):
        return _in_folder(source)
    if format_of(source) == "json":
        described = manifests.read(source)
        if described is not None:
            folder = os.path.dirname(source) or "."
            return manifests.found([described], _data_files(folder)[0]), [], [described]
    return [source], [], []


def _in_folder(folder: str) -> tuple[list[str], list[str], list[ExportManifest]]:
    """The data files of the newest delivery of each month below a folder."""
    data, described = _data_files(folder)
    read = [one for one in map(manifests.read, described) if one is not None]
    newest_of = manifests.newest(read)
    counted = manifests.found(newest_of, data)
    governed = set(counted)
    for one in read:
        governed |= _governed(one, data)
    newest = _newest_folders([path for path in data if path not in governed])
    left_out = len(set(data).difference(counted, newest))
    notes = [f"{left_out} files of older deliveries in {folder} do not count"] if left_out else []
    are_manifests = {one.path for one in read}
    saved = [path for path in described if path not in are_manifests and _is_cost_explorer(path)]
    every = list(dict.fromkeys([*counted, *newest, *saved]))
    if not every:
        raise SourceError(f"{folder} holds no export of the bill", hint="CSV (also in gz or zip) or Parquet files")
    return every, notes, newest_of


def _governed(one: ExportManifest, data: Sequence[str]) -> set[str]:
    """The files that lie beside a manifest or below it, or in the folder of its month of a Data Export."""
    folder = os.path.join(os.path.dirname(one.path), "")
    found = {path for path in data if path.startswith(folder)}
    month = re.search(r"/(BILLING_PERIOD=[\d-]+)/", f"/{one.keys[0]}")
    if month is not None:
        found |= {path for path in data if f"/data/{month.group(1)}/" in path.replace(os.sep, "/")}
    return found


def _is_cost_explorer(path: str) -> bool:
    with open(path, "rb") as file:
        return b"ResultsByTime" in file.read(MEBIBYTE)


def _data_files(folder: str) -> tuple[list[str], list[str]]:
    """Data files, and JSON, below a folder."""
    data: list[str] = []
    described: list[str] = []
    try:
        for parent, _, names in files.walk(folder):
            for name in names:
                path = os.path.join(parent, name)
                if name.endswith(_UNFINISHED):
                    raise SourceError(f"{path} is still being written", hint="ask again once it is there as a whole")
                if name.startswith((".", "_")) or not name.endswith(_SUFFIXES):
                    continue
                (described if name.endswith(".json") else data).append(path)
    except OSError as error:
        raise SourceError(f"{folder} cannot be read: {error.strerror}") from error
    return data, described


def _newest_folders(loose: Sequence[str]) -> list[str]:
    """Files without a manifest, of the newest assembly where folders beside one another are assemblies of one month."""
    by_parent: dict[str, dict[str, list[str]]] = {}
    for path in loose:
        folder = os.path.dirname(path)
        by_parent.setdefault(os.path.dirname(folder), {}).setdefault(folder, []).append(path)
    kept: list[str] = []
    for parent, folders in by_parent.items():
        names = [os.path.basename(folder) for folder in folders]
        are_assemblies = parts.MONTH.fullmatch(os.path.basename(parent)) or all(map(_ASSEMBLY.fullmatch, names))
        if len(folders) > 1 and (are_assemblies or manifests.time_named(folders)):
            if not manifests.time_named(folders):
                raise manifests.several_assemblies(sorted(folders))
            kept += folders[max(folders)]
        else:
            kept += [path for several in folders.values() for path in several]
    return kept


def format_of(path: str) -> Format:
    """What a file is by its first bytes. Raises `SourceError` where it cannot be read, or is empty."""
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise SourceError(
            f"{path} has a name that is no UTF-8, which DuckDB does not open", hint="rename it"
        ) from error
    try:
        with files.opened(path, most=1 << 60) as file:
            start = file.read(4096)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from error
    if not start:
        raise SourceError(f"{path} is empty", hint="it may still be written; ask again once it is there as a whole")
    for beginning, name in _BEGINNINGS:
        if start.startswith(beginning):
            return name
    return "json" if start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[") else "csv"


def _refuse_copies(data: Sequence[File]) -> None:
    """Raise where a file is there twice: packed and unpacked, downloaded again, or under a name that is no part's.

    Parts of one delivery, numbered, may be equal to the byte: AWS numbers lines within a file.
    """
    stems: dict[str, str] = {}
    sizes: dict[int, list[File]] = {}
    for file in data:
        other = stems.setdefault(parts.stem(file.path), file.path)
        if other != file.path:
            raise SourceError(f"{file.path} and {other} are the same file twice", hint="name one of them")
        sizes.setdefault(unpacking.size(file.path, file.format), []).append(file)
    for one, same in _equal_pairs(sizes.values()):
        if not parts.are_a_series(one, same):
            raise SourceError(f"{same} is a copy of {one}, and would count twice", hint="name one of them")


def _equal_pairs(groups: Iterable[list[File]]) -> Iterator[tuple[str, str]]:
    """Files that hold the same, whatever they are packed in."""
    for several in groups:
        if len(several) < 2:  # noqa: PLR2004 - nothing to compare
            continue
        seen: dict[bytes, str] = {}
        for file in several:
            first = seen.setdefault(unpacking.digest(file.path, file.format), file.path)
            if first != file.path:
                yield first, file.path
