"""Plans on disk, read."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from guardrail.model import ChangeSet
from guardrail.sources.plan import read

Reader = Callable[..., ChangeSet]


@pytest.fixture
def read_plan(tmp_path: Path) -> Reader:
    """Write a document as JSON and read it."""

    def write_and_read(document: Any, *, region: str | None = None) -> ChangeSet:
        path = tmp_path / "plan.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        return read(str(path), region=region)

    return write_and_read
