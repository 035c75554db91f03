"""Expressions without names: evaluated by us, and by ``terraform console`` where it is installed."""

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from guardrail.model import Unknown
from guardrail.sources.boundary import Boundary
from guardrail.sources.hcl.errors import HclSyntaxError
from guardrail.sources.hcl.evaluate import Scope, Trace, evaluate
from guardrail.sources.hcl.files import Files
from guardrail.sources.hcl.parse import parse_expression
from guardrail.sources.hcl.values import Attributes, EvaluationError, Sensitive

TERRAFORM = shutil.which("terraform")
REFUSED = "!refused"
"""What stands for an expression that is an error."""


class Nowhere:
    """A module in which nothing is declared, but for names that a test gives."""

    def __init__(self, names: dict[str, Any] | None = None, directory: str = ".") -> None:
        self.trace = Trace()
        self._names = {} if names is None else names
        self.files = Files(directory, Boundary(os.path.realpath(directory)))

    def root(self, name: str) -> Any:
        if name in self._names:
            return self._names[name]
        raise EvaluationError(f"there is nothing called {name}")


def value_of(expression: str, names: dict[str, Any] | None = None, directory: str = ".") -> Any:
    """Our value; `REFUSED` for an error."""
    try:
        return plain(evaluate(parse_expression(expression, "test"), Scope(Nowhere(names, directory))))
    except (EvaluationError, HclSyntaxError):
        return REFUSED


def plain(value: Any) -> Any:
    """A value as JSON has it; unknown ones as they are."""
    if isinstance(value, Sensitive):
        return plain(value.value)
    if isinstance(value, Attributes):
        return plain(value.whole())
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    assert value is None or isinstance(value, (str, bool, int, Unknown))
    return value


def console(expressions: Sequence[str], directory: Path) -> list[Any]:
    """Terraform's values; `REFUSED` for an error. One run for all, and one for each where one of them is refused."""
    assert TERRAFORM is not None
    together = _console(f"[{', '.join(f'jsonencode({each})' for each in expressions)}]", directory)
    if together is not None:
        return [json.loads(each) for each in together]
    if len(expressions) == 1:
        return [REFUSED]
    half = len(expressions) // 2
    return console(expressions[:half], directory) + console(expressions[half:], directory)


def _console(expression: str, directory: Path) -> Any:
    assert TERRAFORM is not None
    answer = subprocess.run(
        [TERRAFORM, "console"],
        input=f"base64encode(jsonencode({expression}))\n",
        cwd=directory,
        env={**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    text = answer.stdout.strip().strip('"')
    return json.loads(base64.b64decode(text)) if answer.returncode == 0 and text else None
