"""The bundled price tables: what they hold, that they can be rebuilt, and that the rules fit what was observed."""

import csv
import gzip
import hashlib
import importlib.util
import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from statistics import median
from types import ModuleType
from typing import Any, TypeAlias

import pytest
from jsonschema_rs import Draft202012Validator, meta

ROOT = Path(__file__).resolve().parent.parent
PRICING = ROOT / "pricing"
EVIDENCE = PRICING / "evidence"

Row: TypeAlias = dict[str, str]


@cache
def manifest() -> Any:
    return json.loads((PRICING / "manifest.json").read_text(encoding="utf-8"))


@cache
def rows(name: str) -> list[Row]:
    """A CSV table, of the tables or of the evidence (compressed or not)."""
    path = PRICING / name
    raw = gzip.decompress(path.read_bytes()) if name.endswith(".gz") else path.read_bytes()
    return list(csv.DictReader(raw.decode("utf-8").splitlines()))


@cache
def table(region: str) -> dict[str, Row]:
    return {row["usage_type"]: row for row in rows(f"{region}.csv")}


def regions() -> list[str]:
    return sorted(manifest()["regions"])


@cache
def builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_prices", ROOT / "scripts" / "build_prices.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# Rebuilding


def test_the_tables_are_what_the_evidence_says_byte_for_byte(tmp_path: Path) -> None:
    builder().write(tmp_path)
    written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    committed = {path.name: path.read_bytes() for path in PRICING.iterdir() if path.is_file()}
    committed.pop("schema.json")  # the contract, written by hand
    assert written.keys() == committed.keys()
    assert [name for name in sorted(written) if written[name] != committed[name]] == []


def test_compressed_evidence_carries_no_time() -> None:
    """Bytes 4 to 8 of a gzip file are its modification time, which would change with every rebuild."""
    for path in EVIDENCE.glob("*.gz"):
        assert path.read_bytes()[4:8] == b"\0\0\0\0", path.name


def test_two_prices_for_one_usage_type_stop_the_build() -> None:
    build_prices = builder()
    row = build_prices.Row("USE1-Host:ml.m5.xlarge", "Hrs", "0.23", "published", "", "", "", "2026-05-20", "x")
    prices: dict[str, Any] = {}
    build_prices.add(prices, row)
    with pytest.raises(ValueError, match=r"two prices for USE1-Host:ml\.m5\.xlarge"):
        build_prices.add(prices, row._replace(usd="0.24"))


# Shape


def test_there_are_36_regions_and_a_table_for_each() -> None:
    assert len(regions()) == 36
    not_regions = {"instances.csv", "availability.csv", "multi_model_volumes.csv"}
    assert {path.stem for path in PRICING.glob("*.csv") if path.name not in not_regions} == set(regions())


@pytest.mark.parametrize("name", ["manifest", "price_row", "instance_row", "availability_row"])
def test_everything_fits_its_schema(name: str) -> None:
    schema = json.loads((PRICING / "schema.json").read_text(encoding="utf-8"))
    meta.validate(schema)
    instances: dict[str, list[Any]] = {
        "manifest": [manifest()],
        "price_row": [row for region in regions() for row in rows(f"{region}.csv")],
        "instance_row": rows("instances.csv"),
        "availability_row": rows("availability.csv"),
    }
    part = schema if name == "manifest" else {"$ref": f"#/$defs/{name}", "$defs": schema["$defs"]}
    validator = Draft202012Validator(part)
    problems = [f"{error.message} in {item}" for item in instances[name] for error in validator.iter_errors(item)]
    assert problems[:3] == []


