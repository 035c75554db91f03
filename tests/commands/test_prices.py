"""``guardrail prices``, and the prices of ``guardrail check``; docs/prices.md shows how its answers read."""

import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guardrail import cli
from tests.aws.loopback import Product, offer_csv, product

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs guardrail in a folder of its own; exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)

    def runner(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.main(arguments)
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return runner


@pytest.fixture
def tables(run: Run, tmp_path: Path) -> Callable[..., None]:
    """Writes a directory of tables that have these prices."""

    def write(name: str, products: Sequence[Product]) -> None:
        (tmp_path / "offer.csv").write_bytes(offer_csv(products))
        code, _, err = run("prices", "refresh", "--offer-file", "offer.csv", "--output", name, "--accept")
        assert code == 0, err

    return write


def plan(folder: Path, instance_type: str = "ml.m5.xlarge", region: str = "us-east-1") -> str:
    """A plan with one endpoint of one instance."""

    def resource(kind: str, after: dict[str, Any]) -> dict[str, Any]:
        provider = "registry.terraform.io/hashicorp/aws"
        change = {"actions": ["create"], "before": None, "after": after, "after_unknown": {}}
        names = {"address": f"{kind}.chat", "mode": "managed", "type": kind, "name": "chat"}
        return {**names, "provider_name": provider, "change": change}

    variant = {"variant_name": "main", "instance_type": instance_type, "initial_instance_count": 1}
    resources = [
        resource("aws_sagemaker_endpoint_configuration", {"name": "chat", "production_variants": [variant]}),
        resource("aws_sagemaker_endpoint", {"name": "chat", "endpoint_config_name": "chat"}),
    ]
    configured = [
        {**{key: each[key] for key in ("address", "mode", "type", "name")}, "provider_config_key": "aws"}
        for each in resources
    ]
    provider = {"aws": {"name": "aws", "expressions": {"region": {"constant_value": region}}}}
    content = {
        "format_version": "1.2",
        "terraform_version": "1.9.8",
        "planned_values": {"root_module": {}},
        "resource_changes": resources,
        "configuration": {"provider_config": provider, "root_module": {"resources": configured}},
    }
    (folder / "plan.json").write_text(json.dumps(content))
    return "plan.json"


def instances(report: Any) -> Any:
    return report["endpoints"][0]["variants"][0]["components"][0]


# A check at prices of one's own


def test_a_check_takes_the_prices_that_it_is_given_and_says_whose_they_are(
    run: Run, tables: Callable[..., None], tmp_path: Path
) -> None:
    """730 h × 0.2530000000 = 184.69 USD; the volume is the bundled table's."""
    tables("own", [product("USE1-Host:ml.m5.xlarge", "0.2530000000")])
    _, out, _ = run("check", plan(tmp_path), "--prices", "own", "--format", "json")
    report = json.loads(out)
    component = instances(report)
    assert component["unit_price"] == "0.2530000000"
    assert Decimal(component["monthly"]["expected"]) == Decimal("184.69")
    assert component["price_date"] == "2026-11-20"
    assert report["prices"]["regions"]["us-east-1"]["origin"] == "bundled and own"


@pytest.mark.parametrize("way", ["environment", "settings"])
def test_the_environment_and_the_settings_name_them_too(
    run: Run, tables: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    tables("own", [product("USE1-Host:ml.m5.xlarge", "0.2530000000")])
    monkeypatch.delenv("GUARDRAIL_PRICES")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "none"))
    if way == "environment":
        monkeypatch.setenv("GUARDRAIL_PRICES", "own")
    else:
        (tmp_path / ".guardrail.yml").write_text("prices: {tables: own}\n")
    assert instances(json.loads(run("check", plan(tmp_path), "--format", "json")[1]))["unit_price"] == "0.2530000000"
    bundled = run("check", "plan.json", "--prices", "bundled", "--format", "json")[1]
    assert instances(json.loads(bundled))["unit_price"] == "0.23"


def test_a_directory_without_tables_is_no_answer(run: Run, tmp_path: Path) -> None:
    code, _, err = run("check", plan(tmp_path), "--prices", "nowhere")
    assert code == 2
    assert "cannot read nowhere/manifest.json" in err
    assert "hint: guardrail prices refresh --output nowhere" in err


