"""Looking prices up: an exact key has one price, or none with a reason that teaches."""

import hashlib
import json
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from guardrail.errors import PriceBookError
from guardrail.model import Unknown
from guardrail.prices import usage_types
from guardrail.prices.base import Price, Unpriced
from guardrail.prices.book import PriceBook
from guardrail.prices.instance_types import InstanceSpec, InstanceTypes

PRICING = Path(__file__).resolve().parent.parent.parent / "pricing"


@pytest.fixture(scope="module")
def book() -> PriceBook:
    return PriceBook()


def test_a_price_says_the_line_that_it_is_written_in(book: PriceBook) -> None:
    place = book.row("us-east-1", usage_types.VOLUME)
    assert place is not None
    path, line = place.split(":")
    assert path == "pricing/us-east-1.csv"
    written = (PRICING / "us-east-1.csv").read_text(encoding="utf-8").splitlines()[int(line) - 1]
    assert written.startswith("USE1-Host:VolumeUsage.gp2,GB-Mo,0.14,")
    assert book.row("us-east-1", usage_types.instance(usage_types.HOST, "ml.no.such")) is None
    assert book.row("mars-north-1", usage_types.VOLUME) is None


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A directory of tables that a test may damage."""
    directory = tmp_path / "tables"
    directory.mkdir()
    for path in PRICING.glob("*.*"):
        shutil.copy(path, directory)
    return directory


def usd(price: Price | Unpriced) -> Decimal:
    assert isinstance(price, Price), price
    return price.usd


def reason(price: Price | Unpriced) -> str:
    assert isinstance(price, Unpriced), price
    return price.reason


def spec(book: PriceBook, instance_type: str) -> InstanceSpec:
    found = book.instance(instance_type)
    assert found is not None
    return found


# What has a price


def test_accelerators_have_their_memory_each_and_together_and_a_type_without_has_none(book: PriceBook) -> None:
    """Amazon EC2 says 22,888 MiB of an A10G: 22.3515625 GiB, and × 4 89.40625."""
    for name, each, together in (("ml.g5.12xlarge", "22.3515625", "89.40625"), ("ml.m5.xlarge", "0", "0")):
        spec = book.instance(name)
        assert spec is not None
        assert (spec.each_accelerator_gib, spec.accelerators_gib) == (Decimal(each), Decimal(together))


def test_every_charge_of_an_endpoint_has_its_price_in_us_east_1(book: PriceBook) -> None:
    """The list prices that AWS's own examples, bills and offer files show."""
    assert usd(book.hosting("us-east-1", "ml.m5.xlarge")) == Decimal("0.23")
    assert usd(book.price("us-east-1", "AsyncInf:ml.m5.large")) == Decimal("0.115")
    assert usd(book.price("us-east-1", "Tsform:ml.m5.xlarge")) == Decimal("0.23")
    assert usd(book.price("us-east-1", "Host:VolumeUsage.gp2")) == Decimal("0.14")
    assert usd(book.price("us-east-1", "Hst:Data-Bytes-In")) == Decimal("0.016")
    assert usd(book.price("us-east-1", "Hst:Data-Bytes-Out")) == Decimal("0.016")
    assert usd(book.price("us-east-1", "ServerlessInf:Mem-1GB")) == Decimal("0.00002")
    assert usd(book.price("us-east-1", "ServerlessInf:Mem-2GB")) == Decimal("0.00004")
    assert usd(book.price("us-east-1", "ProvisionedConcurrency:Usage-2GB")) == Decimal("0.00001")
    assert usd(book.price("us-east-1", "ProvisionedConcurrency:Mem-2GB")) == Decimal("0.0000233")


def test_a_month_costs_what_the_calculators_say(book: PriceBook) -> None:
    """730 h x 0.115 = 83.95, x 0.23 = 167.90; 2 slots x 2,628,000 s x 0.00001 = 52.56; 200,000 s x 0.0000233 = 4.66."""
    assert 730 * usd(book.hosting("us-east-1", "ml.m5.large")) == Decimal("83.95")
    assert 730 * usd(book.hosting("us-east-1", "ml.m5.xlarge")) == Decimal("167.90")
    assert 2 * 2628000 * usd(book.price("us-east-1", "ProvisionedConcurrency:Usage-2GB")) == Decimal("52.56")
    assert 200000 * usd(book.price("us-east-1", "ProvisionedConcurrency:Mem-2GB")) == Decimal("4.66")