@pytest.mark.parametrize(
    "damage",
    [
        {"usd": "0"},
        {"usd": "0.00"},
        {"usd": "-1"},
        {"usd": "1e-5"},
        {"basis": "guessed"},
        {"usage_type": "USE1-Host:m5.xlarge"},
        {"usage_type": "Host:ml.m5.xlarge"},
        {"unit": "Hours"},
        {"rule": "async-equals-hosting"},
        {"basis": "derived"},
        {"date": "20 May 2026"},
        {"source": ""},
    ],
)
def test_the_schema_refuses_a_damaged_price(damage: Row) -> None:
    schema = json.loads((PRICING / "schema.json").read_text(encoding="utf-8"))
    validator = Draft202012Validator({"$ref": "#/$defs/price_row", "$defs": schema["$defs"]})
    good = table("us-east-1")["USE1-Host:ml.m5.xlarge"]
    assert validator.is_valid(good)
    assert not validator.is_valid(good | damage)


def test_every_key_is_unique_and_sorted_so_that_a_diff_reads_as_a_price_change() -> None:
    for name in [
        *(f"{region}.csv" for region in regions()),
        "instances.csv",
        "availability.csv",
        "multi_model_volumes.csv",
    ]:
        keys = [next(iter(row.values())) for row in rows(name)]
        assert keys == sorted(set(keys)), name


def test_every_usage_type_has_the_prefix_of_its_region() -> None:
    """The billing codes that are easily mistaken: eu-west-1 is EU, ap-south-1 is APS3, ca-central-1 is CAN1."""
    prefixes = {region: entry["prefix"] for region, entry in manifest()["regions"].items()}
    assert (prefixes["eu-west-1"], prefixes["ap-south-1"], prefixes["ca-central-1"]) == ("EU", "APS3", "CAN1")
    assert len(set(prefixes.values())) == 36
    for region in regions():
        assert {usage_type.partition("-")[0] for usage_type in table(region)} == {prefixes[region]}


def test_every_id_in_a_row_is_explained_in_the_manifest() -> None:
    known = manifest()
    for region in regions():
        for row in rows(f"{region}.csv"):
            assert row["source"] in known["sources"]
            assert not row["suspect"] or row["suspect"] in known["doubts"]
            if row["rule"]:
                rule = known["rules"][row["rule"]]
                assert (row["basis"], row["confidence"]) == (rule["basis"], rule["confidence"])
    assert known["serverless"]["source"] in known["sources"]
    assert known["availability"]["source"] in known["sources"]


def test_every_price_is_a_decimal_above_zero_in_the_unit_of_its_charge() -> None:
    units = {
        "Host:VolumeUsage.gp2": "GB-Mo",
        "Hst": "GB",
        "ServerlessInf": "seconds",
        "ProvisionedConcurrency": "seconds",
    }
    for region in regions():
        for row in rows(f"{region}.csv"):
            charge = row["usage_type"].partition("-")[2]
            assert row["unit"] == units.get(charge, units.get(charge.partition(":")[0], "Hrs"))
            assert Decimal(row["usd"]) > 0


def test_the_hashes_of_the_manifest_are_those_of_the_files() -> None:
    def sha256(path: Path) -> str:
        return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()

    tables = {path.name: sha256(path) for path in PRICING.glob("*.csv")}
    evidence = {path.name: sha256(path) for path in EVIDENCE.iterdir() if path.suffix != ".md"}
    assert manifest()["files"] == tables
    assert manifest()["evidence"] == evidence


def test_the_manifest_counts_and_dates_what_the_tables_hold() -> None:
    for region in regions():
        entry, dates = manifest()["regions"][region], {row["date"] for row in rows(f"{region}.csv")}
        assert sum(entry["prices"].values()) == len(rows(f"{region}.csv"))
        assert (entry["oldest"], entry["newest"]) == (min(dates), max(dates))
    assert (manifest()["oldest"], manifest()["newest"]) == ("2021", "2026-10-04")