def test_what_runs_in_china_is_unpriced_and_never_added_to_dollars(
    run: Run, tables: Callable[..., None], tmp_path: Path
) -> None:
    tables("own", [product("CNN1-Host:ml.m5.xlarge", "2.116", region="cn-north-1")._replace(currency="CNY")])
    _, out, _ = run("check", plan(tmp_path, region="cn-north-1"), "--prices", "own", "--format", "json")
    report = json.loads(out)
    assert report["totals"]["after"]["at_least"] is True
    assert Decimal(report["totals"]["after"]["expected"]) == 0
    assert "2.116 CNY per Hrs" in instances(report)["reason"]
    _, out, _ = run("prices", "show", "ml.m5.xlarge", "--prices", "own", "--region", "cn-north-1")
    assert "2.116 CNY" in out


AMOUNTS = st.decimals(min_value="0.0000000001", max_value="9999", allow_nan=False, allow_infinity=False, places=10)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(amount=AMOUNTS)
def test_nothing_is_rounded_between_the_source_and_the_report(
    run: Run, tables: Callable[..., None], tmp_path: Path, amount: Decimal
) -> None:
    """From the decimal string of an offer file, through the table, to the unit price of the JSON report."""
    tables("own", [product("USE1-Host:ml.m5.xlarge", f"{amount:f}")])
    component = instances(json.loads(run("check", plan(tmp_path), "--prices", "own", "--format", "json")[1]))
    assert component["unit_price"] == f"{amount:f}"
    assert Decimal(component["monthly"]["expected"]) == 730 * amount


# How old prices are


def test_prices_older_than_they_may_be_are_named_and_not_trusted_with_strict(run: Run, tmp_path: Path) -> None:
    """ml.m5.xlarge was read on 2026-05-20, 186 days before 2026-11-22; data in and out on 2026-05-08, 198 days."""
    line = "prices of us-east-1: the oldest in use is of 2026-05-08, 198 days ago, and 197 days are the limit"
    quiet = ("check", plan(tmp_path), "--fail-on", "never", "--format", "json")
    code, out, _ = run(*quiet, "--max-price-age", "197")
    assert code == 0
    assert line in json.loads(out)["notices"]
    code, out, _ = run(*quiet, "--max-price-age", "197", "--strict")
    assert code == 3
    assert json.loads(out)["distrust"] == [line]
    code, out, _ = run(*quiet, "--max-price-age", "198", "--strict")
    assert code == 0
    assert json.loads(out)["distrust"] == []


def test_the_settings_may_say_how_old_prices_may_be(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".guardrail.yml").write_text("prices: {max_age_days: 30}\n")
    out = run("check", plan(tmp_path), "--format", "json")[1]
    assert "30 days are the limit" in json.loads(out)["notices"][0]
    (tmp_path / ".guardrail.yml").write_text("prices: {max_age_days: -1}\n")
    code, _, err = run("check", "plan.json")
    assert code == 2
    assert "max_age_days is -1, and an age is zero or more" in err


# Looking into tables


def test_a_type_that_nobody_knows_and_a_region_that_there_is_not(run: Run) -> None:
    assert "ml.m5.xlrge is in no table here, did you mean ml.m5.xlarge?" in run("prices", "show", "ml.m5.xlrge")[2]
    code, _, err = run("prices", "show", "ml.m5.xlarge", "--region", "us-east-9")
    assert (code, "no price table for region us-east-9, did you mean us-east-" in err) == (2, True)
    assert "is neither an instance type (ml.m5.xlarge) nor a charge" in run("prices", "show", "m5.xlarge")[2]


def test_the_cheapest_region_comes_first(run: Run) -> None:
    _, out, _ = run("prices", "show", "ml.g5.2xlarge")
    rows = [line.split() for line in out.splitlines() if line.split()[1:2] and "-" in line.split()[0]]
    amounts = [Decimal(row[1]) for row in rows]
    assert len(amounts) == 17
    assert amounts == sorted(amounts)
    assert rows[0][:2] == ["us-east-1", "1.515"]


