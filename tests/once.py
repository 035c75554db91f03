"""What every run makes of its own flags, and of the files that come with guardrail, once for all tests of a process.

Thousands of tests run a check: of the 14 ms that one of a single endpoint takes, these are 9. What is kept is what the
functions themselves return, which nobody changes, and of bundled files alone: what a test writes is read as for users.
"""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from guardrail import bundled
from guardrail.commands import base
from guardrail.model import Unknown
from guardrail.policy import evaluate, load
from guardrail.policy.evaluate import Compiled
from guardrail.policy.policy import Policy
from guardrail.prices import book
from guardrail.prices.table import PriceTable, Record
from guardrail.reporters import sarif

T = TypeVar("T")
Rows = dict[str, tuple[int, Record]]

_PRICES = bundled.directory("pricing")
_policies: dict[str, tuple[Policy, ...]] = {}
"""Those of a bundle, by its folder."""
_bundled: dict[int, Policy] = {}
"""Each of them by its identity."""


def keep() -> None:
    """Put what remembers in place of what reads and compiles."""
    base.parser = functools.cache(base.parser)
    sarif._rule = functools.cache(sarif._rule)  # noqa: SLF001
    load.bundled = _policies_once(load.bundled)
    evaluate.compile_policy = _compiled_once(evaluate.compile_policy)
    PriceTable._read = _rows_once(PriceTable._read)  # type: ignore[assignment,method-assign] # noqa: SLF001
    for name in ("read_manifest", "read_availability", "InstanceTypes"):
        setattr(book, name, _read_once(getattr(book, name)))


def _policies_once(read: Callable[[], tuple[Policy, ...]]) -> Callable[[], tuple[Policy, ...]]:
    def once() -> tuple[Policy, ...]:
        directory = bundled.directory("policies")
        if directory not in _policies:
            _policies[directory] = read()
            _bundled.update((id(policy), policy) for policy in _policies[directory])
        return _policies[directory]

    return once


def _compiled_once(compiled: Callable[..., Compiled]) -> Callable[..., Compiled]:
    kept: dict[tuple[int, str | Unknown], Compiled] = {}

    def once(policy: Policy, environment: str | Unknown, **options: Any) -> Compiled:
        if options != {"late": True} or id(policy) not in _bundled:
            return compiled(policy, environment, **options)
        key = (id(policy), environment)
        if key not in kept:
            kept[key] = compiled(policy, environment, **options)
        return kept[key]

    return once


def _rows_once(
    read: Callable[[PriceTable, str, bytes | None], Rows],
) -> Callable[[PriceTable, str, bytes | None], Rows]:
    kept: dict[str, Rows] = {}

    def once(table: PriceTable, prefix: str, content: bytes | None) -> Rows:
        path = table._path  # noqa: SLF001
        if content is not None or not path.startswith(_PRICES):
            return read(table, prefix, content)
        if path not in kept:
            kept[path] = read(table, prefix, content)
        return kept[path]

    return once


def _read_once(read: Callable[..., T]) -> Callable[..., T]:
    kept: list[T] = []

    def once(directory: str, **options: Any) -> T:
        if directory != _PRICES:
            return read(directory, **options)
        if not kept:
            kept.append(read(directory, **options))
        return kept[0]

    return once
