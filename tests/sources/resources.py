"""One resource in each language, declared without a reader around it."""

from typing import Any

from guardrail.sources.base import Block
from guardrail.sources.declarations import Declaration
from guardrail.sources.spellings import spelling_of
from guardrail.sources.template.properties import Properties
from guardrail.sources.vocabulary import declare


def declared(kind: str, /, address: str = "Thing", **properties: Any) -> Declaration:
    """What ``AWS::KIND`` declares in CloudFormation, with these properties as a template has them once evaluated."""
    view = Properties(properties, spelling_of(f"AWS::{kind}"))
    return declare(
        Block(
            address=address,
            type=f"AWS::{kind}",
            provider="",
            region="us-east-1",
            attributes=view,
            change="create",
            references=view.references,
        )
    )
