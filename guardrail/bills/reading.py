"""SOURCE arguments opened as one bill: what its lines are in SQL, and what there is to say about them."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from guardrail.bills import cost_explorer, csv_parts, deliveries, engine, unpacking, view
from guardrail.bills.deliveries import File
from guardrail.bills.engine import QueryEngine
from guardrail.bills.layouts import TITLES, ExportLayout, LayoutName, recognised
from guardrail.bills.view import COLUMNS, ExportColumns
from guardrail.errors import SourceError

_PARQUET: Final = "read_parquet(?, union_by_name = true, hive_partitioning = false)"


class FileGroup(Struct, frozen=True, kw_only=True):
    """Files that have the same columns, in the same order where they are CSV."""

    layout: ExportLayout
    columns: ExportColumns
    relation: str
    files: tuple[str, ...]
    """As they are to be opened."""
    shown: tuple[str, ...]
    """As they were named."""
    gzipped: bool = False

    @property
    def title(self) -> str:
        """``CUR 2.0 in Parquet``: one export is never in CSV and in Parquet."""
        return f"{TITLES[self.layout.name]} in {'CSV' if self.is_csv else 'Parquet'}"

    @property
    def is_csv(self) -> bool:
        """Whether all its values are text."""
        return self.columns.is_csv

    def select(self, tag_keys: Sequence[str], *, alone: bool, relation: str | None = None) -> str:
        """Its lines in the normalized view; ``alone`` where nothing else has to fit to them."""
        return view.duckdb(
            self.layout, self.columns, relation or self.relation, tag_keys, is_alone=alone, is_checked=relation is None
        )

    @property
    def written_out(self) -> str:
        """What reads it, with its files in the text."""
        return self.relation.replace("?", f"[{', '.join(map(view.literal, self.patterns))}]", 1)

    @property
    def patterns(self) -> list[str]:
        """Its files as DuckDB reads names."""
        return [engine.pattern(path) for path in self.files]


class Export:
    """The lines of one or more exports, in the normalized view."""

    def __init__(
        self, asked: QueryEngine, groups: Sequence[FileGroup], layouts: Sequence[LayoutName], notes: Sequence[str]
    ) -> None:
        self._engine = asked
        self._groups = groups
        self.layouts = tuple(layouts)
        self.notes = tuple(notes)
        """What was left out, a sentence each."""
        self.selects: list[tuple[str, str]] = []
        """The normalized view of each part, with what it is: ``CUR 2.0 in Parquet``."""
        self._parameters: list[object] = []
        self.taken = ""
        """The same with the files written out, to take away."""

    def load(self, tag_keys: Sequence[str], recorded: Sequence[dict[str, Any]]) -> None:
        """Read what is text into tables, so that it is parsed once, and put the rest into `lines` as it lies there."""
        taken = []
        names = ", ".join((*COLUMNS, *(f"tag_{place}" for place, _ in enumerate(tag_keys, 1))))
        for number, group in enumerate(self._groups):
            text = group.select(tag_keys, alone=len(self._groups) == 1 and not recorded)
            taken.append(f"SELECT {names} FROM ({group.select(tag_keys, alone=False, relation=group.written_out)})")
            if group.is_csv or "AS unreadable" in text:
                self._read_text(f"bill_{number}", group, text)
                self.selects.append((group.title, f"SELECT {names} FROM bill_{number}"))
                self._refuse_lacking(group, f"bill_{number}")
            else:
                self.selects.append((group.title, f"SELECT {names} FROM ({text})"))
                self._refuse_lacking(group)
                self._parameters.append(group.patterns)
        if recorded:
            taken.append(cost_explorer.select(recorded, tag_keys))
            self.selects.append((TITLES["cost-explorer"], taken[-1]))
        self.taken = "\nUNION ALL\n".join(taken)

    @property
    def lines(self) -> str:
        """The SELECT that everything asks."""
        return "\nUNION ALL\n".join(select for _, select in self.selects)

    def _read_text(self, table: str, group: FileGroup, text: str) -> None:
        import duckdb

        try:
            self._engine.execute(f"CREATE TEMP TABLE {table} AS {text}", [group.patterns])
        except duckdb.Error as error:
            raise _of_group(error, group) from error
        bad = self._engine.rows(f"SELECT MIN(unreadable) AS concept FROM {table}")[0]["concept"]
        if bad is None:
            return
        for path, shown in zip(group.files, group.shown, strict=True) if group.is_csv else ():
            found = csv_parts.unreadable(path, shown, group.layout, bad, gzipped=group.gzipped)
            if found is not None:
                raise found
        column = group.layout.column(bad, group.columns.types)
        what = "a time" if bad in view.TIMES else "a number"
        if group.is_csv:
            raise SourceError(f"{group.shown[0]}: a value of the column {column} is not {what}")
        condition = view.unreadable(group.layout, group.columns, bad)
        raise self._first_of_parquet(group, str(column), condition, what=what)

    def _refuse_lacking(self, group: FileGroup, table: str | None = None) -> None:
        """Raise where a line of use has no cost or no start: summed up it would look free, or be of a guessed day.

        Without an amount it has a cost all the same, so that is said in a note.
        """
        import duckdb

        layout, columns = group.layout, group.columns
        lines = f"{table} WHERE" if table else f"{group.relation} WHERE {view.sagemaker(layout, columns)} AND"
        asked: dict[str, view.Lack] = {}
        for lack in view.LACKS:  # of files of FOCUS two have the same condition
            asked.setdefault(lack.of_view if table else lack.of_files(layout, columns), lack)
        for condition, lack in asked.items():
            text = f"SELECT COUNT(*) AS line_count FROM {lines} {condition}"
            try:
                count = self._engine.rows(text, [] if table else [group.patterns])[0]["line_count"]
            except duckdb.Error as error:
                raise engine.refused(error, group.shown[0]) from error
            if count:
                column = layout.columns[lack.concept][0]
                told = f"{group.shown[0]}: {lack.whose} have no {column} ({count:,}): {lack.so}"
                if lack.is_fatal:
                    raise SourceError(told, hint=f"export with {column}; every question but sql needs it")
                self.notes += (told,)

    def ask(self, text: str) -> list[dict[str, Any]]:
        """The rows of a question that is asked of `lines`. Raises `SourceError` where the files do not bear it."""
        import duckdb

        try:
            return self._engine.rows(text, self._parameters)
        except duckdb.Error as error:
            raise self._explained(error) from error

    def _explained(self, error: Exception) -> SourceError:
        """The error for a file that DuckDB finds wrong while it runs a query."""
        for group in self._groups:
            found = None if group.is_csv else self._unreadable_double(group)
            if found is not None:
                return found
        shown = [name for group in self._groups for name in group.shown]
        return engine.refused(error, shown[0] if len(shown) == 1 else f"{shown[0]} or another of {len(shown)} files")

    def _unreadable_double(self, group: FileGroup) -> SourceError | None:
        """The first double of the lines that is no number, or none that an amount can be."""
        import duckdb

        for concept in view.NUMBERS:
            column = group.layout.column(concept, group.columns.types)
            if column is not None and group.columns.types[column] in ("DOUBLE", "FLOAT"):
                name = view.quoted(column)
                try:
                    return self._first_of_parquet(group, column, f"(NOT isfinite({name}) OR abs({name}) >= 1e20)")
                except LookupError:
                    continue
                except duckdb.Error as error:
                    return engine.refused(error, group.shown[0])
        return None

    def _first_of_parquet(
        self, group: FileGroup, column: str, condition: str, *, what: str = "a number"
    ) -> SourceError:
        """The error for the first value of a column that meets a condition, with its row. Raises `LookupError`."""
        relation = _PARQUET.replace(")", ", filename = true, file_row_number = true)")
        text = (
            f"SELECT filename, file_row_number, {view.quoted(column)} AS value FROM {relation} "
            f"WHERE {view.sagemaker(group.layout, group.columns)} AND {condition} ORDER BY 1, 2 LIMIT 1"
        )
        for path, number, value in (row.values() for row in self._engine.rows(text, [group.patterns])):
            shown = dict(zip(group.files, group.shown, strict=True)).get(path, path)
            told = f"{value[:40]!r}" if isinstance(value, str) else value
            return SourceError(f"{shown}: row {number + 1}, column {column}: {told} is not {what}")
        raise LookupError(column)


@contextmanager
def opened(sources: Sequence[str], tag_keys: Sequence[str] = ()) -> Iterator[Export]:
    """The bill in these files and folders. Raises `SourceError` where there is none, or where it cannot be trusted."""
    data, notes = deliveries.found(sources)
    with engine.opened() as asked:
        recorded, said = cost_explorer.every([file.path for file in data if file.format == "json"])
        groups = list(_groups([file for file in data if file.format != "json"], asked))
        if not groups and not recorded:
            raise SourceError("there is no line of SageMaker in it", hint="group by USAGE_TYPE and SERVICE")
        layouts = list(dict.fromkeys(group.layout.name for group in groups))
        _refuse_mixtures(groups, data)
        if recorded:
            layouts.append("cost-explorer")
        told = [view.said_of_tag(group.columns.types, key) for key in tag_keys for group in groups]
        told += [view.said_of_currency(group.layout, group.columns.types) for group in groups]
        bill = Export(asked, groups, layouts, [*notes, *said, *dict.fromkeys(each for each in told if each)])
        bill.load(tag_keys, recorded)
        if len({title for title, _ in bill.selects}) > 1:
            _refuse_overlap(bill)
        yield bill


def _groups(data: Sequence[File], asked: QueryEngine) -> Iterator[FileGroup]:
    """Files by their columns; those of a zip are unpacked into the engine's folder first."""
    plain: list[tuple[str, str, bool]] = []
    for file in data:
        if file.format == "zip":
            plain += [(path, file.path, False) for path in unpacking.unzipped(file.path, _made(asked.folder))]
        elif file.format != "parquet":
            plain.append((file.path, file.path, file.format == "csv.gz"))
    parquet = [file.path for file in data if file.format == "parquet"]
    asked.allow([os.path.abspath(path) for path in (*(path for path, _, _ in plain), *parquet)])
    by_header: dict[tuple[tuple[str, ...], bool], list[tuple[str, str]]] = {}
    for path, shown, gzipped in plain:
        names = csv_parts.header(path, shown, gzipped=gzipped)
        by_header.setdefault((names, gzipped), []).append((path, shown))
    for (names, gzipped), files in by_header.items():
        layout = recognised(names, files[0][1])
        csv_parts.refuse_twice(names, layout, files[0][1])
        yield FileGroup(
            layout=layout,
            columns=ExportColumns(
                dict.fromkeys(names, "VARCHAR"),
                {name: f'"c{place}"' for place, name in enumerate(names)},
                is_csv=True,
            ),
            relation=csv_parts.relation(names),
            files=tuple(os.path.abspath(path) for path, _ in files),
            shown=tuple(shown for _, shown in files),
            gzipped=gzipped,
        )
    if parquet:
        yield _parquet(parquet, asked)


