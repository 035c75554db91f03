"""A JSON Schema that is asked about hundreds of reports: what it has allowed once it allows at once."""

import json
from collections.abc import Iterator
from typing import Any

from jsonschema import ValidationError, validators
from jsonschema.protocols import Validator


def remembering(kind: type[Validator], schema: Any) -> Validator:
    """A validator of ``kind`` that walks through equal values below one ``$ref`` of ``schema`` once.

    Reports say the same of policies, prices and endpoints again and again. What does not fit is walked through, and
    told, each time. Every ``$ref`` must start from the root: ``#/$defs/result``.
    """
    walk = kind.VALIDATORS["$ref"]
    allowed: set[tuple[str, str]] = set()

    def ref(validator: Validator, to: str, value: Any, within: Any) -> Iterator[ValidationError]:
        asked = (to, json.dumps(value))
        if asked in allowed:
            return
        errors = list(walk(validator, to, value, within))
        if not errors:
            allowed.add(asked)
        yield from errors

    remembers: type[Validator] = validators.extend(kind, {"$ref": ref})  # type: ignore[no-untyped-call]
    return remembers(schema)
