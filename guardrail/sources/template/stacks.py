"""The stacks of one side of a change: their nested stacks, their exports, and the other inputs beside them."""

import os
from contextlib import suppress
from functools import cached_property
from itertools import chain
from typing import Any

from msgspec.structs import replace

from guardrail import limits
from guardrail.errors import SourceError
from guardrail.model import Unknown
from guardrail.sources.options import InputOptions
from guardrail.sources.template import assembly
from guardrail.sources.template.assembly import ParameterValue, StackTemplate
from guardrail.sources.template.declared import TemplateResource, resources
from guardrail.sources.template.files import FileTree
from guardrail.sources.template.parameters import NONE, TemplateConfiguration
from guardrail.sources.template.stack import Stack
from guardrail.sources.template.values import Document, Table, parts_of, text_of, within
from guardrail.sources.template.world import PossibleWorld

FEW = 10
"""Other inputs that are read with every one; of more, only those that share a name are."""

_NAMING = ("EndpointName", "EndpointConfigName", "InferenceComponentName", "ResourceId", "Fn::ImportValue")
"""Properties, and dimensions of metrics, that hold, or end in, a name which another template may use."""

_SAFE_CHILD_KEYS = ("TemplateURL", "Location")


class Origin:
    """The templates of one side, and where files beside them come from."""

    def __init__(self, templates: list[StackTemplate], files: FileTree, inputs: InputOptions) -> None:
        self.templates = templates
        self.files = files
        self.inputs = inputs
        self.texts: set[str] = set()
        """The files whose text stands in a template, by their real paths."""
        self._roots: dict[str, Document] = {}
        self._assets: dict[str, dict[str, str]] = {}

    @staticmethod
    def of(path: str, files: FileTree, inputs: InputOptions) -> "Origin":
        """The templates at ``path``."""
        return Origin(assembly.templates(path, files), files, inputs)

    def nested(self, path: str) -> Document | None:
        """The document of a nested template; read once."""
        if path not in self._roots:
            content = self.files.read(path)
            if content is None:
                return None
            self._roots[path] = assembly.root(path, content)
        return self._roots[path]

    def asset(self, directory: str, url: str) -> str | None:
        """The local file that a template URL of the CDK stands for; None where none is known."""
        if directory not in self._assets:
            self._assets[directory] = assembly.assets(directory, self.files)
        return self._assets[directory].get(assembly.hash_of(url))

    def _speaking(self) -> list[str]:
        """The other inputs that may matter: all, where they are few, else those that a name of this one stands in."""
        if len(self.inputs.beside) <= FEW:
            return list(self.inputs.beside)
        names = {name for template in self.templates for name in _names_in(template.root)}
        words = {name.encode(errors="surrogatepass") for name in names}
        contents = {path: self.files.read(path) or b"" for path in self.inputs.beside}
        return [path for path, content in contents.items() if any(word in content for word in words)]

    @cached_property
    def beside(self) -> dict[str, list[StackTemplate]]:
        """The templates of the other inputs that may matter here, by path."""
        found: dict[str, list[StackTemplate]] = {}
        for path in self._speaking():
            with suppress(SourceError):  # it is read on its own account, and then says what is wrong
                found[path] = [
                    replace(template, prefix=f"{path}:{template.prefix}", origin=f"{path}:")
                    for template in assembly.templates(path, self.files)
                ]
        return found


def _names_in(root: Table) -> set[str]:
    """The texts of a template that may be the names of resources or exports, as they are written.

    What is called ``Name`` is one of an export alone: every alarm has a dimension of the name EndpointName.
    """
    found = set[str]()
    for section, naming in (("Resources", _NAMING), ("Outputs", (*_NAMING, "Name"))):
        for part in parts_of(root.get(section)):
            if isinstance(part, dict):
                texts = [part.get(key) for key in naming]
                texts += [part.get("Value")] if part.get("Name") in _NAMING else []
                found.update(_name_in(text) for text in texts if isinstance(text, str))
    return found


def _name_in(text: str) -> str:
    """The name in a resource id: ``chat`` in ``endpoint/chat/variant/main``; any other text is one itself."""
    kind, _, rest = text.partition("/")
    return rest.partition("/")[0] if kind in ("endpoint", "inference-component") else text


