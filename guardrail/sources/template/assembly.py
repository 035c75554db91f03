"""Templates and the stacks they become: a file, or the cloud assembly of the CDK (``cdk.out``) with all its stacks.

Source: cloud-assembly-schema of aws-cdk; ``manifest.json`` lists stacks, nested assemblies (stages), asset manifests.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from guardrail.errors import NotATemplateError, SourceError
from guardrail.limits import NOT_JSON
from guardrail.sources.template import text
from guardrail.sources.template.files import FileTree
from guardrail.sources.template.values import Document, Table, text_of

MANIFEST = "manifest.json"
_WITHOUT_RESOURCES = {
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Mappings",
    "Metadata",
    "Parameters",
    "Rules",
}
"""Sections that a stack without resources may have."""
_ENVIRONMENT = re.compile(r"^aws://([^/]+)/(.+)$")


class ParameterValue(Struct, frozen=True):
    """A parameter's value as the user gave it."""

    value: Any
    """Text, an `Unresolved` from a parent stack, or None where the previous value is kept."""
    resolved: str | None = None
    """What an SSM parameter of that name holds."""


class StackTemplate(Struct, frozen=True, kw_only=True):
    """A template with what makes one stack of it: a name, an environment, tags, and values for its parameters."""

    path: str
    root: Document
    prefix: str = ""
    """Before its logical ids, so that those of several stacks stay apart: "" or ``Name/``."""
    origin: str = ""
    """The part of the prefix that tells another input of the run from this one, ``other.yaml:``.

    Parameters of one name are one in all inputs.
    """
    name: str | None = None
    region: str | None = None
    account: str | None = None
    tags: dict[str, str] = {}
    parameters: Mapping[str, ParameterValue] = {}


class _Artifact(Struct):
    type: str = ""
    environment: str = ""
    displayName: str = ""  # noqa: N815 - as the manifest has it
    properties: dict[str, Any] = {}


class _AssemblyManifest(Struct):
    artifacts: dict[str, _Artifact] = {}


def templates(path: str, files: FileTree) -> list[StackTemplate]:
    """The templates at ``path``: one file, or every stack of a cloud assembly.

    Raises `SourceError` where there is none, and `NotATemplateError` where a file is something else.
    """
    manifest = os.path.join(path, MANIFEST)
    if files.is_directory(path):
        content = _content(files, manifest, f"{path} is a directory without {MANIFEST}, so no CDK output")
        stacks = list(_assembly(manifest, content, files, 0))
        if not stacks:
            raise SourceError(f"{path} is a CDK output without stacks")
        return _told_apart(stacks)
    document = files.read(path)
    if document is None:
        raise SourceError(f"{path} does not exist", hint="guardrail check template.yaml")
    return [StackTemplate(path=path, root=root(path, document))]


def _told_apart(templates: list[StackTemplate]) -> list[StackTemplate]:
    """The templates with a number in the prefixes of those that another one has before: ``app/``, ``app#2/``."""
    seen: Counter[str] = Counter()
    apart: list[StackTemplate] = []
    for template in templates:
        seen[template.prefix] += 1
        number = seen[template.prefix]
        prefix = f"{template.prefix.removesuffix('/')}#{number}/" if number > 1 else template.prefix
        apart.append(replace(template, prefix=prefix))
    return apart


def change_set(path: str, files: FileTree) -> Document | None:
    """The document at ``path`` where it is a change set; None where it is something else."""
    if path != "-" and (files.is_directory(path) or not path.endswith(".json")):
        return None
    content = files.read(path)
    if content is None or b'"Changes"' not in content:
        return None
    document = text.load(path, content)
    return document.sound() if is_change_set(document) else None


def is_change_set(document: Table) -> bool:
    """Whether a document is the output of ``aws cloudformation describe-change-set``."""
    return isinstance(document.get("Changes"), list) and bool(
        {"ChangeSetId", "ChangeSetName", "StackId"} & document.keys()
    )


