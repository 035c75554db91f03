"""The normalized view: what a line of the bill says, whatever its layout, as a SELECT of DuckDB or of Athena.

Everything else asks this view, in text that both engines take verbatim; only here may an engine's own spelling stand.
Its columns are `COLUMNS`, then ``tag_1``, ``tag_2``, … for the tags that are asked for.

Costs: ``list_cost`` is public on demand, ``unblended_cost`` what the bill says, ``cost`` what the use itself costs,
amortized and net of discounts where the export knows (a covered line at its rate of the Savings Plan, a negation 0, a
recurring fee its unused rest). Numbers are DECIMAL(38, 18): costs down to 10⁻¹⁸, amounts up to 10²⁰.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from msgspec import Struct, structs

from guardrail.bills.layouts import Concept, ExportLayout, underscored

COLUMNS: Final = (
    "billing_period",
    "usage_start",
    "usage_end",
    "payer",
    "account",
    "region",
    "product_code",
    "usage_type",
    "resource_id",
    "resource_key",
    "line_type",
    "amount",
    "unit",
    "currency",
    "list_cost",
    "unblended_cost",
    "cost",
    "commitment",
    "used_commitment",
    "plan",
    "tags",
)
NUMBERS: Final[tuple[Concept, ...]] = (
    *("amount", "unblended", "net_unblended", "list", "effective", "net_effective", "commitment", "used_commitment"),
)
TIMES: Final[tuple[Concept, ...]] = ("billing_period", "usage_start", "usage_end")
USAGE_LINES: Final = ("Usage", "SavingsPlanCoveredUsage", "DiscountedUsage")
"""Line types that are use, once each: a negation's amount repeats that of the lines it takes back."""
PRODUCTS: Final = ("AmazonSageMaker", "MachineLearningSavingsPlans")
"""Product codes: SageMaker's own, and the fees of its Savings Plans."""

NUMBER: Final = r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?"
LARGEST: Final = Decimal(10**20)
"""What an amount of the view has to be smaller than."""
_DECIMAL: Final = "DECIMAL(38, 18)"
_PLACES_OF_A_DOUBLE: Final = 12
_TAG_COLUMNS: Final = ("resource_tags", "tags", "Tags")
_LOST_CASE: Final = "resource_tags_user_"
_TAG_PREFIXES: Final = ("resourceTags/user:", _LOST_CASE)


def is_amount(text: str) -> bool:
    """Whether a text is a number that the view has room for."""
    return re.fullmatch(NUMBER, text) is not None and abs(Decimal(text)) < LARGEST


class ExportColumns(Struct, frozen=True):
    """The columns of some files that have the same ones: each with its type, and how SQL refers to it."""

    types: dict[str, str]
    """By name; VARCHAR for all of a CSV."""
    references: dict[str, str]
    """``"c0"`` for the first column of a CSV, whatever it is called; the quoted name for one of Parquet."""
    is_csv: bool = False


def quoted(name: str) -> str:
    """An identifier in either engine: in double quotes, those within it doubled."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text in either engine: ``'it''s'``. Neither knows escapes by backslash."""
    return "'" + text.replace("'", "''") + "'"


def literals(texts: Sequence[str]) -> str:
    """Several, as the list of an IN: ``('a', 'b')``."""
    return f"({', '.join(map(literal, texts))})"


def duckdb(
    layout: ExportLayout,
    columns: ExportColumns,
    relation: str,
    tag_keys: Sequence[str],
    *,
    is_alone: bool,
    is_checked: bool,
) -> str:
    """The view over files that have these columns; ``relation`` is what reads them: ``read_parquet(?, …)``.

    Tags come as JSON, so that views of several layouts fit together; where it ``is_alone`` they come as they lie there,
    which spares making a text for each line. Where it ``is_checked`` a column more says what could not be read.
    """
    engine = _DuckDBColumns(layout, columns, as_json=not is_alone, is_checked=is_checked)
    return _select(layout, engine, relation, tag_keys)


