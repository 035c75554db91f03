"""The source beside a plan, which is what a fix of the plan edits, with the values that the plan was made with."""

import json
import os
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from guardrail.errors import GuardrailError
from guardrail.files import near
from guardrail.model import Unknown
from guardrail.sources import plan, root_modules
from guardrail.sources.hcl.disk import source_names
from guardrail.sources.hcl.reader import variable_values
from guardrail.sources.hcl.values import plain
from guardrail.sources.options import SourceOptions
from guardrail.sources.trees import tree_of


class Planned(Struct, frozen=True):
    """How the source of a plan is read so that it means what the plan says."""

    path: str
    """One file of its root module, which stands for that alone."""
    assignments: tuple[str, ...]
    """The values of variables that the plan has and its files do not: ``stage=prod``."""


def planned(path: str, source: str | None, assignments: Sequence[str]) -> Planned:
    """The source of the plan at ``path``, given ``assignments`` beside those of the plan.

    Raises `GuardrailError` where it is not at hand.
    """
    found = plan.made_from(path, source)
    names = source_names(found.directory, tree_of(found.directory)) if found else []
    if found is None or not names:
        raise GuardrailError(f"the source of {path} is not at hand", hint="name its folder with --source")
    file = near(os.path.join(found.directory, names[0]))
    roots = root_modules([file], SourceOptions(base=near(found.directory), assignments=assignments))
    root = next(iter(roots.values()), None)
    own = variable_values(replace(root, directory=found.directory)) if root else {}
    missing = {name: value for name, value in found.variables.items() if name in own and not _same(own[name], value)}
    return Planned(file, tuple(f"{name}={_written(value)}" for name, value in missing.items()))


def _same(value: Any, told: Any) -> bool:
    """Whether a value of source is what a plan tells of it."""
    value = plain(value)
    if isinstance(value, Unknown):
        return False
    if isinstance(told, dict) and isinstance(value, Mapping):
        return value.keys() == told.keys() and all(_same(value[name], told[name]) for name in told)
    if isinstance(told, list) and isinstance(value, list):
        return len(value) == len(told) and all(map(_same, value, told))
    if isinstance(value, Fraction):
        value = float(value)
    return bool(value == told)


def _written(value: Any) -> str:
    """A value as ``--var`` takes it."""
    return value if isinstance(value, str) else json.dumps(value).replace("${", "$${").replace("%{", "%%{")