def test_a_published_price_says_who_said_so_and_when(book: PriceBook) -> None:
    price = book.hosting("us-east-1", "ml.m5.xlarge")
    assert price == Price(
        usage_type="USE1-Host:ml.m5.xlarge",
        unit="Hrs",
        usd=Decimal("0.23"),
        basis="published",
        confidence=None,
        rule=None,
        suspect=None,
        date="2026-05-20",
        source="SageMaker hosting prices of pricing:GetProducts, as stored in flexera-public/policy_templates "
        "data/aws/aws_sagemaker_pricing.json",
    )


def test_derived_and_estimated_prices_say_how_they_were_worked_out(book: PriceBook) -> None:
    asynchronous = book.price("us-east-1", "AsyncInf:ml.m5.large")
    assert isinstance(asynchronous, Price)
    assert (asynchronous.basis, asynchronous.confidence) == ("derived", "high")
    assert asynchronous.rule is not None
    assert asynchronous.rule.startswith("The hosting price of the same region and type.")
    volume = book.price("eu-central-1", "Host:VolumeUsage.gp2")
    assert isinstance(volume, Price)
    assert (volume.basis, volume.confidence, volume.date) == ("estimated", "medium", "2021")
    assert volume.rule is not None
    assert volume.rule.startswith("1.4 x the region's EBS gp2 price")


def test_a_suspect_price_carries_its_doubt(book: PriceBook) -> None:
    price = book.hosting("us-east-1", "ml.r8g.xlarge")
    assert isinstance(price, Price)
    assert price.suspect is not None
    assert price.suspect.startswith("twice the us-east-2 price")


def test_the_same_key_is_answered_with_the_same_object(book: PriceBook) -> None:
    assert book.hosting("us-east-1", "ml.m5.xlarge") is book.hosting("us-east-1", "ml.m5.xlarge")
    assert book.hosting("us-east-1", "ml.nope.large") is book.hosting("us-east-1", "ml.nope.large")


def test_there_are_36_regions(book: PriceBook) -> None:
    assert len(book.regions()) == 36
    assert {"us-east-1", "eu-west-1", "us-gov-west-1", "mx-central-1"} <= set(book.regions())


def test_hosting_prices_are_those_of_the_region_one_by_one(book: PriceBook) -> None:
    prices = book.hosting_prices("ap-southeast-3")
    assert len(prices) == 45
    assert prices["ml.m5.xlarge"] is book.hosting("ap-southeast-3", "ml.m5.xlarge")
    assert book.hosting_prices("cn-north-1") == {}


# What has none, and why


def test_a_missing_hosting_price_names_other_regions_and_the_nearest_types_here(book: PriceBook) -> None:
    """m6i is priced in ap-east-2, ap-southeast-5, 6, 7 and mx-central-1; Mexico is the one in the Americas."""
    assert reason(book.hosting("us-east-1", "ml.m6i.xlarge")) == (
        "ml.m6i.xlarge has no hosting price in us-east-1; it has one in mx-central-1, ap-east-2 and 3 more regions; "
        "nearest here: ml.m7i.xlarge, ml.m5.xlarge"
    )


def test_a_type_without_a_price_anywhere_says_so(book: PriceBook) -> None:
    assert reason(book.hosting("us-east-1", "ml.c6in.xlarge")) == (
        "ml.c6in.xlarge has no hosting price in us-east-1, nor anywhere else; "
        "nearest here: ml.c6i.xlarge, ml.c7i.xlarge (if it is newer than these tables: guardrail prices refresh)"
    )


def test_few_other_regions_are_all_named(book: PriceBook) -> None:
    """p6-b200 is priced in us-east-1 alone; trn1.32xlarge in us-east-1 and us-west-2."""
    assert "; it has one in us-east-1; " in reason(book.hosting("us-west-2", "ml.p6-b200.48xlarge"))
    assert "; it has one in us-east-1 and us-west-2" in reason(book.hosting("eu-west-1", "ml.trn1.32xlarge"))