class Lack(Struct, frozen=True, kw_only=True):
    """What a line of use must not be without."""

    concept: Concept
    column: str
    """Of the view."""
    line_types: tuple[str, ...] = USAGE_LINES
    whose: str = "lines of use"
    so: str
    is_fatal: bool = True
    """Whether a bill with such lines is refused, or answered with a note."""

    @property
    def of_view(self) -> str:
        """The condition that a line of the view is without it."""
        return f"{self.column} IS NULL AND line_type IN {literals(self.line_types)}"

    def of_files(self, layout: ExportLayout, columns: ExportColumns) -> str:
        """The condition that a line of files is without it, so simple that most of a file is passed over."""
        return _DuckDBColumns(layout, columns).without(self)


LACKS: Final = (
    Lack(
        concept="effective",
        column="cost",
        line_types=("SavingsPlanCoveredUsage",),
        whose="lines of use that a Savings Plan covers",
        so="their cost is not known",
    ),
    Lack(
        concept="unblended",
        column="cost",
        line_types=("Usage", "DiscountedUsage"),
        so="their cost is not known",
    ),
    Lack(concept="usage_start", column="usage_start", so="their day is not known"),
    Lack(concept="amount", column="amount", so="they count with their cost, and with no hours", is_fatal=False),
)
"""Without a cost lines would count as if they were free, and without a start be of a guessed day."""


def unreadable(layout: ExportLayout, columns: ExportColumns, concept: Concept) -> str:
    """The condition that the text in the column of a concept is no number, or no moment."""
    return f"{_DuckDBColumns(layout, columns).unreadable([concept])} IS NOT NULL"


def sagemaker(layout: ExportLayout, columns: ExportColumns) -> str:
    """The condition that a line is looked at."""
    return _DuckDBColumns(layout, columns).sagemaker()


def athena(
    layout: ExportLayout, types: Mapping[str, str], table: str, where: str | None, tag_keys: Sequence[str] = ()
) -> str:
    """The view over a table of Athena, whose columns and types are ``types``; ``where`` prunes its partitions."""
    columns = ExportColumns(dict(types), {name: quoted(name) for name in types})
    lowered = {concept: tuple(_glued(layout, name) for name in names) for concept, names in layout.columns.items()}
    return _select(layout, _AthenaColumns(structs.replace(layout, columns=lowered), columns), table, tag_keys, where)


def _glued(layout: ExportLayout, name: str) -> str:
    """A column as the Glue catalogue has it, which knows lower case alone."""
    return underscored(name) if layout.name == "legacy" else name.lower()


def _select(
    layout: ExportLayout, engine: "_DuckDBColumns", relation: str, tag_keys: Sequence[str], where: str | None = None
) -> str:
    text, time = engine.text, engine.time
    plain = {
        "billing_period": time("billing_period"),
        "usage_start": engine.start(),
        "usage_end": time("usage_end"),
        "payer": text("payer"),
        "account": text("account"),
        "region": engine.region(),
        "product_code": text("product_code"),
        "usage_type": text("usage_type"),
        "resource_id": text("resource_id"),
        "resource_key": f"LOWER({text('resource_id')})",
        "line_type": engine.line_type(),
        "unit": text("unit"),
        "currency": "'USD'" if said_of_currency(layout, engine.columns.types) else text("currency"),
        "plan": text("commitment_id") if layout.is_focus else text("plan"),
        "tags": engine.tags(),
    }
    numbers = {f"{concept}_number": engine.number(concept) for concept in NUMBERS if engine.reference(concept)}
    others = [f"{engine.tag(key)} AS tag_{place}" for place, key in enumerate(tag_keys, 1)] + engine.extra()
    read = [*(f"{expression} AS {name}" for name, expression in {**plain, **numbers}.items()), *others]
    worked_out = engine.worked_out()
    listed = [f"{worked_out[name]} AS {name}" if name in worked_out else name for name in COLUMNS]
    listed += [each.rpartition(" AS ")[2] for each in others]
    filters = " AND ".join([engine.sagemaker(), *([where] if where else [])])
    # every number is read once, and what is worked out of it stands around that
    return (
        f"SELECT {', '.join(listed)}\nFROM (\n  SELECT {f',{chr(10)}    '.join(read)}\n"
        f"  FROM {relation}\n  WHERE {filters}\n) AS each_line"
    )


