"""AWS's price lists of the regions that are asked for, from its offer files or from its API.

Each region is downloaded, read and dropped before the next one, so that memory does not grow with their number.
"""

import os
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from guardrail.aws import offers
from guardrail.aws.price_list_api import PriceListApi
from guardrail.errors import AWSError, MissingExtraError, did_you_mean
from guardrail.prices.price_list import PriceList
from guardrail.prices.savings_plans import SavingsPlanRates
from guardrail.progress import Say

if TYPE_CHECKING:
    from guardrail.aws.bulk import BulkFiles, OfferFile


_ZONE = 2
"""How many parts the code of a local zone has beyond that of its region: ``us-east-1-atl-1``."""


def bulk(
    regions: Sequence[str], folder: str, *, base_url: str | None, say: Say, expected: Container[str] = ()
) -> Iterator[PriceList]:
    """The price lists of ``regions``, or of every region of the index where none is named; China's only by name.

    Downloads go to ``folder``, and are continued from what lies there. Raises `AWSError`, also where a file is not of
    the version that the index says, and where one that is asked for or ``expected`` has no prices of inference.
    """
    for partition, wanted in _by_partition(regions).items():
        files = _bulk_files(base_url, partition)
        say("reading the index of offer files")
        index = files.offers(offers.SERVICE)
        homes = {region: _home(region, index) for region in wanted or sorted(index)}
        places = list(dict.fromkeys(homes.values()))
        for position, home in enumerate(places, start=1):
            file, path = index[home], os.path.join(folder, f"prices-{home}-{index[home].version}.csv")
            _download(files, file, path, f"{position} of {len(places)}: {home}", say)
            with _thrown_away_if_bad(path):
                edition, lists = offers.read_file(path)
                _check_version(edition.version, file)
                here = [region for region in homes if homes[region] == home]
                missing = [
                    region for region in here if region not in lists and (region in wanted or region in expected)
                ]
                if missing:
                    raise AWSError(f"{file.url} has no inference prices of {missing[0]}")
            yield from _asked_for(lists, home, here)


def savings_plans(regions: Iterable[str], folder: str, *, base_url: str | None, say: Say) -> Iterator[SavingsPlanRates]:
    """The rates of SageMaker Savings Plans in ``regions``; China has none. A region that no plan covers is left out."""
    from guardrail.aws import savings_plans as plans

    files = _bulk_files(base_url, "aws")
    index = files.savings_plans(plans.PLAN)
    for region in sorted(set(regions) & index.keys()):
        path = os.path.join(folder, f"plans-{region}-{index[region].version}.csv")
        _download(files, index[region], path, f"Savings Plans of {region}", say)
        with _thrown_away_if_bad(path):
            version, rates = plans.read_file(path, region)
            _check_version(version, index[region])
        yield rates


def api(regions: Sequence[str], *, say: Say) -> Iterator[PriceList]:
    """The price lists of ``regions`` as the API tells them. Raises `AWSError`, `MissingExtraError`."""
    service = PriceListApi()
    for position, region in enumerate(regions, start=1):
        at = f"{position} of {len(regions)}: {region}"
        say(at)
        lists = service.price_lists(region, _counting(at, say))
        if region not in lists:
            raise AWSError(f"pricing:GetProducts knows no inference prices of {region}")
        yield lists[region]


def offer_files(paths: Iterable[str], regions: Sequence[str]) -> Iterator[PriceList]:
    """The price lists in offer files that somebody has downloaded; of ``regions`` only, where some are named."""
    for path in paths:
        _, lists = offers.read_file(path)
        found = [lists[region] for region in sorted(lists) if not regions or region in regions]
        if not found:
            raise AWSError(f"{path} has no inference prices{' of ' + ', '.join(regions) if regions else ''}")
        yield from found


def _by_partition(regions: Sequence[str]) -> dict[str, list[str]]:
    """The regions of each price list: China's is apart."""
    china = [region for region in regions if region.startswith("cn-")]
    others = [region for region in regions if not region.startswith("cn-")]
    return {**({"aws": others} if others or not china else {}), **({"cn": china} if china else {})}


def _bulk_files(base_url: str | None, partition: str) -> "BulkFiles":
    try:
        from guardrail.aws.bulk import CHINA, HOME, BulkFiles
    except ImportError as error:
        hint = "pip install 'guardrail-sagemaker[aws]'"
        raise MissingExtraError("downloading offer files needs urllib3, which is not installed", hint=hint) from error
    return BulkFiles(base_url or (CHINA if partition == "cn" else HOME), partition)


def _home(region: str, index: "dict[str, OfferFile]") -> str:
    """The region whose offer file has the prices of ``region``: itself, or that around a local zone."""
    around = "-".join(region.split("-")[:-_ZONE])
    if region in index or around not in index:
        if region not in index:
            raise AWSError(f"AWS has no offer file for region {region}{did_you_mean(region, index)}")
        return region
    return around


def _counting(at: str, say: Say) -> Callable[[int], None]:
    """Shows how many products a region has so far."""
    return lambda count: say(f"{at}, {count:,} products")


def _download(files: "BulkFiles", file: "OfferFile", path: str, at: str, say: Say) -> None:
    """Put a file to ``path``; ``at`` says where that stands among all of them."""
    say(at)

    def advance(done: int, total: int | None) -> None:
        say(f"{at}, {done / 1e6:.1f}{f' of {total / 1e6:.1f}' if total else ''} MB")

    files.download(file.url, path, advance)


@contextmanager
def _thrown_away_if_bad(path: str) -> Iterator[None]:
    """Remove a download that is not what it should be, so that the next run does not find it and believe it."""
    try:
        yield
    except AWSError:
        os.unlink(path)
        raise


def _check_version(version: str, file: "OfferFile") -> None:
    if version != file.version:
        raise AWSError(f"{file.url} is of version {version}, and the index says {file.version}", hint="try again")


def _asked_for(lists: dict[str, PriceList], home: str, wanted: list[str]) -> Iterator[PriceList]:
    """The regions that were asked for, and with a region its local zones."""
    for region, found in sorted(lists.items()):
        if region in wanted or (home in wanted and region.startswith(home + "-")):
            yield found