def test_a_missing_batch_price_says_what_batch_accepts(book: PriceBook) -> None:
    assert reason(book.price("us-east-1", "Tsform:ml.p5.48xlarge")).startswith(
        "ml.p5.48xlarge is not accepted by batch transform, so it has no batch transform price"
    )
    assert reason(book.price("us-east-1", "Tsform:ml.inf2.xlarge")).startswith(
        "ml.inf2.xlarge has no batch transform price in us-east-1, though it has a hosting price there"
    )


def test_a_misspelt_type_gets_a_suggestion(book: PriceBook) -> None:
    assert reason(book.hosting("us-east-1", "ml.m5.xlrge")) == (
        "ml.m5.xlrge is in no table here, did you mean ml.m5.xlarge?"
        " (if it is newer than these tables: guardrail prices refresh)"
    )


def test_a_type_of_ec2_is_suggested_by_its_name_in_sagemaker(book: PriceBook) -> None:
    told = reason(book.hosting("us-east-1", "m5.xlarge"))
    assert told == "m5.xlarge is no type of SageMaker's, did you mean ml.m5.xlarge?"
    assert reason(book.hosting("us-east-1", "q9.huge")).startswith("q9.huge is in no table here")


def test_a_type_that_endpoints_do_not_accept_says_that(book: PriceBook) -> None:
    assert reason(book.hosting("us-east-1", "ml.t3.medium")).startswith(
        "ml.t3.medium is not accepted by endpoints, so it has no hosting price"
    )


def test_a_missing_asynchronous_price_beside_a_hosting_price_says_it_may_not_be_sold(book: PriceBook) -> None:
    assert reason(book.price("eu-west-3", "AsyncInf:ml.g4dn.xlarge")).startswith(
        "ml.g4dn.xlarge has no asynchronous price in eu-west-3, though it has a hosting price there: "
        "it may not be sold for that use"
    )


def test_an_unknown_region_is_never_priced_by_another(book: PriceBook) -> None:
    assert reason(book.hosting("us-eest-1", "ml.m5.xlarge")) == (
        "no price table for region us-eest-1, did you mean us-west-1?"
        " (if it is newer than these tables: guardrail prices refresh)"
    )
    assert reason(book.price("us-eest-1", "Host:VolumeUsage.gp2")) == reason(book.hosting("us-eest-1", "ml.m5.xlarge"))


def test_a_region_that_exists_without_a_table_is_not_taken_for_a_misspelling(book: PriceBook) -> None:
    """Nor would a refresh price it: what China's list says is in CNY, which no check adds up."""
    assert reason(book.hosting("cn-north-1", "ml.m5.xlarge")) == "no price table for region cn-north-1"


def test_what_may_be_newer_than_the_tables_says_how_to_renew_them(book: PriceBook) -> None:
    """A region or a type that AWS has opened since; not a type that this very region has for another use."""
    newer = "(if it is newer than these tables: guardrail prices refresh)"
    assert reason(book.hosting("eu-west-9", "ml.m5.xlarge")).endswith(newer)
    assert reason(book.hosting("us-east-1", "ml.q9.xlarge")).endswith(newer)
    for region, name in (("eu-west-9", "ml.m5.xlarge"), ("us-east-1", "ml.q9.xlarge")):
        offered = book.offered(region, name)
        assert isinstance(offered, Unknown)
        assert offered.reason.endswith(newer)
    assert newer not in reason(book.price("eu-west-3", "AsyncInf:ml.g4dn.xlarge"))


def test_the_suffix_of_an_instance_type_is_no_key(book: PriceBook) -> None:
    """Exact keys only: neither a shorter, a longer nor a differently written name finds a price."""
    for name in ("", "m5.xlarge", "ml.m5", "ml.m5.xlarge ", "ML.M5.XLARGE", "VolumeUsage.gp2-x"):
        assert isinstance(book.hosting("us-east-1", name), Unpriced)


def test_serverless_outside_the_regions_aws_documents_has_no_price(book: PriceBook) -> None:
    assert reason(book.price("eu-central-2", "ServerlessInf:Mem-2GB")) == (
        "no serverless price in eu-central-2: AWS documents serverless inference for 21 other regions"
    )


@pytest.mark.parametrize("memory_gb", ["0", "1.5", "7", "10"])
def test_a_memory_size_that_does_not_exist_has_no_price(book: PriceBook, memory_gb: str) -> None:
    assert reason(book.price("us-east-1", usage_types.serverless(memory_gb))) == (
        f"serverless memory is 1 to 6 GB in steps of 1 GB, not {memory_gb} GB"
    )


