"""Module instances: what the names in a module mean, and which instances its blocks have.

Everything is worked out once, when somebody asks. What asks for itself is unknown, with that as its reason.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from typing import Any, TypeAlias, TypeVar

from msgspec.structs import replace

from guardrail.errors import LimitError, SourceError
from guardrail.expressions import expression
from guardrail.model import Location, Skipped, Unknown
from guardrail.sources.base import LOST, Computed
from guardrail.sources.hcl import syntax
from guardrail.sources.hcl.arithmetic import Number
from guardrail.sources.hcl.disk import Disk, ModuleSource
from guardrail.sources.hcl.evaluate import Namespace, evaluate, known_or_reason, worked_out
from guardrail.sources.hcl.files import Filesystem
from guardrail.sources.hcl.installed import Installed
from guardrail.sources.hcl.instances import Instance, LazyValue
from guardrail.sources.hcl.origins import Binding, bound
from guardrail.sources.hcl.providers import passed_on, provider_name, provider_of_block
from guardrail.sources.hcl.resources import DataSource, ResourceInstance
from guardrail.sources.hcl.scope import EvaluationScope, Trace
from guardrail.sources.hcl.types import convert, declared, items_of, number_of, text_of, truth_of
from guardrail.sources.hcl.undecided import Decision
from guardrail.sources.hcl.values import (
    Attributes,
    EvaluationError,
    Sensitive,
    SetValue,
    UndecidedInstances,
    marked,
    materialized,
    plain,
)
from guardrail.sources.hcl.variables import AssignedValue
from guardrail.sources.providers import Provider

_DEEPEST = 32
_MOST_MODULES = 20_000
_NO_INFERENCE = frozenset(
    (
        *("acm", "alb", "autoscaling", "cloudfront", "dynamodb-table", "ec2-instance", "ecr", "ecs", "efs", "eks"),
        *("elasticache", "elb", "iam", "key-pair", "kms", "lambda", "msk-kafka-cluster", "opensearch", "rds"),
        *("rds-aurora", "redshift", "route53", "s3-bucket", "secrets-manager", "security-group", "sns", "sqs"),
        *("ssm-parameter", "transit-gateway", "vpc", "vpn-gateway"),
    )
)
"""Modules of terraform-aws-modules in the public registry that declare nothing of SageMaker's."""
_INSTANCE = 40
"""What an instance of a block costs, in values of `guardrail.limits.Allowance`: 25,000 are the most in sum."""


class RootConfiguration:
    """What one reading of one root module shares."""

    def __init__(
        self,
        disk: Disk,
        directory: str,
        workspace: str | Unknown | None,
        trace: Trace | None = None,
        *,
        present: "RootConfiguration | None" = None,
        renamed: Mapping[str, str] | None = None,
    ) -> None:
        self.disk = disk
        self.renamed = renamed or {}
        """By address, another one that a resource of the past is known by."""
        self.present = present
        """Of a past: what it has become, whose fetched modules are the ones that are here."""
        self.fetched: dict[tuple[str, ...], tuple[str, str]] = {}
        """Source and version of each module that ``terraform init`` has put in its place, by the path of calls."""
        self.directory = directory
        self._workspace = workspace
        self.assumes_workspace = False
        """Whether something asked for the workspace, and nothing tells it."""
        self.trace = trace or Trace()
        self.files = Filesystem(directory, disk.tree, self.trace.allowance)
        self.installed = Installed(directory, disk)
        self.missing: list[Skipped] = []
        """Modules that are called and cannot be read."""
        self.undecided: dict[str, str] = {}
        """Why the number of instances of a block is unknown, by its address."""
        self.repeated: set[str] = set()
        """The addresses of those among them that may have more than one instance."""
        self.decisions: dict[str, tuple[Decision, ...]] = {}
        """What the number of instances of each block depends on, where it is unknown."""
        self.types: dict[str, str] = {}
        """The type of each resource that has been worked out, by its address."""
        self.modules = 0
        self.sources: dict[str, ModuleSource] = {}
        """The modules that are in use, by their directories."""

    def about_terraform(self, name: str) -> Any:
        """What ``terraform.workspace`` means. Raises `EvaluationError` for every other name."""
        if name != "workspace":
            raise EvaluationError(f"there is nothing called terraform.{name}")
        self.assumes_workspace = self._workspace is None
        return "default" if self._workspace is None else self._workspace


