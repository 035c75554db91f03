"""What fuzzing begins with holds, and so does what it found; `scripts/fuzz.py` goes on from there.

An input that broke something lies in ``found/TARGET/`` under a name that says what it is about, as small as it goes.
"""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.fuzzing.targets import TARGETS

pytestmark = pytest.mark.no_cover  # many runs of the same lines: counting them takes longer than they do

FOUND = Path(__file__).with_name("found")
MUTANTS = 5
"""Of each target in every run of the tests: that a mutator still makes inputs, and not how much withstands them."""


def found() -> Iterator[tuple[str, Path]]:
    for path in sorted(FOUND.glob("*/*")):
        yield path.parent.name, path


@pytest.mark.parametrize(("target", "path"), [pytest.param(*each, id=f"{each[0]}-{each[1].name}") for each in found()])
def test_what_was_found_is_mended(target: str, path: Path) -> None:
    TARGETS[target].check(path.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_every_reader_withstands_its_seeds_and_what_becomes_of_them(name: str) -> None:
    target, dice = TARGETS[name], Random(name)  # noqa: S311 - the same in every run
    seeds = list(target.seeds())
    assert seeds
    for seed in dice.sample(seeds, min(len(seeds), 2)):
        target.check(seed)
    made = [target.mutate(dice.choice(seeds), dice.choice(seeds), dice) for _ in range(MUTANTS)]
    assert len({*made} - {*seeds}) > MUTANTS // 2
    for each in made:
        target.check(each)