def test_a_missing_volume_price_counts_the_regions_that_have_one(book: PriceBook) -> None:
    """21 regions have one: 2 published and 19 estimated."""
    assert reason(book.price("ap-east-2", "Host:VolumeUsage.gp2")) == (
        "no endpoint volume price in ap-east-2; it has one in ap-east-1, ap-northeast-1 and 19 more regions"
    )


def add(own: Path, region: str) -> None:
    """A hosting price for a type that has none in any bundled table."""
    prefix = json.loads((own / "manifest.json").read_text())["regions"][region]["prefix"]
    with (own / f"{region}.csv").open("a", encoding="utf-8") as file:
        file.write(f"{prefix}-Host:ml.c6in.xlarge,Hrs,0.12,published,,,,2026-05-20,flexera-2026-05\n")


@pytest.mark.parametrize(
    ("regions", "said"),
    [
        # those of the same two letters first, then those of the same part of the world, each by name
        (("sa-east-1", "eu-west-1", "us-west-2"), "us-west-2, sa-east-1 and 1 more region"),
        (("ap-south-1", "eu-west-1", "ca-central-1", "us-west-1"), "us-west-1, ca-central-1 and 2 more regions"),
        (("mx-central-1", "af-south-1"), "mx-central-1 and af-south-1"),
    ],
)
def test_other_regions_are_named_nearest_first_and_counted(own: Path, regions: tuple[str, ...], said: str) -> None:
    for region in regions:
        add(own, region)
    assert f"in us-east-1; it has one in {said}; nearest" in reason(
        PriceBook(own).hosting("us-east-1", "ml.c6in.xlarge")
    )


@pytest.mark.parametrize(
    ("region", "nearest"),
    [
        ("me-south-1", "eu-south-1"),
        ("il-central-1", "eu-south-1"),
        ("af-south-1", "eu-south-1"),
        ("ca-central-1", "us-east-1"),
        ("mx-central-1", "us-east-1"),
        ("sa-east-1", "us-east-1"),
    ],
)
def test_regions_of_one_part_of_the_world_are_near_each_other(own: Path, region: str, nearest: str) -> None:
    for each in ("eu-south-1", "us-east-1", "ap-east-1"):
        add(own, each)
    assert f"it has one in {nearest}, " in reason(PriceBook(own).hosting(region, "ml.c6in.xlarge"))


# Instance types and where they are offered


def test_a_gpu_type_says_what_it_has(book: PriceBook) -> None:
    """g5.12xlarge: 4 A10G with 22,888 MiB each, 22,888 / 1,024 = 22.3515625 GiB, and a disk of its own of 3,800 GB."""
    g5 = spec(book, "ml.g5.12xlarge")
    assert (g5.family, g5.vcpus, g5.memory_gib) == ("g5", 48, Decimal(192))
    assert (g5.accelerator_kind, g5.accelerators, g5.accelerator_name) == ("gpu", 4, "A10G")
    assert g5.accelerator_memory_gib == Decimal("22.3515625")
    assert (g5.local_storage, g5.local_storage_gb) == (True, 3800)
    assert (g5.takes_volume, g5.default_volume_gb, g5.default_volume_origin) == (
        False,
        None,
        None,
    )


def test_a_type_with_a_fraction_of_a_gpu_has_an_accelerator(book: PriceBook) -> None:
    """g6f.large has an eighth of an L4: 2,861 / 1,024 = 2.7939453125 GiB."""
    g6f = spec(book, "ml.g6f.large")
    assert (g6f.accelerators, g6f.accelerator_memory_gib) == (1, Decimal("2.7939453125"))


def test_inferentia_and_trainium_are_accelerators(book: PriceBook) -> None:
    """inf2.48xlarge: 12 chips of 32 GiB. trn2: 16 chips whose memory no source gives plausibly."""
    inf2, trn2 = spec(book, "ml.inf2.48xlarge"), spec(book, "ml.trn2.48xlarge")
    assert (inf2.accelerator_kind, inf2.accelerators, inf2.accelerator_memory_gib) == ("neuron", 12, Decimal(32))
    assert (trn2.accelerators, trn2.accelerator_memory_gib) == (16, None)