def test_the_documentation_counts_the_rows_as_they_are() -> None:
    text = (ROOT / "docs" / "prices.md").read_text(encoding="utf-8")
    for basis in ("published", "derived", "estimated"):
        count = sum(entry["prices"][basis] for entry in manifest()["regions"].values())
        assert f"| {basis} | {count:,} |" in text
    lines = (PRICING / "us-east-1.csv").read_text(encoding="utf-8").splitlines()
    examples = [line for line in text.splitlines() if line.startswith("USE1-")]
    assert examples
    assert set(examples) <= set(lines)


# Values, looked up in the sources by hand


@pytest.mark.parametrize(
    ("region", "usage_type", "usd", "basis"),
    [
        ("us-east-1", "USE1-Host:ml.m5.large", "0.115", "published"),
        ("us-east-1", "USE1-Host:ml.m5.xlarge", "0.23", "published"),
        ("us-east-1", "USE1-Host:ml.m5.2xlarge", "0.461", "published"),
        ("us-east-1", "USE1-Host:ml.g5.2xlarge", "1.515", "published"),
        ("us-east-1", "USE1-Host:ml.g6e.2xlarge", "2.8026", "published"),
        ("us-east-2", "USE2-Host:ml.g6.xlarge", "1.1267", "published"),
        ("eu-west-1", "EU-Host:ml.m5.large", "0.128", "published"),
        ("eu-west-3", "EUW3-Host:ml.g4dn.xlarge", "0.861", "published"),
        ("us-west-1", "USW1-Host:ml.m5.xlarge", "0.269", "published"),
        ("us-east-1", "USE1-Host:VolumeUsage.gp2", "0.14", "published"),
        ("us-east-1", "USE1-Hst:Data-Bytes-In", "0.016", "published"),
        ("us-east-1", "USE1-Hst:Data-Bytes-Out", "0.016", "published"),
        ("us-east-1", "USE1-ServerlessInf:Mem-1GB", "0.00002", "published"),
        ("us-east-1", "USE1-ServerlessInf:Mem-2GB", "0.00004", "published"),
        ("us-east-1", "USE1-ServerlessInf:Mem-6GB", "0.00012", "published"),
        ("us-east-1", "USE1-ProvisionedConcurrency:Usage-2GB", "0.00001", "published"),
        ("us-east-1", "USE1-ProvisionedConcurrency:Mem-2GB", "0.0000233", "published"),
        ("us-east-1", "USE1-AsyncInf:ml.g6e.2xlarge", "2.8026", "published"),
        ("eu-west-3", "EUW3-Tsform:ml.g4dn.xlarge", "0.861", "published"),
        # asynchronous and batch at the hosting price
        ("us-east-1", "USE1-AsyncInf:ml.m5.large", "0.115", "derived"),
        ("us-east-1", "USE1-Tsform:ml.m5.xlarge", "0.23", "derived"),
        # 1.4 x 0.12 and 1.4 x 0.1309 USD per GB-month of gp2
        ("ap-northeast-1", "APN1-Host:VolumeUsage.gp2", "0.168", "estimated"),
        ("af-south-1", "AFS1-Host:VolumeUsage.gp2", "0.18326", "estimated"),
        ("ap-east-2", "APE2-Hst:Data-Bytes-In", "0.016", "estimated"),
        # 0.00001 / 2 x 6, and 0.0000233 / 2 x 1
        ("us-east-1", "USE1-ProvisionedConcurrency:Usage-6GB", "0.00003", "estimated"),
        ("us-east-1", "USE1-ProvisionedConcurrency:Mem-1GB", "0.00001165", "estimated"),
        # 1.2 x 0.0000221 x 4 = 0.00010608; 1.2 x 0.000004646 x 2 = 0.0000111504; 1.2 x 0.0000097222 x 2 to ten decimals
        ("af-south-1", "AFS1-ServerlessInf:Mem-4GB", "0.00010608", "estimated"),
        ("eu-west-1", "EU-ProvisionedConcurrency:Usage-2GB", "0.0000111504", "estimated"),
        ("us-west-2", "USW2-ProvisionedConcurrency:Mem-2GB", "0.0000233333", "estimated"),
    ],
)
def test_a_price_is_what_its_source_or_rule_says(region: str, usage_type: str, usd: str, basis: str) -> None:
    row = table(region)[usage_type]
    assert (Decimal(row["usd"]), row["basis"]) == (Decimal(usd), basis)