_ObjectName: TypeAlias = str | tuple[str, str]
_T = TypeVar("_T")


class ModuleInstance(Attributes):
    """One instance of a module."""

    def __init__(  # noqa: PLR0913 - what a call passes on
        self,
        source: ModuleSource,
        configuration: RootConfiguration,
        *,
        address: str = "",
        path: tuple[str, ...] = (),
        arguments: dict[str, LazyValue] | None = None,
        providers: Mapping[str, Provider] | None = None,
        called_at: Location | None = None,
    ) -> None:
        self.source = source
        self.configuration = configuration
        configuration.sources[source.directory] = source
        self.trace = configuration.trace
        self.address = address
        self.names = path
        """The names of the calls that lead here."""
        self.called_at = called_at
        """The call that brought it in; None for the root."""
        self.scope = EvaluationScope(self)
        self.places = frozenset({source.place})
        """The places of the modules that lead here, and its own."""
        self.calls_around: tuple[syntax.BlockNode, ...] = ()
        """The module blocks that lead here."""
        self.parent: ModuleInstance | None = None
        """The module that calls it; None for the root."""
        self.bound: Mapping[str, Binding] = {}
        """What the names that the ``for_each`` of its call brings are elements of."""
        self.given: Mapping[str, syntax.Argument] = {}
        """Of the root: the values of its variables that stand in files."""
        self.glob = ""
        """Its address with ``*`` for every key."""
        self.arguments = {} if arguments is None else arguments
        """What the call gives for variables."""
        self._cells: dict[tuple[str, _ObjectName], LazyValue] = {}
        self._roots: dict[str, Any] = {}
        self._inherited = providers or {}
        source.locals, source.providers  # noqa: B018 - an error in them is one, whether anybody asks for them or not

    @cached_property
    def providers(self) -> Mapping[str, Provider]:
        """The provider configurations that its blocks can use, by the name they have in it."""
        own: list[tuple[str, Provider]] = []
        for written in self.source.providers:
            for_each = written.body.expression("for_each")
            instances = [Instance(None, {})] if for_each is None else self._keyed(known_or_reason(for_each, self.scope))
            for instance in instances:
                scope = self.scope.with_names(instance.names)
                own.append(provider_of_block(written, scope, self.address, suffix=instance.suffix))
        return {**self._inherited, **dict(own)}

    def provider_of(self, body: syntax.Body, type_: str, scope: EvaluationScope) -> Provider:
        """The provider configuration of a resource or data source; one without a block tells nothing but its key."""
        name = provider_name(body, type_, scope)
        return self.providers.get(name) or Provider(name)

    # What names mean ---------------------------------------------------------------------------------------------

    def root(self, name: str) -> Any:
        """The value of a name at the start of a reference. Raises `EvaluationError` where it means nothing."""
        if name not in self._roots:
            self._roots[name] = self._root(name)
        return self._roots[name]

    def _root(self, name: str) -> Any:  # noqa: PLR0911 - one return for each name
        match name:
            case "var":
                return Namespace(self.variable)
            case "local":
                return Namespace(self.local)
            case "module":
                return Namespace(self.call_value)
            case "data":
                return Namespace(lambda type_: Namespace(lambda label: self.block_value("data", type_, label)))
            case "path":
                return {"module": self._path(), "root": ".", "cwd": os.path.abspath(self.configuration.directory)}
            case "terraform" | "tofu":
                return Namespace(self.configuration.about_terraform)
        if name in self.source.resource_types:
            return Namespace(lambda label: self.block_value("resource", name, label))
        raise EvaluationError(f"there is nothing called {name}")

    @property
    def files(self) -> Filesystem:
        """The files that functions read, relative to the root module."""
        return self.configuration.files

    def _path(self) -> str:
        """The module's own directory, as it is reached from that of the root module."""
        if not self.names:
            return "."
        return os.path.relpath(self.source.directory, self.configuration.directory).replace(os.sep, "/")

    def _value(self, kind: str, name: _ObjectName, table: Mapping[Any, _T], compute: Callable[[_T], Any]) -> Any:
        """The value of what is declared with a name, worked out once. Raises `EvaluationError` where nothing is."""
        cell = self._cells.get((kind, name))
        if cell is None:
            if name not in table:
                shown = name if isinstance(name, str) else ".".join(name)
                raise EvaluationError(f"there is no {kind} {shown}{self.address and f' in {self.address}'}")
            cell = self._cells[kind, name] = LazyValue(partial(compute, table[name]))
        return cell.get(self.trace)

    def variable(self, name: str) -> Any:
        """The value of an input variable."""
        return self._value("variable", name, self.source.variables, partial(self._variable, name))

    def _variable(self, name: str, declared: syntax.BlockNode) -> Any:
        body = declared.body
        nullable = self._constant(body, "nullable") is not False
        value = self.arguments[name].get(self.trace) if name in self.arguments else None
        given = name in self.arguments and (value is not None or nullable)
        if not given:
            default = body.expression("default")
            if default is None:
                reason = f'variable "{name}" has no value'
                return Computed(reason=reason, partial=f"${{{self._dotted('var', name)}}}", references=(LOST,))
            value = known_or_reason(default, self.scope)
        return self._declared(value, name, body)

    def _declared(self, value: Any, name: str, body: syntax.Body) -> Any:
        """A value of the type that the variable is declared with, marked where it is declared sensitive."""
        type_ = body.expression("type")
        is_sensitive = self._constant(body, "sensitive") is True
        if type_ is not None:
            try:
                value = convert(value, declared(type_, self.trace.allowance), self.trace.allowance)
            except EvaluationError as error:
                return Computed(reason=f'the value of variable "{name}" does not fit its type: {error.reason}')
        if is_sensitive:
            self.trace.has_sensitive = True
            return marked(value)
        return value

    def _constant(self, body: syntax.Body, name: str) -> Any:
        expression = body.expression(name)
        return None if expression is None else known_or_reason(expression, self.scope)

    def _dotted(self, *parts: str) -> str:
        return ".".join(part for part in (self.address, *parts) if part)

    def local(self, name: str) -> Any:
        """The value of a local value."""
        return self._value("local value", name, self.source.locals, lambda node: evaluate(node, self.scope))

    # Outputs and calls -------------------------------------------------------------------------------------------

    def attribute(self, name: str) -> Any:
        """The value of an output."""
        return self._value("output", name, self.source.outputs, self._output)

    def _output(self, written: syntax.BlockNode) -> Any:
        expression = written.body.expression("value")
        if expression is None:
            raise EvaluationError("the output has no value")
        value = evaluate(expression, self.scope)
        if self._constant(written.body, "sensitive") is True:
            self.trace.has_sensitive = True
            return marked(value)
        return value

    def whole(self) -> Any:
        """All outputs."""
        return {name: self.attribute(name) for name in self.source.outputs}

    def call_value(self, name: str) -> Any:
        """What ``module.name`` means: one instance, or a list or map of them."""
        return self._value("module", name, self.source.calls, partial(self._called, name))

    def _called(self, name: str, written: syntax.BlockNode) -> Any:
        instances = self._expanded(written, self._dotted("module", name))
        directory = self._directory_of(name, written) if instances else ""
        made = [self._module(name, written, directory, instance) for instance in instances]
        return _collected(instances, made, written.body)

    def _module(self, name: str, written: syntax.BlockNode, directory: str | Skipped, instance: Instance) -> Any:
        """One instance of the module in a directory; an entry among the missing where it cannot be read."""
        address = self._dotted("module", name) + instance.suffix
        if len(self.names) >= _DEEPEST or self.configuration.modules >= _MOST_MODULES:
            directory = _not_read("modules are nested too deeply, or there are too many of them")
        if isinstance(directory, Skipped):
            self.configuration.missing.append(replace(directory, address=address))
            return MissingModule(address)
        self.configuration.modules += 1
        scope = self.scope.with_names(instance.names)
        module = ModuleInstance(
            self.configuration.disk.module(directory),
            self.configuration,
            address=address,
            path=(*self.names, name),
            arguments={
                argument.name: LazyValue(partial(evaluate, argument.expression, scope))
                for argument in written.body.arguments.values()
                if argument.name not in _META_ARGUMENTS
            },
            providers=passed_on(self.providers, written.body.expression("providers"), scope),
            called_at=written.location(self.called_at),
        )
        keyed = instance.key is not None or instance.unknown is not None
        module.glob = ".".join(part for part in (self.glob, "module", name + ("[*]" if keyed else "")) if part)
        module.calls_around = (*self.calls_around, written)
        module.parent, module.bound = self, bound(written, "each", self.scope, instance.key)
        module.places |= self.places
        return module

    def _directory_of(self, name: str, written: syntax.BlockNode) -> str | Skipped:
        """The directory of a called module, or the reason why it cannot be read, for the message on its instances."""
        source = self.source_of(written)
        if isinstance(source, Unknown):
            return _not_read(f"where its source is cannot be known: {source.reason}")
        if source.startswith(("./", "../")) or source in (".", ".."):
            directory: str | None = os.path.normpath(os.path.join(self.source.directory, source))
        else:
            directory = self._fetched(name, source, written)
        wrong = self._wrong_with(directory)
        if wrong is not None or directory is None:
            bills = directory is not None or not _makes_no_inference(source)
            return _not_read(f'its source is "{_without_secrets(source)}", and {wrong}', bills=bills)
        return directory

    def _fetched(self, name: str, source: str, written: syntax.BlockNode) -> str | None:
        """Where ``terraform init`` has put a module; None where it has not, or has put another one than the past's."""
        version = written.body.expression("version")
        wanted = source, str(version.value) if isinstance(version, syntax.Literal) else ""
        path, present = (*self.names, name), self.configuration.present
        if present is not None and present.fetched.get(path) != wanted:
            return None
        self.configuration.fetched[path] = wanted
        return self.configuration.installed.directory(path)

    def _wrong_with(self, directory: str | None) -> str | None:
        """Why the module in a directory, None where it has not been fetched, is not read; None where it can be."""
        if directory is None:
            return "it is not here; terraform init fetches it"
        tree = self.configuration.disk.tree
        try:
            if not tree.holds(directory):
                return "that leads out of the repository"
            if not tree.is_directory(directory):
                return "there is no such directory"
            if tree.real(directory) in self.places:
                return "that calls itself"
            return (
                None if tree.names(directory) else "nothing is there; git submodule update --init fetches a submodule"
            )
        except SourceError as error:
            return error.message

    def source_of(self, written: syntax.BlockNode) -> str | Unknown:
        """Where a call says that its module is."""
        expression = written.body.expression("source")
        source = Unknown("it names none") if expression is None else known_or_reason(expression, self.scope)
        if isinstance(source, (str, Unknown)):
            return source
        return Unknown("it is no text")

    def children(self) -> "Iterator[ModuleInstance]":
        """Every instance of every module that is called here and can be read."""
        for name in self.source.calls:
            yield from self.called(name)

    def called(self, name: str) -> "Iterator[ModuleInstance]":
        """Every instance of the module that one call makes, where it can be read."""
        for made in _elements(self.call_value(name)):
            if isinstance(made, ModuleInstance):
                yield made

    # Resources and data sources ----------------------------------------------------------------------------------

    def block_value(self, kind: str, type_: str, name: str) -> Any:
        """What a reference to a resource or data source means: one instance, or a list or map of them."""
        table = self.source.data if kind == "data" else self.source.resources
        title = "data source" if kind == "data" else kind
        return self._value(title, (type_, name), table, partial(self._block_value, kind))

    def _block_value(self, kind: str, written: syntax.BlockNode) -> Any:
        type_, name = written.labels
        address = self._dotted(*(("data",) if kind == "data" else ()), type_, name)
        instances = self._expanded(written, address)
        make = DataSource if kind == "data" else ResourceInstance
        called = self.configuration.renamed
        addresses = [address + instance.suffix for instance in instances]
        made = [
            make(self, written, called.get(each, each), instance)
            for each, instance in zip(addresses, instances, strict=True)
        ]
        if kind != "data":
            self.configuration.types.update((block.address, type_) for block in made)
        return _collected(instances, made, written.body)

    def instances(self, type_: str, name: str) -> list[Any]:
        """The instances of a resource block."""
        return list(_elements(self.block_value("resource", type_, name)))

    def _expanded(self, written: syntax.BlockNode, address: str) -> list[Instance]:
        """The instances that ``count``, ``for_each`` or ``enabled`` make of a block."""
        body = written.body
        count, for_each = body.expression("count"), body.expression("for_each")
        instances, asked = self.trace.apart(lambda: self._instances(body, count, for_each))
        self.trace.touched.update((item, None) for item in asked if not isinstance(item, Decision))
        for instance in instances:
            if instance.unknown is not None:
                self.configuration.undecided[address] = instance.unknown.reason
                self.configuration.decisions[address] = tuple(item for item in asked if isinstance(item, Decision))
                if not self._is_one_at_most(count or for_each):
                    self.configuration.repeated.add(address)
        return instances

    def _instances(
        self, body: syntax.Body, count: syntax.Expression | None, for_each: syntax.Expression | None
    ) -> list[Instance]:
        if count is not None:
            return self._counted(known_or_reason(count, self.scope))
        return self._enabled(body) if for_each is None else self._keyed(known_or_reason(for_each, self.scope))

    def _is_one_at_most(self, number: syntax.Expression | None) -> bool:
        """Whether ``count`` or ``for_each`` makes one at most: ``var.create ? 1 : 0``; None stands for ``enabled``."""
        if isinstance(number, syntax.Conditional):
            return all(self._is_one_at_most(branch) for branch in (number.then, number.otherwise))
        value = True if number is None else plain(known_or_reason(number, self.scope))
        return len(value) <= 1 if isinstance(value, (list, dict)) else value in (0, 1, "0", "1")

    def _enabled(self, body: syntax.Body) -> list[Instance]:
        """One instance or none, as ``lifecycle { enabled }`` says (OpenTofu 1.11)."""
        lifecycle = body.first("lifecycle")
        expression = lifecycle.body.expression("enabled") if lifecycle else None
        enabled = True if expression is None else _worked_out_as(truth_of, known_or_reason(expression, self.scope))
        if isinstance(enabled, Unknown):
            return [Instance(None, {}, enabled)]
        return [Instance(None, {})] if enabled else []

    def _counted(self, value: Any) -> list[Instance]:
        count = _REFUSED if isinstance(value, Sensitive) else _worked_out_as(number_of, value)
        count = count if isinstance(count, Unknown) else self._granted(count)
        if isinstance(count, Unknown):
            return [Instance(None, {"count": {"index": Computed(reason=count.reason)}}, count)]
        return [Instance(index, {"count": {"index": index}}) for index in range(count)]

    def _granted(self, count: Number) -> int | Unknown:
        """How many instances a block has; why not, where it cannot have this many."""
        if not isinstance(count, int) or count < 0:
            return Unknown(f"{text_of(count)} is no count")
        try:
            self.trace.allowance.values(_INSTANCE * count)
        except LimitError as error:
            return Unknown(error.message)
        return count

    def _keyed(self, value: Any) -> list[Instance]:
        value = _REFUSED if isinstance(value, Sensitive) or _has_sensitive_keys(value) else value
        element: Any = None
        if isinstance(value, UndecidedInstances):
            element, value = value.element, value.whole()
        value = materialized(value)
        if isinstance(value, SetValue) and any(isinstance(plain(item), Unknown) for item in value):
            value = next(plain(item) for item in value if isinstance(plain(item), Unknown))
        if not isinstance(value, (Unknown, SetValue, dict)):
            value = Unknown("for_each is given something that is no map and no set of texts")
        elif not isinstance(value, Unknown):
            granted = self._granted(len(value))
            value = granted if isinstance(granted, Unknown) else value
        if isinstance(value, Unknown):
            unknown = Computed(reason=value.reason, references=getattr(value, "references", (LOST,)))
            each = {"key": unknown, "value": unknown if element is None else element}
            return [Instance(None, {"each": each}, value)]
        return [
            Instance(text_of(key) or "", {"each": {"key": text_of(key) or "", "value": item}})
            for key, item in items_of(value)
        ]