def test_a_default_volume_is_published_or_inferred_and_says_which(book: PriceBook) -> None:
    """m5.xlarge 8 GB (table of 2020); c7i.xlarge min(30, 8 / 2) = 4 GB; r8g.48xlarge min(30, 768) = 30 GB."""
    m5, c7i, r8g = spec(book, "ml.m5.xlarge"), spec(book, "ml.c7i.xlarge"), spec(book, "ml.r8g.48xlarge")
    assert (m5.default_volume_gb, m5.default_volume_origin) == (Decimal(8), "published")
    assert (c7i.default_volume_gb, c7i.default_volume_origin) == (Decimal(4), "inferred")
    assert (r8g.default_volume_gb, r8g.default_volume_origin) == (Decimal(30), "inferred")


def test_an_unconfirmed_volume_is_none_and_not_false(book: PriceBook) -> None:
    assert spec(book, "ml.g7.2xlarge").takes_volume is None
    assert spec(book, "ml.g7.2xlarge").default_volume_gb is None


def test_burstable_and_graviton_types_are_told(book: PriceBook) -> None:
    assert spec(book, "ml.t2.medium").burstable
    assert not spec(book, "ml.m5.large").burstable
    assert spec(book, "ml.c7g.xlarge").architecture == "arm64"


def test_an_unknown_type_has_no_specification(book: PriceBook) -> None:
    assert book.instance("ml.m99.xlarge") is None


def test_offered_is_read_off_the_price_lists_and_open_for_what_they_do_not_know(book: PriceBook) -> None:
    assert book.offered("us-east-1", "ml.m5.xlarge") is True
    assert book.offered("us-east-1", "ml.m6i.xlarge") is False
    assert book.offered("us-east-1", "ml.t3.medium") is False  # endpoints accept it nowhere
    assert isinstance(book.offered("us-east-1", "ml.m99.xlarge"), Unknown)
    assert isinstance(book.offered("us-east-1", "ml.p3.2xlarge"), Unknown)  # left every list in 2026
    assert isinstance(book.offered("us-moon-1", "ml.m5.xlarge"), Unknown)


def test_why_nobody_knows_whether_a_type_is_offered_is_said(book: PriceBook) -> None:
    unknown, left = (book.offered("us-east-1", name) for name in ("ml.m99.xlarge", "ml.p3.2xlarge"))
    assert isinstance(unknown, Unknown)
    assert isinstance(left, Unknown)
    assert unknown.reason.startswith("ml.m99.xlarge is in no table here")
    assert left.reason.startswith("ml.p3.2xlarge is in no region's price list for hosting")


def test_nearest_types_have_accelerators_of_the_same_kind_and_about_as_many() -> None:
    types = InstanceTypes(str(PRICING))
    four = types.spec("ml.g5.12xlarge")
    none = types.spec("ml.m5.xlarge")
    assert four is not None
    assert none is not None
    assert types.nearest(four, ["ml.g5.xlarge", "ml.g5.48xlarge", "ml.g6.12xlarge", "ml.m5.xlarge"], limit=1) == [
        "ml.g6.12xlarge"
    ]
    assert types.nearest(none, ["ml.g5.xlarge", "ml.no.such"]) == []


def test_offered_does_not_depend_on_a_price(book: PriceBook) -> None:
    """g7 is in six price lists of 2026-10, after the prices were read; China has a list but no table here."""
    assert isinstance(book.hosting("us-east-1", "ml.g7.2xlarge"), Unpriced)
    assert book.offered("us-east-1", "ml.g7.2xlarge") is True
    assert book.offered("cn-north-1", "ml.m5.xlarge") is True


# Directories


def test_a_directory_laid_out_alike_takes_the_place_of_the_bundled_tables(own: Path, book: PriceBook) -> None:
    edit(own / "us-east-1.csv", "USE1-Host:ml.m5.xlarge,Hrs,0.23,", "USE1-Host:ml.m5.xlarge,Hrs,0.20,")
    mine = PriceBook(own)
    assert usd(mine.hosting("us-east-1", "ml.m5.xlarge")) == Decimal("0.20")
    assert mine.origin("us-east-1") == str(own)
    assert book.origin("us-east-1") == "bundled"


