"""Build the price tables in ``pricing/`` from the evidence in ``pricing/evidence/``, and from nothing else.

    python scripts/build_prices.py            rebuild pricing/
    python scripts/build_prices.py --to DIR   write the tables elsewhere, to compare

No clock, no network, no order that depends on the machine: the same evidence gives the same bytes. A price is
*published* when AWS said it, *derived* when a rule gave it that held wherever both sides were observed, *estimated*
when the rule is weaker. Observed prices keep the very digits they were found with; docs/prices.md tells the rest.
"""

import argparse
import csv
import gzip
import hashlib
import io
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, TypeAlias

from msgspec import structs

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from guardrail.prices import usage_types  # noqa: E402 - from this checkout, wherever the script is started
from guardrail.prices.usage_types import ASYNC, HOST, MEMORY_SIZES_GB, TRANSFORM, parse, written  # noqa: E402

PRICING = ROOT / "pricing"

SCHEMA_VERSION = "1.0"
COLLECTED = "2026-11-22"

Record: TypeAlias = dict[str, str]
Rows: TypeAlias = dict[str, "Row"]
"""The prices of one region by usage type."""


class Row(NamedTuple):
    """One line of a region's table."""

    usage_type: str
    unit: str
    usd: str
    basis: str
    confidence: str
    rule: str
    suspect: str
    date: str
    source: str


class Rule(NamedTuple):
    """How prices that AWS did not tell us are worked out."""

    basis: str
    confidence: str
    date: str
    """Of its inputs; empty where each row carries the date of the price it rests on."""
    source: str
    """Of its inputs; empty likewise."""
    text: str


RULES = {
    "async-equals-hosting": Rule(
        "derived",
        "high",
        "",
        "",
        "The hosting price of the same region and type. Held in 4 of 4 observed prices, in 3 regions (2026-09 and "
        "2026-10). Only for types that the region's price list of 2026-10-20 has for hosting, and not where a list of "
        "usage types shows Host but no AsyncInf: there the type may not be sold for asynchronous inference.",
    ),
    "transform-equals-hosting": Rule(
        "derived",
        "high",
        "",
        "",
        "The hosting price of the same region and type. Held in 24 of 24 observed prices, in 3 regions, two of them to "
        "within 0.0002 %. Only for types that CreateTransformJob accepts and that the region's price list of "
        "2026-10-20 has for batch transform.",
    ),
    "volume-from-ebs-gp2": Rule(
        "estimated",
        "medium",
        "2021",
        "ebs-gp2-2021",
        "1.4 x the region's EBS gp2 price per GB-month. Exact in us-east-1 (0.14 = 1.4 x 0.10) and eu-west-1 "
        "(0.154 = 1.4 x 0.11), the two regions observed; the EBS prices are of 2021.",
    ),
    "data-as-observed-elsewhere": Rule(
        "estimated",
        "low",
        "2026-05-08",
        "infracost-2026-05",
        "0.016 USD per GB, as in us-east-1 and eu-west-1, the only two regions observed.",
    ),
    "provisioned-linear-in-memory": Rule(
        "estimated",
        "medium",
        "2026-05-08",
        "infracost-2026-05",
        "The observed price for 2 GB x memory / 2 GB: on-demand serverless prices are linear in memory from 1 to 6 GB.",
    ),
    "serverless-from-lambda": Rule(
        "estimated",
        "low",
        "2025-10-30",
        "lambda-2025-10",
        "1.2 x the region's AWS Lambda x86 price per GB-second (duration, provisioned concurrency, or duration on "
        "provisioned concurrency) x GB, to ten decimals. The factor fits every price observed in us-east-1 and is "
        "tested in no other region. Only for the 21 regions where AWS documents serverless inference.",
    ),
}

DOUBTS = {
    "twice-another-region": "twice the us-east-2 price of the same type, and 2.4 x EC2 where other families are 1.2 x",
    "breaks-the-size-step": "equals the price of ml.m5d.xlarge, 18 % above the size step of its family",
    "equals-us-east-1": "equals the us-east-1 price, where other sizes of its family cost 12 % more than there",
    "off-the-size-step": "4 to 6 % off what the other sizes of its family suggest, as no other region has it",
    "gone-from-later-list": "listed in 2026-05, no longer in the region's price list of 2026-10-20",
}