_REFUSED = Unknown("it is sensitive, which Terraform refuses")


def _has_sensitive_keys(value: Any) -> bool:
    return isinstance(value, SetValue) and any(isinstance(item, Sensitive) for item in value)


_META_ARGUMENTS = frozenset({"source", "version", "count", "for_each", "providers", "depends_on"})


class MissingModule(Attributes):
    """A module that could not be read: its outputs are unknown."""

    __slots__ = ("_address",)

    def __init__(self, address: str) -> None:
        self._address = address

    def attribute(self, name: str) -> Any:
        """An output, which only the module itself could tell."""
        return Computed(
            reason=f"{self._address} could not be read", partial=f"${{{self._address}.{name}}}", references=(LOST,)
        )

    def whole(self) -> Any:
        """Nobody knows what outputs there are."""
        return Computed(reason=f"{self._address} could not be read", references=(LOST,))


def _not_read(reason: str, *, bills: bool = True) -> Skipped:
    return Skipped(address="", type="module", reason=reason, affects_total=bills)


def _without_secrets(source: str) -> str:
    """An address without the user, the password and the keys in it: ``https://…@host/x?ref=v1``."""
    address, mark, query = source.partition("?")
    kept = "&".join(part for part in query.split("&") if part.startswith(_HARMLESS))
    return _USER.sub("//…@", address) + mark + (kept or ("…" if mark else ""))