def listed(folder: Path, *charges: str, region: str = "us-east-1", prefix: str = "USE1") -> Path:
    """Tables of the user's own: the whole price list of one region, with these charges at 9.00 USD each."""
    folder.mkdir(exist_ok=True)
    columns = "usage_type,unit,usd,basis,confidence,rule,suspect,date,source,sku,rate_code,effective_date\n"
    lines = [f"{prefix}-{each},Hrs,9.00,published,,,,2026-11-20,list,S,S.R,2026-11-01\n" for each in charges]
    (folder / f"{region}.csv").write_text(columns + "".join(lines))
    content = (folder / f"{region}.csv").read_bytes()
    manifest = {
        "schema_version": "1.0",
        "regions": {region: {"name": region, "prefix": prefix, "publication_date": "2026-11-20T00:00:00Z"}},
        "sources": {"list": {"title": "the list"}},
        "files": {f"{region}.csv": f"sha256:{hashlib.sha256(content).hexdigest()}"},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def test_each_region_says_where_its_first_prices_come_from(tmp_path: Path) -> None:
    own = listed(tmp_path / "own", "Host:ml.m5.xlarge")
    mine = PriceBook(own=own)
    assert (mine.origin("us-east-1"), mine.origin("eu-west-3")) == (str(own), "bundled")


def test_hosting_prices_are_of_instances_alone_and_of_no_other_use(tmp_path: Path) -> None:
    charges = ("Host:ml.m5.xlarge", "Host:VolumeUsage.gp2", "AsyncInf:ml.c5.xlarge")
    mine = PriceBook(own=listed(tmp_path / "own", *charges, region="us-moon-1", prefix="MOON1"))
    assert mine.hosting_prices("us-moon-1").keys() == {"ml.m5.xlarge"}


def test_a_region_of_own_tables_is_one_of_those_that_have_a_price(tmp_path: Path) -> None:
    own = listed(tmp_path / "own", "Host:ml.p6-b200.48xlarge", region="us-moon-1", prefix="MOON1")
    found = PriceBook(own=own).hosting("us-west-2", "ml.p6-b200.48xlarge")
    assert "; it has one in us-east-1 and us-moon-1; " in reason(found)


def test_own_tables_win_row_by_row_and_leave_other_regions_alone(tmp_path: Path) -> None:
    """9.00 for what the list has; the bundled 0.115 in doubt for what it should have and does not."""
    mine = PriceBook(own=listed(tmp_path / "own", "Host:ml.m5.xlarge"))
    assert usd(mine.hosting("us-east-1", "ml.m5.xlarge")) == 9
    gone, elsewhere = mine.hosting("us-east-1", "ml.m5.large"), mine.hosting("eu-west-3", "ml.m5.large")
    assert (usd(gone), usd(elsewhere)) == (Decimal("0.115"), Decimal("0.134"))
    assert isinstance(gone, Price)
    assert isinstance(elsewhere, Price)
    assert (gone.suspect, elsewhere.suspect) == ("not in AWS's price list of 2026-11-20 for us-east-1", None)


def test_a_doubt_about_a_price_stays_beside_that_of_a_newer_list(tmp_path: Path, book: PriceBook) -> None:
    before, found = (
        each.hosting("us-east-1", "ml.r8g.large") for each in (book, PriceBook(own=listed(tmp_path / "own")))
    )
    assert isinstance(before, Price)
    assert isinstance(found, Price)
    assert found.suspect == f"{before.suspect}; not in AWS's price list of 2026-11-20 for us-east-1"


def test_a_region_that_only_own_tables_have_is_one_of_the_regions_and_priced_there_alone(tmp_path: Path) -> None:
    own = listed(tmp_path / "own", "Host:ml.m5.xlarge", region="us-moon-1", prefix="MOON1")
    mine = PriceBook(own=own)
    assert "us-moon-1" in mine.regions()
    assert len(mine.regions()) == 37
    assert usd(mine.hosting("us-moon-1", "ml.m5.xlarge")) == 9
    assert mine.offered("us-moon-1", "ml.m5.xlarge") is True, "the list has it"
    assert isinstance(mine.offered("us-moon-1", "ml.m5.large"), Unknown)
    assert reason(mine.hosting("us-moon-1", "ml.m5.large")).startswith("ml.m5.large has no hosting price in us-moon-1;")
    assert "us-moon-1" not in reason(mine.hosting("us-east-1", "ml.m6i.xlarge")), "which it has no price of either"


def test_a_hosting_price_in_any_table_of_a_region_tells_that_the_type_is_sold_there(tmp_path: Path) -> None:
    """ml.g4dn.xlarge is in the bundled table of eu-west-3 for hosting, and not in the list that goes before it."""
    mine = PriceBook(own=listed(tmp_path / "own", "Host:ml.m5.large", region="eu-west-3", prefix="EUW3"))
    said = reason(mine.price("eu-west-3", "AsyncInf:ml.g4dn.xlarge"))
    assert "though it has a hosting price there" in said


def test_a_type_that_is_not_hosted_in_a_region_is_not_said_to_be(book: PriceBook) -> None:
    """ml.m6i.xlarge has neither price in us-east-1, though it has both elsewhere."""
    said = reason(book.price("us-east-1", "AsyncInf:ml.m6i.xlarge"))
    assert said.startswith("ml.m6i.xlarge has no asynchronous price in us-east-1; it has one in ")


def test_half_a_character_is_in_no_table(book: PriceBook) -> None:
    """JSON can write one, and bytes of it there are none."""
    assert reason(book.price("us-east-1", "Host:ml.\ud800")).startswith("ml.\ud800 is in no table here")


def test_a_table_is_read_only_when_its_region_occurs(own: Path) -> None:
    (own / "eu-west-1.csv").unlink()
    mine = PriceBook(own)
    assert usd(mine.hosting("us-east-1", "ml.m5.xlarge")) == Decimal("0.23")
    with pytest.raises(PriceBookError, match=r"cannot read .*eu-west-1\.csv: No such file or directory"):
        mine.hosting("eu-west-1", "ml.m5.xlarge")


def test_a_missing_directory_is_one_line_and_a_hint(tmp_path: Path) -> None:
    with pytest.raises(PriceBookError) as caught:
        PriceBook(tmp_path / "nowhere")
    assert caught.value.message == f"cannot read {tmp_path}/nowhere/manifest.json: No such file or directory"
    assert caught.value.hint


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"schema_version": "1.0", "regions": []}', "\ud800"])
def test_a_garbled_manifest_is_an_error(own: Path, content: str) -> None:
    (own / "manifest.json").write_bytes(content.encode("utf-8", "surrogatepass"))
    with pytest.raises(PriceBookError, match="is not a manifest of price tables") as caught:
        PriceBook(own)
    assert "\n" not in caught.value.message