def test_published_prices_keep_the_digits_of_their_source() -> None:
    assert table("us-east-1")["USE1-ServerlessInf:Mem-3GB"]["usd"] == "0.0000600"
    assert table("us-east-1")["USE1-Host:ml.p4d.24xlarge"]["usd"] == "25.2512883"


# Published, derived, estimated: never mixed


def test_what_is_published_was_observed_and_what_was_observed_is_published() -> None:
    observed = {row["usage_type"]: row["usd"] for row in rows("evidence/observed_prices.csv.gz") if row["usage_type"]}
    published = {
        usage_type: row["usd"]
        for region in regions()
        for usage_type, row in table(region).items()
        if row["basis"] == "published"
    }
    assert published.items() <= observed.items()
    # 3,999 observed - 1 in the local zone - 36 Elastic Inference - 54 of types that endpoints do not accept
    assert len(published) == 3908
    assert sum(entry["rows"] for entry in manifest()["omitted"]) - 518 - 1 == 3999 - 3908


def test_asynchronous_and_batch_prices_held_at_the_hosting_price_wherever_both_were_observed() -> None:
    """4 of 4 asynchronous prices are equal; 24 of 24 batch prices to within 0.0002 %."""
    observed = {row["usage_type"]: Decimal(row["usd"]) for row in rows("evidence/observed_prices.csv.gz")}
    counts = {"AsyncInf": 0, "Tsform": 0}
    for usage_type, usd in observed.items():
        kind = usage_type.partition("-")[2].partition(":")[0]
        if kind in counts:
            counts[kind] += 1
            hosting = observed[usage_type.replace(f"-{kind}:", "-Host:")]
            assert abs(usd / hosting - 1) <= (0 if kind == "AsyncInf" else Decimal("0.000002")), usage_type
    assert counts == {"AsyncInf": 4, "Tsform": 24}


def test_volumes_held_at_1_4_times_gp2_wherever_both_were_observed() -> None:
    """us-east-1: 1.4 x 0.10 = 0.14; eu-west-1: 1.4 x 0.11 = 0.154."""
    ebs = {row["region"]: Decimal(row["usd_per_gb_month"]) for row in rows("evidence/ebs_gp2_prices.csv")}
    observed = {
        row["region"]: Decimal(row["usd"])
        for row in rows("evidence/observed_prices.csv.gz")
        if row["component"] == "storage"
    }
    assert observed == {"us-east-1": Decimal("1.4") * ebs["us-east-1"], "eu-west-1": Decimal("1.4") * ebs["eu-west-1"]}


def test_serverless_held_at_1_2_times_lambda_in_us_east_1() -> None:
    """For 2 GB: 2.4 x 0.0000166667, 0.0000041667, 0.0000097222 are 0.00004, 0.00001 and, to three digits, 0.0000233."""
    (lambda_usd,) = (row for row in rows("evidence/lambda_prices.csv") if row["region"] == "us-east-1")
    for column, usage_type in (
        ("duration", "ServerlessInf:Mem-2GB"),
        ("provisioned_concurrency", "ProvisionedConcurrency:Usage-2GB"),
        ("provisioned_duration", "ProvisionedConcurrency:Mem-2GB"),
    ):
        observed = Decimal(table("us-east-1")[f"USE1-{usage_type}"]["usd"])
        assert abs(Decimal("2.4") * Decimal(lambda_usd[column]) - observed) < Decimal("0.00000005")


