"""The price book: unit prices by exact key, what instance types are made of, and where they are offered.

It reads the tables of ``pricing/`` (or of a directory laid out like it, see docs/prices.md), each on first use, and
those of the user's own, whose rows win one by one. A key has one price or none. None is `Unpriced`, with a reason that
says what the tables do have: never a zero, never the price of a neighbour or of another region. Two is an error in the
table.
"""

import os
from collections.abc import Mapping
from decimal import Decimal

from msgspec import structs

from guardrail import bundled
from guardrail.errors import did_you_mean
from guardrail.model import Unknown
from guardrail.prices import usage_types
from guardrail.prices.base import Price, Unpriced
from guardrail.prices.instance_types import InstanceSpec, InstanceTypes, read_availability
from guardrail.prices.table import PriceTable, read_bytes, read_manifest
from guardrail.prices.usage_types import Charge, InstanceUse
from guardrail.prices.user_tables import UserTables

__all__ = ["InstanceSpec", "PriceBook"]

LISTED = "listed"
"""The folder of a directory of tables with what a refresh has read: whole price lists, which win over its rules."""

_IF_NEWER = " (if it is newer than these tables: guardrail prices refresh)"

_CHARGES = {
    usage_types.HOST: "hosting",
    usage_types.ASYNC: "asynchronous",
    usage_types.TRANSFORM: "batch transform",
    usage_types.VOLUME: "endpoint volume",
    usage_types.DATA_IN: "data-in",
    usage_types.DATA_OUT: "data-out",
    "ServerlessInf": "serverless",
    "ProvisionedConcurrency": "provisioned concurrency",
}

_AREAS = {
    **dict.fromkeys(("us", "ca", "mx", "sa"), "the Americas"),
    **dict.fromkeys(("eu", "il", "me", "af"), "EMEA"),
    "ap": "Asia and the Pacific",
}


