"""Expressions without names: evaluated by us, and by ``terraform console`` where it is installed."""

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from guardrail.errors import LimitError
from guardrail.model import Unknown
from guardrail.sources.boundary import Boundary
from guardrail.sources.hcl.errors import HclSyntaxError
from guardrail.sources.hcl.evaluate import evaluate
from guardrail.sources.hcl.files import Filesystem
from guardrail.sources.hcl.parse import parse_expression
from guardrail.sources.hcl.scope import EvaluationScope, Trace
from guardrail.sources.hcl.values import Attributes, EvaluationError, NotWorkedOutError, Sensitive
from guardrail.sources.trees import OnDisk

TERRAFORM = shutil.which("terraform")
REFUSED, UNKNOWN, SENSITIVE = "!refused", "!unknown", "!sensitive"
"""What stands for an expression that is an error, is known only later, must not be printed."""


class Nowhere:
    """A module in which nothing is declared, but for names that a test gives."""

    def __init__(self, names: dict[str, Any] | None = None, directory: str = ".") -> None:
        self.trace = Trace()
        self._names = {} if names is None else names
        self.files = Filesystem(directory, OnDisk(Boundary(os.path.realpath(directory))))

    def root(self, name: str) -> Any:
        if name in self._names:
            return self._names[name]
        raise EvaluationError(f"there is nothing called {name}")


def value_of(expression: str, names: dict[str, Any] | None = None, directory: str = ".") -> Any:
    """Our value; `REFUSED` for an error, Unknown for what is given up."""
    try:
        return plain(evaluate(parse_expression(expression, "test"), EvaluationScope(Nowhere(names, directory))))
    except (EvaluationError, HclSyntaxError):
        return REFUSED
    except NotWorkedOutError as error:
        return Unknown(error.reason)
    except LimitError as error:
        return Unknown(error.message)


def plain(value: Any) -> Any:
    """A value as JSON has it; unknown ones as they are."""
    if isinstance(value, Sensitive):
        return plain(value.value)
    if isinstance(value, Attributes):
        return plain(value.whole())
    if isinstance(value, (float, Fraction)):
        return float(value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    assert value is None or isinstance(value, (str, bool, int, Unknown))
    return value


def console(expressions: Sequence[str], directory: Path) -> list[Any]:
    """Terraform's values; `REFUSED` for an error."""
    answers = told(expressions, directory)
    return [REFUSED if each == REFUSED else json.loads(each) for each in answers]


def told(expressions: Sequence[str], directory: Path) -> list[str]:
    """Terraform's values as JSON; `REFUSED`, `UNKNOWN`, `SENSITIVE`. One run for all that have a value."""
    one_by_one = ", ".join(f'try(jsonencode([{each}]), "{REFUSED}")' for each in expressions)
    answer = _console(f"base64encode(jsonencode([{one_by_one}]))", directory)
    if answer.startswith('"'):
        found: list[str] = json.loads(base64.b64decode(answer.strip('"')))
        if len(found) == len(expressions):
            return [each if each == REFUSED else _only_item(each) for each in found]
    if len(expressions) == 1:
        return [SENSITIVE if "sensitive" in answer else UNKNOWN if "known" in answer else REFUSED]
    half = len(expressions) // 2
    return told(expressions[:half], directory) + told(expressions[half:], directory)


def _only_item(text: str) -> str:
    """The only element of a list in JSON; an expression that makes two of them is none."""
    return text[1:-1] if len(json.loads(text)) == 1 else REFUSED


def type_told(expression: str, directory: Path) -> str:
    """The type that Terraform gives an expression, without blanks."""
    return "".join(_console(f"type({expression})", directory).split())


def _console(line: str, directory: Path) -> str:
    assert TERRAFORM is not None
    answer = subprocess.run(
        [TERRAFORM, "console"],
        input=f"{line}\n",
        cwd=directory,
        env={**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return answer.stdout.strip() if answer.returncode == 0 else ""