OMITTED_BY_REASON = {
    "local-zone": "local zone us-east-1-atl-1: the prefix of its usage types is not known",
    "elastic-inference": "Elastic Inference (ml.eia1, ml.eia2), which endpoints no longer accept",
    "not-an-endpoint-type": "hosting prices of types that CreateEndpointConfig does not accept: t3, m7g, m7gd, r7g, "
    "every medium Graviton but those of the 8th generation, and single sizes of c5, m5, m5d and r5",
}
OMITTED_BEFORE: list[dict[str, object]] = [
    {"rows": 518, "why": "hosting prices computed from EC2 prices, for types that are in no region's price list"},
    {"rows": 1, "why": "ml.p6e-gb200.36xlarge in instances.csv: its specification could not be verified"},
]


class Evidence:
    """Everything in ``pricing/evidence/``, each file read once."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.regions = {record["region"]: record for record in self.records("regions.csv")}
        self.ebs_gp2_usd = {r["region"]: Decimal(r["usd_per_gb_month"]) for r in self.records("ebs_gp2_prices.csv")}
        self.lambda_usd = {record["region"]: record for record in self.records("lambda_prices.csv")}
        self.serverless_regions = {record["region"] for record in self.records("serverless_regions.csv")}

    def records(self, name: str) -> list[Record]:
        raw = (self.directory / name).read_bytes()
        text = (gzip.decompress(raw) if name.endswith(".gz") else raw).decode("utf-8")
        return list(csv.DictReader(io.StringIO(text)))

    @cached_property
    def specifications(self) -> list[Record]:
        return self.records("instance_specs.csv.gz")

    @cached_property
    def endpoint_types(self) -> set[str]:
        """What CreateEndpointConfig accepts."""
        return {record["instance_type"] for record in self.specifications if record["in_endpoint_enum"] == "1"}

    @cached_property
    def transform_types(self) -> set[str]:
        """What CreateTransformJob accepts."""
        return {record["instance_type"] for record in self.specifications if record["in_transform_enum"] == "1"}

    @cached_property
    def listed(self) -> dict[tuple[str, str], set[str]]:
        """Instance types in the price list of 2026-10-20, by component (hosting, transform) and region."""
        types: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for record in self.records("availability.csv.gz"):
            types[record["component"], record["region"]].add(record["instance_type"])
        return types

    @cached_property
    def absent_usage_types(self) -> set[str]:
        """AsyncInf usage types that a list does not have, though it has Host for the same region and type.

        A type that has come since is in neither, so the list says nothing of it.
        """
        seen = {record["usage_type"] for record in self.records("usage_types_2022.csv")}
        hosted = [known for name in seen if (known := parse(name)) and known.use == HOST and known.instance_type]
        twins = {str(structs.replace(known, use=ASYNC)) for known in hosted}
        return (twins - seen) | {record["usage_type"] for record in self.records("absent_usage_types.csv")}


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the price tables from their evidence.")
    parser.add_argument("--to", type=Path, default=PRICING, metavar="DIR", help="where to write (default: pricing/)")
    write(parser.parse_args().to)


def write(directory: Path) -> None:
    """Write every generated file of ``pricing/`` into a directory, which is made if need be."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in build(Evidence(PRICING / "evidence")).items():
        (directory / name).write_bytes(content)


def build(evidence: Evidence) -> dict[str, bytes]:
    """The generated files by name. Raises `ValueError` when two rows claim one usage type."""
    observed, omitted = observations(evidence)
    tables = {region: region_table(evidence, region, observed[region]) for region in sorted(evidence.regions)}
    files = {f"{region}.csv": csv_bytes(Row._fields, rows) for region, rows in tables.items()}
    files["instances.csv"] = instances(evidence)
    files["multi_model_volumes.csv"] = multi_model_volumes(evidence)
    files["availability.csv"] = availability(evidence)
    files["manifest.json"] = manifest(evidence, tables, files, omitted)
    return files


# Observed prices