_USER = expression(r"//[^/]*@")
_HARMLESS = ("ref=", "depth=", "archive=")


def given(values: Mapping[str, AssignedValue], scope: EvaluationScope) -> dict[str, LazyValue]:
    """Values assigned to the variables of a root module, as the arguments of its call."""
    return {name: LazyValue(partial(_given, value, scope)) for name, value in values.items()}


def _given(value: AssignedValue, scope: EvaluationScope) -> Any:
    if isinstance(value, syntax.Argument):
        return evaluate(value.expression, scope)
    return value if isinstance(value, Unknown) else evaluate(value, scope)


def _collected(instances: list[Instance], made: list[Any], body: syntax.Body) -> Any:
    """The instances as a reference sees them."""
    if instances and instances[0].unknown is not None:
        return UndecidedInstances(made[0], instances[0].unknown)
    if body.expression("count") is not None:
        return made
    if body.expression("for_each") is not None:
        return {instance.key: value for instance, value in zip(instances, made, strict=True)}
    return made[0] if made else None


def _worked_out_as(convert_: Callable[[Any], _T], value: Any) -> _T | Unknown:
    """A value as a number or truth; why it is none where it is not, or is not known."""
    value = plain(value)
    result: _T | Unknown = value if isinstance(value, Unknown) else worked_out(partial(convert_, value))
    return result


def _elements(value: Any) -> list[Any]:
    if isinstance(value, UndecidedInstances):
        return [value.element]
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        return list(value.values())
    return [] if value is None or isinstance(value, Unknown) else [value]


def _makes_no_inference(source: str) -> bool:
    """Whether a module of the public registry is one that holds no endpoint: ``terraform-aws-modules/vpc/aws``."""
    parts = source.removeprefix("registry.terraform.io/").partition("//")[0].split("/")
    return len(parts) == 3 and (parts[0], parts[2]) == ("terraform-aws-modules", "aws") and parts[1] in _NO_INFERENCE  # noqa: PLR2004 - namespace, name, provider