def test_another_major_version_is_refused(own: Path) -> None:
    edit(own / "manifest.json", '"schema_version": "1.0"', '"schema_version": "2.0"')
    with pytest.raises(PriceBookError, match=r"is of version 2\.0, and this guardrail reads version 1"):
        PriceBook(own)


def test_a_newer_minor_version_with_more_to_say_is_read(own: Path) -> None:
    manifest = json.loads((own / "manifest.json").read_text())
    (own / "manifest.json").write_text(json.dumps(manifest | {"schema_version": "1.7", "news": []}))
    assert usd(PriceBook(own).hosting("us-east-1", "ml.m5.xlarge")) == Decimal("0.23")


def test_two_prices_for_one_key_are_an_error_that_names_both_lines(own: Path) -> None:
    path = own / "us-east-1.csv"
    lines = path.read_text().splitlines()
    first = next(number for number, line in enumerate(lines, 1) if line.startswith("USE1-Host:ml.m5.xlarge,"))
    path.write_text("\n".join([*lines, "USE1-Host:ml.m5.xlarge,Hrs,0.24,published,,,,2026-05-20,flexera-2026-05", ""]))
    with pytest.raises(PriceBookError) as caught:
        PriceBook(own).hosting("us-east-1", "ml.m5.large")
    last = len(lines) + 1
    assert caught.value.message == f"{path}:{last}: a second price for USE1-Host:ml.m5.xlarge, after line {first}"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("USE1-Host:ml.m5.xlarge,Hrs,0.23,", "USE1-Host:ml.m5.xlarge,Hrs,0,", "a number of USD above 0, not 0"),
        ("USE1-Host:ml.m5.xlarge,Hrs,0.23,", "USE1-Host:ml.m5.xlarge,Hrs,-0.23,", "a number of USD above 0, not -0.23"),
        ("USE1-Host:ml.m5.xlarge,Hrs,0.23,", "USE1-Host:ml.m5.xlarge,Hrs,NaN,", "a number of USD above 0, not NaN"),
        ("USE1-Host:ml.m5.xlarge,Hrs,0.23,", "USE1-Host:ml.m5.xlarge,Hrs,cheap,", "`$.usd`"),
        ("USE1-Host:ml.m5.xlarge,Hrs,0.23,", "USE1-Host:ml.m5.xlarge,Hrs,,", "`$.usd`"),
        ("USE1-Host:ml.m5.xlarge,Hrs,0.23,published,", "USE1-Host:ml.m5.xlarge,Hrs,0.23,hearsay,", "`$.basis`"),
        (
            "USE1-Host:ml.m5.xlarge,Hrs,0.23,published,,,",
            "USE1-Host:ml.m5.xlarge,Hrs,0.23,derived,high,magic,",
            "magic is not explained in manifest.json",
        ),
        ("USE1-Host:ml.m5.xlarge,Hrs,", "USE1-Host:ml.m5.xlarge,Hrs,Hrs,", "9 fields were expected, not 10"),
        ("USE1-Host:ml.m5.xlarge,", "EU-Host:ml.m5.xlarge,", "usage types of this region begin with USE1-"),
        ("usage_type,unit,usd,", "usage_type,usd,unit,", "does not begin with the columns usage_type,unit,usd,"),
    ],
)
def test_a_damaged_table_is_an_error_and_never_a_price(own: Path, old: str, new: str, message: str) -> None:
    edit(own / "us-east-1.csv", old, new)
    with pytest.raises(PriceBookError) as caught:
        PriceBook(own).hosting("us-east-1", "ml.m5.xlarge")
    assert message in caught.value.message
    assert "us-east-1.csv" in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.hint


