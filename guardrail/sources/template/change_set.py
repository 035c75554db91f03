"""CloudFormation's change sets: the output of ``aws cloudformation describe-change-set --include-property-values``.

A change set tells of resources that change and of nothing else, so what it says of totals is "at least". Its contexts
hold properties with every value resolved, besides those that are known only when it is executed.
"""

import re
from collections.abc import Iterator
from typing import Any

from guardrail.errors import SourceError
from guardrail.model import AT_DEPLOYMENT, Change
from guardrail.sources.base import Reference
from guardrail.sources.template import text
from guardrail.sources.template.assembly import StackTemplate
from guardrail.sources.template.declared import TemplateResource, resource_of
from guardrail.sources.template.stack import Stack, Surroundings
from guardrail.sources.template.values import Document, Table, Unresolved, items_of, joined, text_of, within
from guardrail.sources.vocabulary import spellings
from guardrail.sources.vocabulary.spellings import NESTED_STACKS

HINT = "aws cloudformation describe-change-set --include-property-values --change-set-name … --stack-name …"

_KNOWN_LATER = "{{changeSet:KNOWN_AFTER_APPLY}}"
_RELEVANT = spellings.TEMPLATE_TYPES - spellings.ASIDE
_KEEPING = ("Retain", "ReplaceAndRetain")
_ARN = re.compile(r"^arn:[^:]*:cloudformation:([^:]+):([^:]+):(?:stack|changeSet)/([^/]+)/")


class ChangeSetResources:
    """The resources of a change set before and after it is executed, with what happens to each."""

    def __init__(self, path: str, root: Table, around: Surroundings, region: str | None) -> None:
        self._path = path
        self._root = root
        arn = _ARN.match(str(root.get("StackId") or root.get("ChangeSetId") or ""))
        template = StackTemplate(
            path=path,
            root=Document({"Resources": Table()}),
            name=text_of(root.get("StackName")),
            region=arn[1] if arn else region,
            account=arn[2] if arn else None,
            tags=_tags(root.get("Tags")),
        )
        self._stack = Stack(template, around)
        self.before: dict[str, TemplateResource] = {}
        self.after: dict[str, TemplateResource] = {}
        self.changes: dict[str, Change] = {}
        self.kept: set[str] = set()
        """What AWS keeps of what the change deletes or replaces."""
        for change in self._relevant():
            self._add(change)

    def _relevant(self) -> Iterator[Table]:
        for item in items_of(self._root.get("Changes")):
            change = within(item, "ResourceChange")
            kind = within(change, "ResourceType")
            if isinstance(kind, str) and kind in _RELEVANT:
                yield change

    def _add(self, change: Table) -> None:
        logical_id, kind = str(change.get("LogicalResourceId")), str(change["ResourceType"])
        happens = _happens(change)
        self.changes[logical_id] = happens
        if change.get("PolicyAction") in _KEEPING:
            self.kept.add(logical_id)
        if kind in NESTED_STACKS:
            reason = "a nested stack has a change set of its own: check that too"
            self.after[logical_id] = resource_of(self._stack, logical_id, kind, reason)
            return
        causes = _causes(change)
        old, new = self._context(change, "BeforeContext", causes), self._context(change, "AfterContext", causes)
        if old is None and new is None:
            raise SourceError(f"{self._path} tells no properties of {logical_id[:80]}", hint=HINT)
        if happens != "create" and old is not None:
            self.before[logical_id] = resource_of(self._stack, logical_id, kind, _named(old, kind, change))
        if happens == "no-op":  # an import: what is there stays as it is
            self.before[logical_id] = resource_of(self._stack, logical_id, kind, _named(new or Table(), kind, change))
        if happens != "delete" and new is not None:
            properties = new if happens in ("create", "replace") else _named(new, kind, change)
            self.after[logical_id] = resource_of(self._stack, logical_id, kind, properties)

    def _context(self, change: Table, name: str, causes: dict[str, Reference]) -> Table | None:
        context = change.get(name)
        if not isinstance(context, str):
            return None
        properties = text.load(self._path, context.encode(errors="surrogatepass")).sound().get("Properties")
        if not isinstance(properties, Table):
            return Table()
        return Table({key: _value(value, causes.get(key)) for key, value in properties.items()})


def _happens(change: Table) -> Change:
    action = change.get("Action")
    if action == "Modify":
        return "replace" if change.get("Replacement") == "True" else "update"
    changes: dict[str, Change] = {"Add": "create", "Remove": "delete", "Import": "no-op"}
    return changes.get(str(action), "update")


def _causes(change: Table) -> dict[str, Reference]:
    """For each property whose value another resource decides, that resource."""
    causes: dict[str, Reference] = {}
    for detail in items_of(change.get("Details")):
        name, entity = within(detail, "Target", "Name"), within(detail, "CausingEntity")
        if isinstance(entity, str) and detail.get("ChangeSource") in ("ResourceReference", "ResourceAttribute"):
            address, _, attribute = entity.partition(".")
            causes[str(name)] = Reference(address, attribute)
    return causes


def _value(value: Any, cause: Reference | None) -> Any:
    """A value of a context: what another resource decides is known by that, however it reads."""
    if isinstance(value, Table):
        return Table({key: _value(item, None) for key, item in value.once().items()})
    if isinstance(value, list):
        return [_value(item, cause) for item in value]
    if cause is not None and isinstance(value, str):
        symbol = f"${{{cause.address}{'.' if cause.attribute else ''}{cause.attribute}}}"
        decided = Unresolved(AT_DEPLOYMENT, symbol, symbol=symbol, references=(cause,))
        if value == _KNOWN_LATER or "/" not in value:
            return decided
        parts = value.split("/")  # endpoint/NAME/variant/NAME
        return joined([parts[0], decided, *parts[2:]], "/") if len(parts) > 2 else decided  # noqa: PLR2004 - only there is a name in it
    if isinstance(value, str) and _KNOWN_LATER in value:
        return Unresolved(AT_DEPLOYMENT)
    return value


def _named(properties: Table, kind: str, change: Table) -> Table:
    """The properties of a resource that exists, with the name from its ARN where they do not say one."""
    name, arn = spellings.NAMED_BY.get(kind, ""), change.get("PhysicalResourceId")
    if kind not in (spellings.ENDPOINT, spellings.CONFIGURATION) or name in properties:
        return properties
    return Table({**properties, name: arn.rpartition("/")[2]}) if isinstance(arn, str) and "/" in arn else properties


def _tags(tags: Any) -> dict[str, str]:
    return {str(tag.get("Key")): str(tag.get("Value", "")) for tag in items_of(tags) if isinstance(tag, dict)}
