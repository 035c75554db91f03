"""A baseline over time: findings come and go, grow, are renamed and moved; jobs write it anew or check against it.

A model keeps only what the newest file was written of, and knows what must hold whatever the order of things.
"""

from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec import structs

from guardrail import output
from guardrail.policy.base import Result
from guardrail.policy.baseline import Compared, read, taken_up, text
from tests.policy.test_baseline import compared, result

TOLERANCE = 10
SOURCE = "plan.json"
ENDPOINTS = ("search@us-east-1", "search@eu-west-1")
NAMES = ("main", "canary", "shadow")
stakes = st.sampled_from(["0.00", "1.00", "99.99", "100.00", "109.90", "110.50", "5000.00"]).map(Decimal)


def stale_of(answer: Compared) -> list[str]:
    """The notices of entries that are found no more."""
    return [notice for notice in answer.notices if notice.endswith("is found no more: write the baseline anew")]


class Baselines(RuleBasedStateMachine):
    """Variants of two endpoints, each with one finding; a file on the disk."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = TemporaryDirectory()
        self._path = str(Path(self._folder.name) / ".guardrail-baseline.json")
        self._variants: dict[str, dict[str, Decimal]] = {endpoint: {} for endpoint in ENDPOINTS}
        """What is found now: of each endpoint its variants in their order, with what is at stake."""
        self._address = "aws_sagemaker_endpoint_configuration.a"
        self.written()

    def teardown(self) -> None:
        self._folder.cleanup()

    def _copy(self) -> dict[str, dict[str, Decimal]]:
        return {endpoint: dict(variants) for endpoint, variants in self._variants.items()}

    def _results(self) -> list[Result]:
        return [
            result(identity=endpoint, variant=name, part=("variant", at), saving_monthly=stake, address=self._address)
            for endpoint, variants in self._variants.items()
            for at, (name, stake) in enumerate(variants.items())
        ]

    @rule()
    def written(self) -> None:
        """A job writes it; another one that sees the same in another order writes the same bytes."""
        output.write_file(self._path, text(taken_up(self._results(), sources=[SOURCE])))
        assert text(taken_up(self._results()[::-1], sources=[SOURCE])) == Path(self._path).read_text()
        self._written = self._copy()

    @rule(endpoint=st.sampled_from(ENDPOINTS), name=st.sampled_from(NAMES), stake=stakes)
    def found(self, endpoint: str, name: str, stake: Decimal) -> None:
        """A finding comes, or another amount is at stake."""
        self._variants[endpoint][name] = stake

    @rule(endpoint=st.sampled_from(ENDPOINTS), name=st.sampled_from(NAMES))
    def mended(self, endpoint: str, name: str) -> None:
        self._variants[endpoint].pop(name, None)

    @rule(endpoint=st.sampled_from(ENDPOINTS), name=st.sampled_from(NAMES), new=st.sampled_from(NAMES))
    def renamed(self, endpoint: str, name: str, new: str) -> None:
        """A variant is called otherwise and stays where it is."""
        variants = self._variants[endpoint]
        if name in variants and new not in variants:
            self._variants[endpoint] = {new if each == name else each: stake for each, stake in variants.items()}

    @rule(endpoint=st.sampled_from(ENDPOINTS))
    def reordered(self, endpoint: str) -> None:
        self._variants[endpoint] = dict(reversed(self._variants[endpoint].items()))

    @rule(address=st.sampled_from(["module.m.aws_sagemaker_endpoint_configuration.b", "C", "D"]))
    def moved(self, address: str) -> None:
        """The block to change is another one."""
        self._address = address

    @invariant()
    def what_is_told_apart_is_told_apart(self) -> None:
        known = read(self._path)
        answer = compared(known, *self._results(), tolerance=TOLERANCE)
        backs = [notice for notice in answer.notices if " is back: " in notice]
        stale = stale_of(answer)
        assert len(backs) + len(stale) == len(answer.notices)
        existing = [each for each in answer.results if each.status == "existing"]
        assert len(existing) + len(backs) + len(stale) == len(known.findings)
        for each in answer.results:
            was = self._written[each.identity]
            if each.variant in was:
                most = was[each.variant] * (100 + TOLERANCE) / 100 + Decimal("0.01")
                assert (each.status == "existing") is (self._variants[each.identity][each.variant] <= most)
            elif each.part[1] >= len(was):  # a place that there was not: one more to pay for
                assert each.status == "new"
        if self._variants == self._written:
            assert {each.status for each in answer.results} <= {"existing"}
            assert not answer.notices

    @invariant()
    def what_was_accepted_or_is_open_keeps_its_entry(self) -> None:
        known = read(self._path)
        undecided = [structs.replace(each, verdict="open") for each in self._results()]
        open_now = compared(known, *undecided, tolerance=TOLERANCE)
        assert open_now.notices == stale_of(open_now) == stale_of(compared(known, *self._results()))


TestBaselines = Baselines.TestCase
TestBaselines.settings = settings(max_examples=50, stateful_step_count=20)