def observations(evidence: Evidence) -> tuple[dict[str, Rows], list[dict[str, object]]]:
    """Observed prices by region, and what was left out with the reason."""
    tables: dict[str, Rows] = {region: {} for region in evidence.regions}
    left_out: Counter[str] = Counter()
    for record in evidence.records("observed_prices.csv.gz"):
        why = reason_to_omit(evidence, record)
        if why is None:
            add(tables[record["region"]], observation(evidence, record))
        else:
            left_out[why] += 1
    counted: list[dict[str, object]] = [{"rows": left_out[key], "why": why} for key, why in OMITTED_BY_REASON.items()]
    return tables, counted + OMITTED_BEFORE


def reason_to_omit(evidence: Evidence, record: Record) -> str | None:
    if record["region"] not in evidence.regions:
        return "local-zone"
    if record["component"] == "hosting_accelerator":
        return "elastic-inference"
    if record["component"] == "hosting" and record["item"] not in evidence.endpoint_types:
        return "not-an-endpoint-type"
    return None


def observation(evidence: Evidence, record: Record) -> Row:
    suspect = record["suspect"]
    if record["component"] == "hosting" and record["item"] not in evidence.listed["hosting", record["region"]]:
        suspect = suspect or "gone-from-later-list"
    return Row(
        usage_type=record["usage_type"],
        unit=record["unit"],
        usd=record["usd"],
        basis="published",
        confidence="",
        rule="",
        suspect=suspect,
        date=record["date"],
        source=record["source"],
    )


def add(rows: Rows, row: Row) -> None:
    if row.usage_type in rows:
        raise ValueError(f"two prices for {row.usage_type}")
    rows[row.usage_type] = row


# What the rules add


def region_table(evidence: Evidence, region: str, observed: Rows) -> list[Row]:
    """Every price of a region, sorted by usage type: what was observed, and what the rules add to it."""
    rows = dict(observed)
    for rule in (asynchronous, transform, volume, data, provisioned_by_memory, serverless):
        for row in rule(evidence, region, observed):
            add(rows, row)
    return [rows[usage_type] for usage_type in sorted(rows)]


def asynchronous(evidence: Evidence, region: str, observed: Rows) -> Iterator[Row]:
    prefix = evidence.regions[region]["prefix"]
    for instance_type, row in hosting(observed):
        usage_type = written(prefix, usage_types.instance(ASYNC, instance_type))
        sold = instance_type in evidence.listed["hosting", region] and usage_type not in evidence.absent_usage_types
        if sold and usage_type not in observed:
            yield at_hosting_price(usage_type, row, "async-equals-hosting")


def transform(evidence: Evidence, region: str, observed: Rows) -> Iterator[Row]:
    prefix = evidence.regions[region]["prefix"]
    for instance_type, row in hosting(observed):
        usage_type = written(prefix, usage_types.instance(TRANSFORM, instance_type))
        sold = instance_type in evidence.transform_types & evidence.listed["transform", region]
        if sold and usage_type not in observed:
            yield at_hosting_price(usage_type, row, "transform-equals-hosting")


def volume(evidence: Evidence, region: str, observed: Rows) -> Iterator[Row]:
    usage_type = written(evidence.regions[region]["prefix"], usage_types.VOLUME)
    if region in evidence.ebs_gp2_usd and usage_type not in observed:
        yield by_rule(usage_type, "GB-Mo", Decimal("1.4") * evidence.ebs_gp2_usd[region], "volume-from-ebs-gp2")


def data(evidence: Evidence, region: str, observed: Rows) -> Iterator[Row]:
    for charge in (usage_types.DATA_IN, usage_types.DATA_OUT):
        usage_type = written(evidence.regions[region]["prefix"], charge)
        if usage_type not in observed:
            yield by_rule(usage_type, "GB", Decimal("0.016"), "data-as-observed-elsewhere")


def provisioned_by_memory(evidence: Evidence, region: str, observed: Rows) -> Iterator[Row]:
    prefix = evidence.regions[region]["prefix"]
    for charge in (usage_types.provisioned_warm, usage_types.provisioned_compute):
        known = observed.get(written(prefix, charge(2)))
        for gb in MEMORY_SIZES_GB if known else ():
            usage_type = written(prefix, charge(gb))
            if known and usage_type not in observed:
                yield by_rule(usage_type, "seconds", Decimal(known.usd) / 2 * gb, "provisioned-linear-in-memory")