def _made(folder: str) -> str:
    unpacked = os.path.join(folder, "unpacked")
    os.makedirs(unpacked, exist_ok=True)
    return unpacked


def _parquet(paths: Sequence[str], asked: QueryEngine) -> FileGroup:
    """Parquet files, whose columns are those of all of them."""
    import duckdb

    whole = tuple(map(os.path.abspath, paths))
    layouts = {}
    for path, shown in zip(whole, paths, strict=True):  # one by one, so that the one that is damaged is named
        try:
            columns = asked.types(_PARQUET, [[engine.pattern(path)]])
        except duckdb.Error as error:
            raise engine.refused(error, shown) from error
        layouts[recognised(columns, shown).name] = shown
    _refuse_several(layouts)
    types = asked.types(_PARQUET, [[engine.pattern(path) for path in whole]])
    plain = {name: "MAP" if kind.startswith("MAP") else kind for name, kind in types.items()}
    return FileGroup(
        layout=recognised(types, paths[0]),
        columns=ExportColumns(plain, {name: view.quoted(name) for name in types}),
        relation=_PARQUET,
        files=whole,
        shown=tuple(paths),
    )


def _refuse_mixtures(groups: Sequence[FileGroup], data: Sequence[File]) -> None:
    """Raise where one SOURCE holds two layouts: one of them would be counted on top of the other."""
    source_of = {file.path: file.source for file in data}
    by_source: dict[str, dict[LayoutName, str]] = {}
    for group in groups:
        for shown in group.shown:
            by_source.setdefault(source_of[shown], {}).setdefault(group.layout.name, shown)
    for layouts in by_source.values():
        _refuse_several(layouts)