def test_no_asynchronous_price_is_derived_where_a_list_shows_that_there_is_none() -> None:
    """Paris 2026: no ml.g4dn.xlarge. Hong Kong 2022: 29 of 46 types. Cape Town 2022: none of 42."""
    assert "EUW3-AsyncInf:ml.g4dn.xlarge" not in table("eu-west-3")
    assert "EUW3-Host:ml.g4dn.xlarge" in table("eu-west-3")
    assert "APE1-AsyncInf:ml.m5.xlarge" not in table("ap-east-1")
    assert "APE1-AsyncInf:ml.m5.large" in table("ap-east-1")
    assert "AFS1-AsyncInf:ml.m5.large" not in table("af-south-1")


def test_batch_prices_are_derived_only_for_types_that_batch_accepts_and_the_region_lists() -> None:
    accepted = {row["instance_type"] for row in rows("instances.csv") if row["runs_transform"] == "yes"}
    for region in regions():
        types = {usage_type.partition(":")[2] for usage_type in table(region) if "-Tsform:" in usage_type}
        assert types <= accepted, region
    # p4d and p5 have no batch price anywhere; Taipei's list of 2026-10 has no batch price at all.
    assert not [usage_type for usage_type in table("us-east-1") if "Tsform:ml.p4" in usage_type]
    assert not [usage_type for usage_type in table("ap-east-2") if "Tsform" in usage_type]


def test_serverless_is_priced_in_the_21_regions_that_aws_documents_and_nowhere_else() -> None:
    priced = {region for region in regions() if any("ServerlessInf" in usage_type for usage_type in table(region))}
    assert priced == set(manifest()["serverless"]["regions"])
    assert len(priced) == 21
    assert {"us-east-1", "sa-east-1", "af-south-1"} <= priced
    assert not {"us-gov-west-1", "eu-central-2", "ap-east-2"} & priced


def test_suspect_prices_keep_their_mark_and_so_do_prices_derived_from_them() -> None:
    """r8g in us-east-1 and us-west-2 (10 sizes each) and m5.xlarge in us-gov-east-1 are in doubt, us-east-2 is not."""
    for region, prefix in (("us-east-1", "USE1"), ("us-west-2", "USW2")):
        doubted = {name for name, row in table(region).items() if row["suspect"] == "twice-another-region"}
        assert len([name for name in doubted if name.startswith(f"{prefix}-Host:ml.r8g.")]) == 10
        assert f"{prefix}-AsyncInf:ml.r8g.xlarge" in doubted
    assert table("us-gov-east-1")["UGE1-Host:ml.m5.xlarge"]["suspect"] == "breaks-the-size-step"
    assert table("us-east-2")["USE2-Host:ml.r8g.xlarge"]["suspect"] == ""


def _off_the_size_step() -> dict[str, Decimal]:
    """Usage types whose price is more than 3 % off what the other sizes of its family suggest, and no other region so.

    A price is held against the median of its type over all regions, and that ratio against the median of its family
    in its region. Prices that AWS rounds to whole cents are let be: what differs by less than 0.6 cents is no sign.
    """
    prices = {
        (region, name.partition(":")[2]): Decimal(row["usd"])
        for region in regions()
        for name, row in table(region).items()
        if "-Host:ml." in name and row["basis"] == "published"
    }
    by_kind: dict[str, list[Decimal]] = {}
    for (_, kind), usd in prices.items():
        by_kind.setdefault(kind, []).append(usd)
    usual = {kind: median(found) for kind, found in by_kind.items()}
    steps: dict[tuple[str, str], tuple[Decimal, Decimal]] = {}
    for region in regions():
        families: dict[str, list[str]] = {}
        for kind in (kind for place, kind in prices if place == region):
            families.setdefault(kind.split(".")[1], []).append(kind)
        for sizes in families.values():
            level = median(prices[region, kind] / usual[kind] for kind in sizes)
            for kind in sizes if len(sizes) > 2 else ():
                suggested = level * usual[kind]
                steps[region, kind] = (prices[region, kind] / suggested - 1, abs(prices[region, kind] - suggested))
    return {
        f"{manifest()['regions'][region]['prefix']}-Host:{kind}": off
        for (region, kind), (off, difference) in steps.items()
        if abs(off) > Decimal("0.03")
        and difference > Decimal("0.006")
        and all(
            abs(steps[other, kind][0] - off) > Decimal("0.01")
            for other in regions()
            if other != region and (other, kind) in steps
        )
    }