class PriceBook:
    """Prices, instance types and their availability, read lazily from one directory.

    Answers are kept: a plan asks for the same few keys again and again.
    """

    def __init__(
        self, directory: str | os.PathLike[str] | None = None, *, own: str | os.PathLike[str] | None = None
    ) -> None:
        """Open a directory of tables, by default the bundled one, and ``own`` over it: the tables of the user.

        Raises `PriceBookError` where a manifest is missing, unreadable or of another major version. A table that is
        missing, unreadable or contradicts itself raises it on first use, as any method below may.
        """
        self._directory = os.fspath(bundled.directory("pricing") if directory is None else directory)
        self._origin = "bundled" if directory is None else self._directory
        self._manifest = read_manifest(self._directory)
        self._over = self._tables_over(None if own is None else os.fspath(own))
        self._tables: dict[str, PriceTable] = {}
        self._answers: dict[tuple[str, str], Price | Unpriced] = {}
        self._hosting_prices: dict[str, dict[str, Price]] = {}
        self._texts: dict[str, bytes] = {}
        self._instance_types: InstanceTypes | None = None
        self._availability: dict[str, str] | None = None

    def _tables_over(self, own: str | None) -> tuple[UserTables, ...]:
        """What goes before the tables of the directory, first the user's own: read from AWS's price list as a whole."""
        listed = os.path.join(self._directory, LISTED)
        ours = (
            (UserTables(listed, origin=self._origin),) if os.path.isfile(os.path.join(listed, "manifest.json")) else ()
        )
        return ours if own is None else (UserTables(own), *ours)

    def regions(self) -> tuple[str, ...]:
        """The codes of the regions that have a price table."""
        return tuple(
            sorted({*self._manifest.regions, *(name for over in self._over for name in over.manifest.regions)})
        )

    def instance_types(self) -> tuple[str, ...]:
        """The instance types that there is a price or a specification of."""
        return tuple(sorted(self._types().names()))

    def origin(self, region: str) -> str:
        """Where the first prices of a region come from: "bundled", or the directory. Rows it lacks come from below."""
        return next((over.origin for over in self._over if region in over.manifest.regions), self._origin)

    def tables(self, region: str) -> tuple[PriceTable, ...]:
        """Every table of a region, the one that wins first."""
        found = [over.table(region) for over in self._over]
        if region in self._manifest.regions:
            found.append(self._table(region))
        return tuple(table for table in found if table is not None)

    def charges(self, region: str) -> tuple[str, ...]:
        """Everything that some table of a region prices, as usage types without their prefix."""
        return tuple(sorted({charge for table in self.tables(region) for charge in table.charges()}))

    def price(self, region: str, charge: Charge) -> Price | Unpriced:
        """USD per unit of a charge: 0.23 an hour of ``Host:ml.m5.xlarge`` in us-east-1."""
        answer = self._answers.get((region, charge))
        if answer is None:
            answer = self._answers[region, charge] = self._look_up(region, charge)
        return answer

    def hosting(self, region: str, instance_type: str) -> Price | Unpriced:
        """USD per hour of one instance of a real-time endpoint: 0.23 for ml.m5.xlarge in us-east-1."""
        return self.price(region, usage_types.instance(usage_types.HOST, instance_type))

    def transform(self, region: str, instance_type: str) -> Price | Unpriced:
        """USD per hour of one instance of a transform job: 0.23 for ml.m5.xlarge in us-east-1."""
        return self.price(region, usage_types.instance(usage_types.TRANSFORM, instance_type))

    def hosting_prices(self, region: str) -> Mapping[str, Price]:
        """Every hosting price of a region by instance type; empty where the region has no table.

        A price says what was charged on its date; what can be had now, `offered` says.
        """
        prices = self._hosting_prices.get(region)
        if prices is None:
            found = ((name, self.hosting(region, name)) for name in self._priced_types(region, usage_types.HOST))
            prices = {name: price for name, price in found if isinstance(price, Price)}
            self._hosting_prices[region] = prices
        return prices

    def row(self, region: str, charge: Charge) -> str | None:
        """Where the price of a charge is written, ``pricing/us-east-1.csv:120``; None where it has none."""
        table = next((each for each in self.tables(region) if charge in each), None)
        return None if table is None else table.place(charge)

    # Instance types

    def instance(self, instance_type: str) -> InstanceSpec | None:
        """What a type is made of; None for a type that the tables do not know."""
        return self._types().spec(instance_type)

    def multi_model_volume_gb(self, instance_type: str) -> Decimal | None:
        """GB of the default volume under a container that hosts several models; None where AWS names none."""
        return self._types().multi_model_volume_gb(instance_type)

    def offered(self, region: str, instance_type: str) -> bool | Unknown:
        """Whether endpoints accept the type and AWS's price list of the region has it for hosting.

        Unknown for a type or a region that the availability table does not know. Never judged by a missing price.
        """
        spec = self.instance(instance_type)
        if spec is not None and not spec.hosts_endpoints:
            return False
        hosting = usage_types.instance(usage_types.HOST, instance_type)
        if any(hosting in table for over in self._over if (table := over.table(region)) is not None):
            return True  # in a price list that is newer than the table of availability
        if region not in self._manifest.availability.regions:
            return Unknown(f"the availability table does not know the region {region}{_IF_NEWER}")
        if self._availability is None:
            self._availability = read_availability(self._directory)
        if instance_type not in self._availability:
            where = "in no table here" if spec is None else "in no region's price list for hosting"
            return Unknown(f"{instance_type} is {where}{_IF_NEWER}")
        return region in self._availability[instance_type].split()

    # Lookup

    def _look_up(self, region: str, charge: Charge) -> Price | Unpriced:
        absent_from: PriceTable | None = None
        for over in self._over:
            table = over.table(region)
            if table is None:
                continue
            price = table.price(charge)
            if price is not None:
                return _doubted(price, absent_from, region)
            absent_from = absent_from or table
        if region in self._manifest.regions:
            below = self._table(region).price(charge)
            return (
                Unpriced(self._why_unpriced(region, charge)) if below is None else _doubted(below, absent_from, region)
            )
        if absent_from is not None:
            return Unpriced(self._why_unpriced(region, charge))
        is_real = region in self._manifest.availability.regions
        suggestion = "" if is_real else did_you_mean(region, self._manifest.regions)
        newer = "" if region.startswith("cn-") else _IF_NEWER  # whose prices are in CNY, which no check adds up
        return Unpriced(f"no price table for region {region}{suggestion}{newer}")

    def _table(self, region: str) -> PriceTable:
        table = self._tables.get(region)
        if table is None:
            table = PriceTable(self._directory, region, self._manifest, origin=self._origin)
            self._tables[region] = table
        return table

    def _types(self) -> InstanceTypes:
        if self._instance_types is None:
            self._instance_types = InstanceTypes(self._directory)
        return self._instance_types

    def _priced_types(self, region: str, asked: InstanceUse) -> list[str]:
        """The instance types that a region's tables have for a use."""
        found = (usage_types.parts(charge) for table in self.tables(region) for charge in table.charges())
        return list(dict.fromkeys(item for use, item in found if use == asked and item.startswith("ml.")))

    # Why there is no price

    def _why_unpriced(self, region: str, charge: Charge) -> str:
        use, item = usage_types.parts(charge)
        if charge not in _CHARGES and use in usage_types.INSTANCE_USES:
            return self._why_type_unpriced(region, use, item)
        name = _CHARGES[charge if charge in _CHARGES else use]
        if usage_types.unit_of(charge) == "seconds":
            size = usage_types.memory_gb(charge)
            if size not in map(str, usage_types.MEMORY_SIZES_GB):
                return f"serverless memory is 1 to 6 GB in steps of 1 GB, not {size} GB"
            if region not in self._manifest.serverless.regions:
                count = len(self._manifest.serverless.regions)
                return f"no {name} price in {region}: AWS documents serverless inference for {count} other regions"
        return f"no {name} price in {region}{self._elsewhere(region, charge)}"

    def _why_type_unpriced(self, region: str, use: InstanceUse, instance_type: str) -> str:
        spec = self.instance(instance_type)
        hosted = any(usage_types.instance(usage_types.HOST, instance_type) in table for table in self.tables(region))
        elsewhere = self._elsewhere(region, usage_types.instance(use, instance_type))
        if spec is None and not elsewhere:
            if not instance_type.startswith("ml.") and self.instance(f"ml.{instance_type}") is not None:
                return f"{instance_type} is no type of SageMaker's, did you mean ml.{instance_type}?"
            suggestion = did_you_mean(instance_type, self._types().names())
            return f"{instance_type} is in no table here{suggestion}{_IF_NEWER}"
        newer = "" if elsewhere or hosted else _IF_NEWER
        service = "batch transform" if use == usage_types.TRANSFORM else "endpoints"
        if spec is not None and not (spec.runs_transform if use == usage_types.TRANSFORM else spec.hosts_endpoints):
            reason, newer = f"{instance_type} is not accepted by {service}, so it has no {_CHARGES[use]} price", ""
        elif use != usage_types.HOST and hosted:
            reason = (
                f"{instance_type} has no {_CHARGES[use]} price in {region}, though it has a hosting price there: "
                f"it may not be sold for that use{elsewhere}"
            )
        else:
            reason = f"{instance_type} has no {_CHARGES[use]} price in {region}{elsewhere or ', nor anywhere else'}"
        return f"{reason}{self._nearest_here(region, use, spec)}{newer}"

    def _elsewhere(self, region: str, charge: Charge) -> str:
        """``; it has one in mx-central-1, ap-southeast-5 and 3 more regions``, nearest first; empty where none has."""
        others = [other for other in self.regions() if other != region and self._has(other, charge)]
        others.sort(key=lambda other: (other[:2] != region[:2], _area(other) != _area(region), other))
        if not others:
            return ""
        more = len(others) - 2
        if more < 1:
            return f"; it has one in {' and '.join(others)}"
        return f"; it has one in {others[0]}, {others[1]} and {more} more region{'s' if more > 1 else ''}"

    def _has(self, region: str, charge: Charge) -> bool:
        """Whether a region has a charge, by searching its bundled text: a tenth of the time of parsing 36 tables."""
        if any(charge in table for table in (over.table(region) for over in self._over) if table is not None):
            return True
        if region not in self._manifest.regions:
            return False
        if region in self._tables:
            return charge in self._tables[region]
        if region not in self._texts:
            self._texts[region] = read_bytes(os.path.join(self._directory, f"{region}.csv"))
        usage_type = usage_types.written(self._manifest.regions[region].prefix, charge)
        return f"\n{usage_type},".encode(errors="surrogatepass") in self._texts[region]

    def _nearest_here(self, region: str, use: InstanceUse, spec: InstanceSpec | None) -> str:
        if spec is None:
            return ""
        here = (name for name in self._priced_types(region, use) if self.offered(region, name) is True)
        nearest = self._types().nearest(spec, (name for name in here if name != spec.instance_type))
        return f"; nearest here: {', '.join(nearest)}" if nearest else ""


def _doubted(price: Price | Unpriced, absent_from: PriceTable | None, region: str) -> Price | Unpriced:
    """A price from below a newer list of the whole region, which should have it and does not."""
    if absent_from is None or isinstance(price, Unpriced):
        return price
    date = (absent_from.publication_date or "")[:10]
    doubt = f"not in AWS's price list of {date} for {region}"
    return structs.replace(price, suspect=f"{price.suspect}; {doubt}" if price.suspect else doubt)


def _area(region: str) -> str | None:
    """The part of the world that a region lies in, in broad strokes."""
    return _AREAS.get(region[:2])