def _refuse_several(layouts: dict[LayoutName, str]) -> None:
    if len(layouts) > 1:
        (one, first), (other, second) = list(layouts.items())[:2]
        raise SourceError(
            f"{first} is {TITLES[one]}, and {second} is {TITLES[other]}: two layouts in one place",
            hint="name the one that is meant; both would count the month twice",
        )


def _refuse_overlap(bill: Export) -> None:
    """Raise where two kinds of export have one month of one payer; one that tells no payer may be of any."""
    parts = (
        f"SELECT payer, usage_start, {view.literal(title)} AS title FROM ({select})" for title, select in bill.selects
    )
    text = (
        f"SELECT DISTINCT payer, date_trunc('month', usage_start) AS month, title FROM ({' UNION ALL '.join(parts)})"
        " WHERE usage_start IS NOT NULL ORDER BY title, payer"
    )
    seen: dict[datetime, list[tuple[str | None, str]]] = {}
    for row in bill.ask(text):
        payer, month, title = row["payer"], row["month"], row["title"]
        for other_payer, other in seen.setdefault(month, []):
            if other != title and (payer is None or other_payer in (None, payer)):
                raise SourceError(
                    f"{month:%Y-%m} is in two layouts, {other} and {title}",
                    hint="name one of them; both would count the month twice",
                )
        seen[month].append((payer, title))


def _of_group(error: BaseException, group: FileGroup) -> SourceError:
    """What is wrong with CSV files, in their own words: the file, and the line where the engine tells it."""
    import re

    told = str(error)
    named = next((shown for path, shown in zip(group.files, group.shown, strict=True) if path in told), group.shown[0])
    line = re.search(r"[Ll]ine:? (\d+)", told)
    place = f"{named}: line {line.group(1)}" if line else named
    why = "it has another number of columns than the header" if "columns" in told.lower() else engine.first_line(error)
    return SourceError(f"{place}: {why}", hint="it may have been cut, or two files put together; download it again")