def test_a_price_that_no_other_size_of_its_family_bears_out_is_doubted() -> None:
    """Each worked out by hand from the sizes beside it.

    - ml.m5.xlarge in us-gov-east-1: half of ml.m5.2xlarge is 0.29, listed is 0.3432;
    - ml.g4dn.xlarge in us-west-1: 0.736 of us-east-1 x 1.053 / 0.94 (ml.g4dn.2xlarge) is 0.8245, listed is 0.736;
    - ml.r6g.large in me-central-1: half of 0.30 is 0.15, listed is 0.14; ml.r5d.large: half of 0.42 is 0.21, not 0.22;
    - ml.g6e.xlarge in eu-central-1: 2.6054 x 3.50 / 2.8026 (ml.g6e.2xlarge) is 3.254, listed is 3.13.
    """
    found = _off_the_size_step()
    assert found.keys() == {
        "UGE1-Host:ml.m5.xlarge",
        "USW1-Host:ml.g4dn.xlarge",
        "MEC1-Host:ml.r6g.large",
        "MEC1-Host:ml.r5d.large",
        "EUC1-Host:ml.g6e.xlarge",
    }
    rows_by_name = {name: row for region in regions() for name, row in table(region).items()}
    for name in found:
        assert rows_by_name[name]["suspect"], name
        assert rows_by_name[name.replace("-Host:", "-AsyncInf:")]["suspect"] == rows_by_name[name]["suspect"]
    assert rows_by_name["USW1-Tsform:ml.g4dn.xlarge"]["suspect"] == "equals-us-east-1"


def test_types_that_endpoints_do_not_accept_and_elastic_inference_have_no_price() -> None:
    accepted = {row["instance_type"] for row in rows("instances.csv") if row["hosts_endpoints"] == "yes"}
    for region in regions():
        for usage_type in table(region):
            if "-Host:ml." in usage_type or "-AsyncInf:" in usage_type:
                assert usage_type.partition(":")[2] in accepted
    assert {row["instance_type"] for row in rows("availability.csv")} <= accepted


# Instance types


def test_the_inferred_default_volume_gives_35_of_the_38_published_sizes() -> None:
    """min(30, memory / 2); c4.large, xlarge and 2xlarge (3.75, 7.5, 15 GiB) were published as 4, 4 and 8."""
    published = {row["instance_type"]: row["single_model_gb"] for row in rows("evidence/host_volumes_2020.csv")}
    memory = {row["instance_type"]: row["memory_gib"] for row in rows("instances.csv")}
    exceptions = {name for name, gb in published.items() if Decimal(gb) != builder().inferred_volume_gb(memory[name])}
    assert len(published) == 38
    assert exceptions == {"ml.c4.large", "ml.c4.xlarge", "ml.c4.2xlarge"}


@pytest.mark.parametrize("family", ["g7", "p6-b300"])
def test_a_volume_that_is_unconfirmed_is_unknown_and_not_none(family: str) -> None:
    found = [row for row in rows("instances.csv") if row["family"] == family]
    assert found
    assert {row["takes_volume"] for row in found} == {"unknown"}


@pytest.mark.parametrize(
    "family", ["m5d", "c5d", "g4dn", "g5", "g6", "g6e", "p4d", "p5", "p5en", "trn1", "r7gd", "g7e", "p6-b200", "trn2"]
)
def test_types_with_their_own_disk_take_no_volume(family: str) -> None:
    found = [row for row in rows("instances.csv") if row["family"] == family]
    assert found
    assert {row["takes_volume"] for row in found} == {"no"}