def serverless(evidence: Evidence, region: str, observed: Rows) -> Iterator[Row]:
    """The three serverless prices of every memory size, each where no size of it was observed."""
    prefix = evidence.regions[region]["prefix"]
    for lambda_price, charge in (
        ("duration", usage_types.serverless),
        ("provisioned_concurrency", usage_types.provisioned_warm),
        ("provisioned_duration", usage_types.provisioned_compute),
    ):
        is_observed = any(written(prefix, charge(gb)) in observed for gb in MEMORY_SIZES_GB)
        if is_observed or region not in evidence.serverless_regions:
            continue
        for gb in MEMORY_SIZES_GB:
            usd = Decimal("1.2") * Decimal(evidence.lambda_usd[region][lambda_price]) * gb
            rounded = usd.quantize(Decimal("1e-10"))
            yield by_rule(written(prefix, charge(gb)), "seconds", rounded, "serverless-from-lambda")


def hosting(observed: Rows) -> Iterator[tuple[str, Row]]:
    """Instance types with their hosting rows."""
    for usage_type, row in observed.items():
        known = parse(usage_type)
        if known and known.use == HOST and known.instance_type:
            yield known.instance_type, row


def at_hosting_price(usage_type: str, row: Row, rule: str) -> Row:
    """A derived row: digits, doubt, date and source are those of the hosting row it repeats."""
    return row._replace(usage_type=usage_type, basis=RULES[rule].basis, confidence=RULES[rule].confidence, rule=rule)


def by_rule(usage_type: str, unit: str, usd: Decimal, rule: str) -> Row:
    basis, confidence, date, source, _ = RULES[rule]
    return Row(usage_type, unit, shortest(usd), basis, confidence, rule, "", date, source)


# Instance types


def instances(evidence: Evidence) -> bytes:
    """instances.csv: what each type is made of, and the volume it gets when none is asked for."""
    published = {
        record["instance_type"]: record["single_model_gb"] for record in evidence.records("host_volumes_2020.csv")
    }
    verified = (record for record in evidence.specifications if "UNVERIFIED" not in record["spec_source"])
    rows = [instance(record, published.get(record["instance_type"])) for record in verified]
    return csv_bytes(tuple(rows[0]), (tuple(row.values()) for row in rows))


def multi_model_volumes(evidence: Evidence) -> bytes:
    """multi_model_volumes.csv: GB of the volume under several models, where AWS published it."""
    rows = sorted(
        (record["instance_type"], shortest(record["multi_model_gb"]))
        for record in evidence.records("host_volumes_2020.csv")
        if record["multi_model_gb"]
    )
    return csv_bytes(("instance_type", "gb"), rows)


def instance(record: Record, published_volume_gb: str | None) -> dict[str, str]:
    takes_volume = volume_support(record)
    volume_gb, origin = "", ""
    if takes_volume == "yes":
        volume_gb = shortest(published_volume_gb or inferred_volume_gb(record["memory_gib"]))
        origin = "published" if published_volume_gb else "inferred"
    return {
        "instance_type": record["instance_type"],
        "family": record["family"],
        "vcpus": record["vcpus"],
        "memory_gib": shortest(record["memory_gib"]),
        "architecture": record["architecture"],
        "burstable": YES_NO[record["burstable"]],
        **accelerators(record),
        "local_storage": YES_NO[record["local_storage"]],
        "local_storage_gb": record["local_storage_gb"],
        "takes_volume": takes_volume,
        "default_volume_gb": volume_gb,
        "default_volume_origin": origin,
        "hosts_endpoints": YES_NO[record["in_endpoint_enum"]],
        "runs_transform": YES_NO[record["in_transform_enum"]],
    }


YES_NO = {"1": "yes", "0": "no"}


def volume_support(record: Record) -> str:
    """yes, no or unknown: "no" where AWS's own SDK says so, "unknown" where only EC2 says that there is a local disk.

    The SDK names g7e, p6-b200 and trn2, and neither g7 nor p6-b300: whether those get a volume is unconfirmed.
    """
    if record["sdk_takes_volume"] == "0":
        return "no"
    return "unknown" if record["local_storage"] == "1" else "yes"