def root(path: str, content: bytes, *, of_cdk: bool = False) -> Document:
    """The document of a template. Raises `NotATemplateError` where it has no resources, which one of the CDK may."""
    loaded = text.load(path, content)
    body = loaded.get("TemplateBody")
    if of_cdk and "Resources" not in loaded and loaded.keys() <= _WITHOUT_RESOURCES:
        loaded["Resources"] = Table()
    if body is not None and "Resources" not in loaded:  # the output of aws cloudformation get-template
        if isinstance(body, Table):
            loaded = Document(body, loaded.duplicates)
        else:
            loaded = text.load(path, (text_of(body) or "").encode(errors="surrogatepass"))
    if "service" in loaded and "provider" in loaded:
        raise NotATemplateError(
            f"{path} is a file of the Serverless Framework, which makes a template of it", hint="npx serverless package"
        )
    if not isinstance(loaded.get("Resources"), Table):
        raise NotATemplateError(
            f"{path} is no CloudFormation template: it has no Resources", hint="guardrail check template.yaml"
        )
    return loaded


def _assembly(path: str, content: bytes, files: FileTree, depth: int) -> Iterator[StackTemplate]:
    """The stacks of one manifest and of the stages below it."""
    manifest = _decoded(path, content)
    directory = os.path.dirname(path)
    for identifier, artifact in sorted(manifest.artifacts.items()):
        if artifact.type == "cdk:cloud-assembly" and depth < 10:  # noqa: PLR2004 - stages nest a level or two
            below = os.path.join(directory, str(artifact.properties.get("directoryName", "")), MANIFEST)
            stage = _content(files, below, f"{path} names the stage {identifier}, and {below} is not there")
            yield from _assembly(below, stage, files, depth + 1)
        elif artifact.type == "aws:cloudformation:stack":
            yield _stack(directory, identifier, artifact, files)


def _content(files: FileTree, path: str, problem: str) -> bytes:
    """The content of a file of a cloud assembly. Raises `SourceError` with the problem where it is not there."""
    content = files.read(path)
    if content is None:
        raise SourceError(problem, hint="npx cdk synth")
    return content


def _decoded(path: str, content: bytes) -> _AssemblyManifest:
    try:
        return msgspec.json.decode(content, type=_AssemblyManifest)
    except NOT_JSON as error:
        raise SourceError(f"{path} is not the manifest of a CDK output: {error}", hint="npx cdk synth") from None


def _stack(directory: str, identifier: str, artifact: _Artifact, files: FileTree) -> StackTemplate:
    properties = artifact.properties
    path = os.path.join(directory, str(properties.get("templateFile", "")))
    content = _content(files, path, f"the template of the stack {identifier} is not there: {path}")
    environment = _ENVIRONMENT.match(artifact.environment)
    account, region = environment.groups() if environment else (None, None)
    name = str(properties.get("stackName") or identifier)
    return StackTemplate(
        path=path,
        root=root(path, content, of_cdk=True),
        prefix=f"{artifact.displayName or name}/".replace(" ", ""),
        name=name,
        region=None if region == "unknown-region" else region,
        account=None if account == "unknown-account" else account,
        tags=_texts(properties.get("tags")),
        parameters={
            name: ParameterValue(value)
            for name, value in _texts(properties.get("parameters")).items()
            if "${" not in value
        },
    )


def _texts(values: Any) -> dict[str, str]:
    return {str(key): str(value) for key, value in values.items()} if isinstance(values, dict) else {}


def hash_of(url: str) -> str:
    """The hash by which the CDK publishes a template: ``abc`` for https://s3.amazonaws.com/bucket/abc.json."""
    return url.rstrip("/").rpartition("/")[2].partition(".")[0]


def assets(directory: str, files: FileTree) -> dict[str, str]:
    """The local files that asset manifests of the CDK in a directory have, by the hashes they are published under."""
    paths: dict[str, str] = {}
    for manifest in files.names(directory):
        content = files.read(os.path.join(directory, manifest)) if manifest.endswith(".assets.json") else None
        for identifier, path in _in_asset_manifest(content or b"{}").items():
            paths.setdefault(identifier, os.path.join(directory, path))
    return paths


class _AssetSource(Struct, frozen=True):
    path: str | None = None


class _Asset(Struct, frozen=True):
    source: _AssetSource = _AssetSource()


class _AssetManifest(Struct):
    files: dict[str, _Asset] = {}


def _in_asset_manifest(content: bytes) -> dict[str, str]:
    try:
        files = msgspec.json.decode(content, type=_AssetManifest).files
    except NOT_JSON:
        return {}
    return {identifier: asset.source.path for identifier, asset in files.items() if asset.source.path}