class _DuckDBColumns:
    """How DuckDB reads the columns of files."""

    def __init__(
        self, layout: ExportLayout, columns: ExportColumns, *, as_json: bool = True, is_checked: bool = True
    ) -> None:
        self.layout = layout
        self.columns = columns
        self.as_json = as_json
        self.is_checked = is_checked

    def reference(self, concept: Concept) -> str | None:
        """The column of a concept in SQL; None where the files have none."""
        name = self.layout.column(concept, self.columns.types)
        return None if name is None else self.columns.references[name]

    def type_of(self, concept: Concept) -> str:
        """The type of its column."""
        return self.columns.types[self.layout.column(concept, self.columns.types) or ""]

    def text(self, concept: Concept) -> str:
        """Its text; of CSV NULL where it is empty, and of FOCUS where it is the word that is written in its place.

        Of Parquet it is the column itself, so that whole pages of it are passed over and repeated values are compared
        once; an empty text in it is as good as NULL to everybody who asks.
        """
        found = self.reference(concept)
        if found is None:
            return "CAST(NULL AS VARCHAR)"
        if not self.columns.is_csv and self.type_of(concept) == "VARCHAR" and not self.layout.is_focus:
            return found
        bare = f"NULLIF({self.as_text(found)}, '')"
        return f"NULLIF({bare}, 'NULL')" if self.layout.is_focus else bare

    def as_text(self, reference: str) -> str:
        """A column as text."""
        return f"CAST({reference} AS VARCHAR)"

    def number(self, concept: Concept) -> str:
        """Its number, exactly as written; of a double the shortest text that means it, once and for all."""
        found = self.reference(concept)
        if found is None:
            return f"CAST(NULL AS {_DECIMAL})"
        if self.type_of(concept) in ("DOUBLE", "FLOAT"):
            return f"CAST(CAST({found} AS VARCHAR) AS {_DECIMAL})"
        if self.type_of(concept) == "VARCHAR":
            return f"TRY_CAST(NULLIF({self.text(concept)}, '') AS {_DECIMAL})"
        return f"CAST({found} AS {_DECIMAL})"

    def time(self, concept: Concept) -> str:
        """Its moment, in UTC without a zone; a text without a zone is in UTC already."""
        found = self.reference(concept)
        if found is None:
            return "CAST(NULL AS TIMESTAMP)"
        if self.type_of(concept) == "VARCHAR":
            return f"CAST(TRY_CAST(NULLIF({self.text(concept)}, '') AS TIMESTAMPTZ) AS TIMESTAMP)"
        return f"CAST({found} AS TIMESTAMP)"

    def region(self) -> str:
        """The product's region, from its column or from the map of product attributes."""
        found = [self.text("region")] if self.reference("region") else []
        if "product" in self.columns.types and self.layout.name == "cur2":
            found += [f"NULLIF({self.entry('product', key)}, '')" for key in ("region_code", "region")]
        return f"COALESCE({', '.join([*found, 'CAST(NULL AS VARCHAR)'])})"

    def line_type(self) -> str:
        """The line type in the words of the Cost and Usage Report, into which FOCUS's categories translate."""
        if not self.layout.is_focus:
            return self.text("line_type")
        category, status = self.text("category"), self.text("commitment_status")
        return (
            f"CASE WHEN {self.text('class')} = 'Correction' THEN 'Refund' "
            f"WHEN {category} = 'Usage' AND {status} = 'Used' THEN 'SavingsPlanCoveredUsage' "
            f"WHEN {category} = 'Usage' AND {status} = 'Unused' THEN 'SavingsPlanUnused' "
            f"WHEN {category} = 'Purchase' AND {self.text('commitment_id')} IS NOT NULL THEN 'SavingsPlanFee' "
            f"WHEN {category} = 'Purchase' THEN 'Fee' ELSE COALESCE({category}, '') END"
        )

    def worked_out(self) -> dict[str, str]:
        """Amounts and costs of a line, from the numbers that its layout has."""
        unblended, effective = self.read("unblended"), self.read("effective")
        found = {"amount": self.read("amount"), "list_cost": self.read("list"), "unblended_cost": unblended}
        if self.layout.is_focus:
            cost = f"COALESCE({effective}, {unblended})"
            covered = "line_type = 'SavingsPlanCoveredUsage'"
            return {
                **found,
                "cost": cost,
                "commitment": f"CASE WHEN {covered} OR line_type = 'SavingsPlanUnused' THEN {cost} END",
                "used_commitment": f"CASE WHEN {covered} THEN {cost} END",
            }
        commitment, used = self.read("commitment"), self.read("used_commitment")
        net, covered = self._first("net_unblended", unblended), self._first("net_effective", effective)
        return {
            **found,
            "cost": (
                f"CASE line_type WHEN 'SavingsPlanCoveredUsage' THEN {covered} WHEN 'SavingsPlanNegation' THEN 0 "
                f"WHEN 'SavingsPlanRecurringFee' THEN {commitment} - {used} WHEN 'SavingsPlanUpfrontFee' THEN 0 "
                f"ELSE {net} END"
            ),
            "commitment": f"CASE line_type WHEN 'SavingsPlanRecurringFee' THEN {commitment} END",
            "used_commitment": f"CASE line_type WHEN 'SavingsPlanRecurringFee' THEN {used} END",
        }

    def read(self, concept: Concept) -> str:
        """A number that has been read already; NULL where the layout has none."""
        return f"CAST(NULL AS {_DECIMAL})" if self.reference(concept) is None else f"{concept}_number"

    def _first(self, concept: Concept, otherwise: str) -> str:
        """A number where its column is there and filled, else another."""
        return otherwise if self.reference(concept) is None else f"COALESCE({concept}_number, {otherwise})"

    def without(self, lack: Lack) -> str:
        """The condition that a line is without what it must not be."""
        if lack.column == "cost" and self.layout.is_focus:  # either column will do, whatever covers a line
            return f"{self._is_none('unblended')} AND {self._is_none('effective')}"
        return f"{self._is_none(lack.concept)} AND {self.line_type()} IN {literals(lack.line_types)}"

    def start(self) -> str:
        """When a line begins; what is no use, and says no time of its own, with its bill."""
        is_use = f"{self.line_type()} IN {literals(USAGE_LINES)}"
        billed = f"CASE WHEN {is_use} THEN NULL ELSE {self.time('billing_period')} END"
        return f"COALESCE({self.time('usage_start')}, {billed})"

    def _is_none(self, concept: Concept) -> str:
        if self.reference(concept) is None:
            return "1 = 1"
        return f"{self.text(concept) if self.type_of(concept) == 'VARCHAR' else self.reference(concept)} IS NULL"

    def sagemaker(self) -> str:
        """Lines of SageMaker, its Savings Plans, and of software of the Marketplace for it; no other is looked at.

        Software has a product code of its seller. It is SageMaker's where its line names a resource of SageMaker, or
        where it is marked as the Marketplace's and its usage type names an instance type of SageMaker. Without the
        column that marks it, a code is a seller's where it is none of AWS's own, such as AmazonCloudWatch.
        """
        code, entity = self.text("product_code"), self.reference("billing_entity")
        own = f"{code} IN {literals(PRODUCTS)}"
        ties = [f"strpos({self.text('resource_id')}, ':sagemaker:') > 0"] if self.reference("resource_id") else []
        if entity is None:
            sellers = f"substr({code}, 1, 6) <> 'Amazon' AND substr({code}, 1, 3) <> 'AWS'"
        else:
            sellers = f"{entity} = 'AWS Marketplace'"
            ties.append(f"strpos({self.text('usage_type')}, 'ml.') > 0")
        return f"({own} OR ({sellers} AND ({' OR '.join(ties)})))" if ties else own

    def tags(self) -> str:
        """All tags of a line in whatever shape is cheap: a map, a struct, or JSON."""
        maps = [name for name in _TAG_COLUMNS if name in self.columns.types]
        flat = tag_columns(self.columns.types)
        if maps and self.columns.types[maps[0]] == "VARCHAR":
            return self.columns.references[maps[0]]
        fields = ", ".join(f"{literal(key)}, {self.columns.references[name]}" for key, name in flat.items())
        if maps:
            found = self.columns.references[maps[0]]
            return f"CAST(to_json({found}) AS VARCHAR)" if self.as_json else found
        return f"CAST(json_object({fields}) AS VARCHAR)" if flat else "CAST(NULL AS VARCHAR)"

    def tag(self, key: str) -> str:
        """The value of one tag, from whichever column may have it."""
        names = columns_of_tag(self.columns.types, key)
        found = [f"NULLIF({self.as_text(self.columns.references[name])}, '')" for name in names]
        for column in _TAG_COLUMNS:
            if column in self.columns.types:
                found += [f"NULLIF({self.entry(column, each)}, '')" for each in key_spellings(key)]
        return f"COALESCE({', '.join([*found, 'CAST(NULL AS VARCHAR)'])})"

    def entry(self, column: str, key: str) -> str:
        """The value of a key in a map, which a CSV has as JSON."""
        reference, kind = self.columns.references[column], self.columns.types[column]
        if kind != "MAP":  # a struct has the keys of its file alone, and any other would be an error
            escaped = key.replace("\\", "\\\\").replace('"', '\\"')
            valid = f"CASE WHEN json_valid({reference}) THEN {reference} END"
            text = valid if kind == "VARCHAR" else f"CAST(to_json({reference}) AS VARCHAR)"
            path = literal(f'$."{escaped}"')
            return f"json_extract_string({text}, {path})"
        return f"{reference}[{literal(key)}]"

    def extra(self) -> list[str]:
        """Whether a number or a moment could not be read, of text alone: the concept, NULL where all is well."""
        found = self.unreadable((*NUMBERS, *TIMES)) if self.is_checked else None
        return [f"{found} AS unreadable"] if found else []

    def unreadable(self, concepts: Sequence[Concept]) -> str | None:
        """The first of the concepts whose text cannot be read, NULL where all is well; None where none is text."""
        cases = []
        for concept, value in self._texts(concepts):
            bad = f"{self.time(concept)} IS NULL"
            if concept in NUMBERS:
                bad = f"({self.number(concept)} IS NULL OR NOT regexp_full_match({value}, {literal(NUMBER)}))"
            cases.append(f"WHEN {value} IS NOT NULL AND {bad} THEN {literal(concept)}")
        return f"CASE {' '.join(cases)} END" if cases else None

    def _texts(self, concepts: Sequence[Concept]) -> list[tuple[Concept, str]]:
        """Those of the concepts that stand in a column of text, with that text."""
        return [
            (concept, f"NULLIF({self.text(concept)}, '')")
            for concept in concepts
            if self.reference(concept) and self.type_of(concept) == "VARCHAR"
        ]