def inferred_volume_gb(memory_gib: str) -> Decimal:
    """min(30, memory in GiB / 2): gives 35 of the 38 sizes that AWS published; the small c4 types got a little more."""
    return min(Decimal(30), Decimal(memory_gib) / 2)


def accelerators(record: Record) -> dict[str, str]:
    """Kind, count, name, and the memory of one in GiB.

    A fraction of a GPU (g6f) counts as one GPU with the memory of that fraction: never as none.
    """
    kind, count, name = "", 0, ""
    memory_mib = Decimal(0)
    if record["accelerator_kind"] == "gpu":
        kind = "gaudi" if record["gpu_manufacturer"] == "Habana" else "gpu"
        count, name = max(1, int(record["gpu_count"])), record["gpu_name"]
        memory_mib = Decimal(record["gpu_memory_mib_each"])
    elif record["accelerator_kind"] == "neuron":
        kind, count, name = "neuron", int(record["neuron_count"]), record["neuron_name"]
        memory_mib = Decimal(record["neuron_memory_mib_total"]) / count
    implausible = record["family"] == "trn2"  # 512 GiB each, says EC2's data, where about 96 is expected
    return {
        "accelerator_kind": kind,
        "accelerators": str(count),
        "accelerator_name": name,
        "accelerator_memory_gib": shortest(memory_mib / 1024) if memory_mib and not implausible else "",
    }


def availability(evidence: Evidence) -> bytes:
    """availability.csv: the regions whose price list has a type for hosting, where endpoints accept the type at all."""
    regions: defaultdict[str, list[str]] = defaultdict(list)
    for region in listed_regions(evidence):
        for instance_type in evidence.listed["hosting", region] & evidence.endpoint_types:
            regions[instance_type].append(region)
    return csv_bytes(("instance_type", "regions"), [(name, " ".join(regions[name])) for name in sorted(regions)])


def listed_regions(evidence: Evidence) -> list[str]:
    return sorted(region for component, region in evidence.listed if component == "hosting")


# The manifest


def manifest(
    evidence: Evidence, tables: dict[str, list[Row]], files: dict[str, bytes], omitted: list[dict[str, object]]
) -> bytes:
    """manifest.json: what each id in the tables means, what was left out, and the hash of everything."""
    dates = sorted({row.date for rows in tables.values() for row in rows})
    kept = [path for path in sorted(evidence.directory.iterdir()) if path.suffix != ".md"]
    content = {
        "$schema": "schema.json",
        "schema_version": SCHEMA_VERSION,
        "currency": "USD",
        "collected": COLLECTED,
        "oldest": dates[0],
        "newest": dates[-1],
        "regions": {region: region_summary(evidence.regions[region], rows) for region, rows in tables.items()},
        "serverless": {"source": "serverless-regions", "regions": sorted(evidence.serverless_regions)},
        "availability": {"source": "cfn-lint-2026-10", "regions": listed_regions(evidence)},
        "rules": {
            name: {"basis": rule.basis, "confidence": rule.confidence, "text": rule.text}
            for name, rule in RULES.items()
        },
        "doubts": DOUBTS,
        "sources": json.loads((evidence.directory / "sources.json").read_text(encoding="utf-8")),
        "omitted": omitted,
        "files": {name: digest(files[name]) for name in sorted(files)},
        "evidence": {path.name: digest(path.read_bytes()) for path in kept},
    }
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


def region_summary(record: Record, rows: list[Row]) -> dict[str, object]:
    counts = Counter(row.basis for row in rows)
    dates = sorted(row.date for row in rows)
    return {
        "name": record["name"],
        "prefix": record["prefix"],
        "prices": {basis: counts[basis] for basis in ("published", "derived", "estimated")},
        "oldest": dates[0],
        "newest": dates[-1],
    }


# Writing


def csv_bytes(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


def digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def shortest(number: Decimal | str) -> str:
    """Without trailing zeros or exponent: 16.0 is 16, 0.0000200000 is 0.00002."""
    return format(Decimal(number).normalize(), "f")


if __name__ == "__main__":
    main()