def test_a_table_that_is_no_text_is_an_error(own: Path) -> None:
    (own / "us-east-1.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(PriceBookError, match="is not a CSV table in UTF-8"):
        PriceBook(own).price("us-east-1", "Host:VolumeUsage.gp2")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_table_as_a_spreadsheet_writes_it_has_the_same_prices(own: Path, end: str) -> None:
    path = own / "us-east-1.csv"
    quoted = (",".join(f'"{field}"' for field in line.split(",")) for line in path.read_text().splitlines())
    path.write_bytes("".join(f"{line}{end}" for line in quoted).encode())
    assert usd(PriceBook(own).hosting("us-east-1", "ml.m5.xlarge")) == Decimal("0.23")


def test_a_quotation_mark_that_never_ends_is_an_error(own: Path) -> None:
    edit(own / "us-east-1.csv", "USE1-Host:ml.m5.xlarge,Hrs,0.23,", '"USE1-Host:ml.m5.xlarge,Hrs,0.23,')
    with pytest.raises(PriceBookError, match="is not a CSV table in UTF-8"):
        PriceBook(own).hosting("us-east-1", "ml.m5.xlarge")


def test_a_line_without_anything_is_an_error(own: Path) -> None:
    edit(own / "us-east-1.csv", "USE1-Host:ml.m5.xlarge,", "\nUSE1-Host:ml.m5.xlarge,")
    with pytest.raises(PriceBookError, match="9 fields were expected, not 0"):
        PriceBook(own).hosting("us-east-1", "ml.m5.xlarge")


def test_a_damaged_table_of_instance_types_is_an_error(own: Path) -> None:
    edit(own / "instances.csv", "ml.m5.xlarge,m5,4,16,", "ml.m5.xlarge,m5,four,16,")
    with pytest.raises(PriceBookError, match=r"instances\.csv:\d+: ml\.m5\.xlarge: Expected `int`"):
        PriceBook(own).instance("ml.m5.xlarge")


def test_two_rows_for_one_instance_type_are_an_error(own: Path) -> None:
    path = own / "instances.csv"
    row = next(line for line in path.read_text().splitlines() if line.startswith("ml.m5.xlarge,"))
    path.write_text(path.read_text() + row + "\n")
    with pytest.raises(PriceBookError, match=r"a second row for ml\.m5\.xlarge, after line \d+"):
        PriceBook(own).instance("ml.m5.xlarge")


def test_a_region_whose_table_is_gone_stops_the_search_for_other_regions(own: Path) -> None:
    (own / "mx-central-1.csv").unlink()
    with pytest.raises(PriceBookError, match=r"cannot read .*mx-central-1\.csv"):
        PriceBook(own).hosting("us-east-1", "ml.m6i.xlarge")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