class _AthenaColumns(_DuckDBColumns):
    """How Athena reads the columns of a table."""

    def number(self, concept: Concept) -> str:
        found = self.reference(concept)
        if found is None:
            return f"CAST(NULL AS {_DECIMAL})"
        kind = self.type_of(concept)
        if kind.startswith(("string", "varchar")):
            found, kind = f"CAST({self.text(concept)} AS DOUBLE)", "double"
        exact = f"CAST({found} AS {_DECIMAL})"
        # Trino takes all digits of a double, 0.23 as 0.230000000000000010, and has no shortest text without an exponent
        return f"ROUND({exact}, {_PLACES_OF_A_DOUBLE})" if kind in ("", "double", "float", "real") else exact

    def time(self, concept: Concept) -> str:
        found = self.reference(concept)
        if found is None:
            return "CAST(NULL AS TIMESTAMP)"
        is_text = self.type_of(concept).startswith(("string", "varchar"))
        return f"CAST({f'from_iso8601_timestamp({self.text(concept)})' if is_text else found} AS TIMESTAMP)"

    def tags(self) -> str:
        maps = [name for name in _TAG_COLUMNS if name.lower() in self.columns.types]
        if maps:
            return f"json_format(CAST({self.columns.references[maps[0].lower()]} AS JSON))"
        flat = tag_columns(self.columns.types)
        if not flat:
            return "CAST(NULL AS VARCHAR)"
        keys = ", ".join(map(literal, flat))
        values = ", ".join(self.columns.references[name] for name in flat.values())
        return f"json_format(CAST(MAP(ARRAY[{keys}], ARRAY[{values}]) AS JSON))"

    def entry(self, column: str, key: str) -> str:
        return f"element_at({self.columns.references[column]}, {literal(key)})"

    def extra(self) -> list[str]:
        return []