class Stacks:
    """The stacks of one side in one world, which find their nested stacks and each other's exports here."""

    def __init__(self, origin: Origin, world: PossibleWorld, parameters: TemplateConfiguration = NONE) -> None:
        self.world = world
        self._parameters = parameters
        self._origin = origin
        self._within: dict[str, frozenset[str]] = {}
        """The templates that each nested stack stands in, by its prefix."""
        self.stacks = [self._root(template) for template in origin.templates]

    def _root(self, template: StackTemplate) -> Stack:
        completed = replace(
            template,
            region=template.region or self._origin.inputs.region,
            tags={**template.tags, **self._parameters.tags},
            parameters={**template.parameters, **self._parameters.values},
        )
        return Stack(completed, self)

    @cached_property
    def beside(self) -> dict[str, list[Stack]]:
        """The stacks of the other inputs, by the path of each."""
        return {path: [*map(self._root, templates)] for path, templates in self._origin.beside.items()}

    def child(self, stack: Stack, logical_id: str, resource: Table) -> Stack | Unknown:
        """The nested stack that a resource declares; Unknown where its template is not here."""
        path = self._child_path(stack, resource)
        if isinstance(path, Unknown):
            return path
        try:
            root = self._origin.nested(path)
        except SourceError as error:
            return Unknown(f"its template cannot be read: {error.message}")
        if root is None:
            return Unknown(f"its template is not here: {path}")
        prefix = f"{stack.prefix}{logical_id}/"
        within = self._within.get(stack.prefix, frozenset()) | {os.path.normpath(stack.path)}
        if os.path.normpath(path) in within:
            return Unknown("its template is nested in itself")
        self._within[prefix] = within
        if len(self._within) > limits.MOST_STACKS:
            return Unknown(f"more than {limits.MOST_STACKS:,} stacks are nested")
        values = stack.properties_value(resource, "Parameters")
        given = {name: ParameterValue(value) for name, value in values.items()} if isinstance(values, Table) else {}
        template = replace(stack.template, root=root, path=path, prefix=prefix, name=None, parameters=given)
        return Stack(template, self, (stack, logical_id))

    def _child_path(self, stack: Stack, resource: Table) -> str | Unknown:
        """The local file that a nested stack's template is: as the CDK notes it, as a path, or as a published asset."""
        directory = os.path.dirname(stack.path)
        noted = within(resource, "Metadata", "aws:asset:path")
        if isinstance(noted, str):
            return os.path.join(directory, noted)
        url = next(
            (value for value in (stack.properties_value(resource, key) for key in _SAFE_CHILD_KEYS) if value), None
        )
        text = (url.partial if isinstance(url, Unknown) else text_of(url)) or ""
        if not text:
            return Unknown(
                f"its template is not known: {url.reason}" if isinstance(url, Unknown) else "it names no template"
            )
        if "://" not in text and "${" not in text:
            return os.path.join(directory, text.removeprefix("file:"))
        asset = self._origin.asset(directory, text)
        return asset if asset is not None else Unknown(f"its template is not here: {text[:200]}")

    @cached_property
    def _exports(self) -> dict[str, tuple[Stack, str]]:
        """By the name that it is exported under, a stack and its output; the first one counts."""
        found: dict[str, tuple[Stack, str]] = {}
        for stack in (*self.stacks, *chain.from_iterable(self.beside.values())):
            for exported, output in stack.exports().items():
                found.setdefault(exported, (stack, output))
        return found

    def export(self, name: str) -> Any:
        """What a stack of this side, or of another input, exports under a name; None where none does."""
        if name not in self._exports:
            return None
        stack, output = self._exports[name]
        return stack.output(output)

    def output(self, stack: str, name: str) -> Any:
        """The value of an output of the stack of that name; None where it is not here."""
        producer = next((producer for producer in self.stacks if producer.template.name == stack), None)
        return None if producer is None else producer.output(name)

    def file(self, path: str) -> bytes | None:
        """The content of a file beside a template; None where it is not here."""
        content = self._origin.files.read(path)
        if content is not None:
            self._origin.texts.add(os.path.realpath(path))
        return content

    def resources(self, beside: str | None = None) -> dict[str, TemplateResource]:
        """Every resource that matters, by address: of these stacks, or of those of the input ``beside`` them."""
        by_address: dict[str, TemplateResource] = {}
        for stack in self.stacks if beside is None else self.beside[beside]:
            for resource in resources(stack):
                address = resource.block.address
                if address not in by_address:
                    by_address[address] = resource
                    continue
                reason = f"another resource has the address {address} too"
                other = f"{address}#{len(by_address)}"
                by_address[other] = replace(resource, block=replace(resource.block, address=other), reason=reason)
        return by_address
