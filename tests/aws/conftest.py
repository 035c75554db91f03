"""Servers and surroundings of the tests that talk to AWS's stand-in on loopback."""

from collections.abc import Iterator

import pytest

from tests.aws.loopback import Aws, serving


@pytest.fixture
def aws() -> Iterator[Aws]:
    with serving(Aws()) as served:
        yield served