def test_a_price_is_json_for_machines_with_where_it_comes_from(run: Run) -> None:
    """The table has ml.m5.xlarge in us-east-1 at 0.23 USD an hour; ml.p4d.24xlarge is not sold in eu-south-1."""
    code, out, _ = run("prices", "show", "ml.m5.xlarge", "--format", "json", "--region", "us-east-1")
    told = json.loads(out)
    real_time = told["prices"][0]
    assert (code, told["item"], told["instance"]["vcpus"], told["instance"]["memory_gib"]) == (
        0,
        "ml.m5.xlarge",
        4,
        "16",
    )
    assert real_time["usage_type"] == "USE1-Host:ml.m5.xlarge"
    assert [real_time[key] for key in ("region", "use", "amount", "currency", "unit", "origin")] == [
        "us-east-1", "real-time", "0.23", "USD", "Hrs", "bundled",
    ]  # fmt: skip
    _, out, _ = run(
        "prices", "show", "ml.p4d.24xlarge", "--format", "json", "--region", "us-east-1", "--region", "eu-south-1"
    )
    (missing,) = (
        one for one in json.loads(out)["prices"] if (one["region"], one["use"]) == ("eu-south-1", "real-time")
    )
    assert missing["amount"] is None
    assert missing["reason"].startswith("ml.p4d.24xlarge has no hosting price in eu-south-1")
    code, out, err = run("prices", "show", "ml.m5.xlarg", "--format", "json")
    assert (code, out) == (2, "")
    assert "did you mean ml.m5.xlarge?" in err


def test_a_region_is_json_for_machines_and_counts_what_the_table_counts(run: Run) -> None:
    code, out, _ = run("prices", "list", "--format", "json", "--region", "us-east-1")
    (told,) = json.loads(out)
    _, shown, _ = run("prices", "list", "--region", "us-east-1")
    row = next(line.split() for line in shown.splitlines() if line.strip().startswith("us-east-1"))
    assert code == 0
    assert [f"{count:,}" for count in told["prices"].values()] == row[1:4]
    assert [told["oldest"], told["newest"], str(told["age_days"])] == row[4:7]


def test_every_region_is_listed_and_counted(run: Run) -> None:
    lines = run("prices", "list")[1].splitlines()
    assert len([line for line in lines if line.startswith(" ") and "-" in line.split()[0]]) == 36
    assert next(line for line in lines if line.startswith(" total")).split() == ["total", "3,908", "5,080", "457"]


# Comparing


def test_tables_against_themselves_differ_in_nothing(run: Run, tables: Callable[..., None], tmp_path: Path) -> None:
    tables("own", [product("USE1-Host:ml.m5.xlarge", "0.23")])
    assert run("prices", "diff", "own", "own")[1] == "no price differs\n"
    out = run("prices", "diff", "own", "own", plan(tmp_path))[1]
    assert out.count("0.00") == 4


def test_a_price_on_one_side_only_makes_no_difference_that_anybody_knows(
    run: Run, tables: Callable[..., None], tmp_path: Path
) -> None:
    """ml.g9.xlarge is in the new tables and in no other."""
    known = product("USE1-Host:ml.m5.xlarge", "0.23")
    tables("old", [known])
    tables("new", [known, product("USE1-Host:ml.g9.xlarge", "1.00")])
    out = run("prices", "diff", "old", "new", plan(tmp_path, "ml.g9.xlarge"))[1]
    assert " appeared  USE1-Host:ml.g9.xlarge    1" in out
    rows = [line.split() for line in out.splitlines() if line.startswith((" chat", " TOTAL"))]
    assert [row[-1] for row in rows] == ["unknown"] * 4


def test_verify_exits_0_where_every_price_is_aws_s_own_and_1_where_one_is_not(
    run: Run, tables: Callable[..., None], tmp_path: Path
) -> None:
    """In a local zone, of which the bundled tables know nothing."""
    zone = "us-east-1-atl-1"
    tables("own", [product("USE1ATL1-Host:ml.p5en.48xlarge", "72.7904", region=zone)])
    code, out, _ = run("prices", "verify", "--offer-file", "offer.csv", "--prices", "own")
    assert (code, out.splitlines()[0].startswith(f"{zone}: 1 of 1 prices (own) are those of AWS's list")) == (0, True)
    (tmp_path / "offer.csv").write_bytes(offer_csv([product("USE1ATL1-Host:ml.p5en.48xlarge", "70", region=zone)]))
    code, out, _ = run("prices", "verify", "--offer-file", "offer.csv", "--prices", "own")
    assert code == 1
    assert "differs: USE1ATL1-Host:ml.p5en.48xlarge is 72.7904 here (published) and 70 there" in out