def tag_columns(names: Mapping[str, str]) -> dict[str, str]:
    """Columns that are one tag each, by its key: ``Team`` of ``resourceTags/user:Team``."""
    found = {}
    for prefix in _TAG_PREFIXES:
        found.update({name.removeprefix(prefix): name for name in names if name.startswith(prefix)})
    return found


def key_spellings(key: str) -> tuple[str, ...]:
    """How the map of an export may have a tag key: as it is, normalized by CUR 2.0, or with the prefix of its kind.

    ``CostCenter`` is ``user_cost_center`` in ``resource_tags``, ``resourceTags/CostCenter`` in ``tags``.
    """
    normalized = underscored(key)
    every = (key, f"user:{key}", f"resourceTags/{key}", f"resourceTags/user:{key}", f"user_{normalized}")
    return tuple(dict.fromkeys((*every, f"user_{key}", f"user_{key.lower()}")))


def columns_of_tag(types: Mapping[str, str], key: str) -> list[str]:
    """The columns of a tag: that of its own spelling, else that of its letters and digits where case has been lost."""
    there = tag_columns(types)
    exact = [name for found, name in there.items() if found == key and not name.startswith(_LOST_CASE)]
    spelt = [name for found, name in there.items() if found in (key, underscored(key))]
    folded = [name for found, name in there.items() if name.startswith(_LOST_CASE) and _folded(found) == _folded(key)]
    return exact or spelt or folded


def said_of_tag(types: Mapping[str, str], key: str) -> str | None:
    """A sentence about a tag whose key the export has not kept; None where it has."""
    inexact = [
        name for name in columns_of_tag(types, key) if name not in (f"resourceTags/user:{key}", f"{_LOST_CASE}{key}")
    ]
    if inexact:
        return f"the tag {key} is read from {', '.join(inexact)}: the export does not keep the case of its key"
    normalized = f"user_{underscored(key)}"
    if "resource_tags" in types and key != underscored(key):
        return f"the tag {key} is read from {normalized} of resource_tags: the export does not keep the case of its key"
    return None


def said_of_currency(layout: ExportLayout, types: Mapping[str, str]) -> str | None:
    """A sentence about amounts that are taken for USD, since the export has no column that says what they are in."""
    if layout.name != "legacy" or layout.column("currency", types) is not None:
        return None
    return f"the export has no {layout.columns['currency'][0]}: its amounts are taken for USD"


def _folded(key: str) -> str:
    return re.sub(r"[\W_]", "", key.lower())
