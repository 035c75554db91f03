"""New resources beside a scaling target, or an endpoint, of Terraform source: where it is, as it is, under free names.

They take its provider, region, ``count`` or ``for_each``, for without them they would be in another place or number. An
alarm's name comes from its endpoint: CloudWatch puts an alarm over the one that has its name.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import cast

from msgspec import Struct

from guardrail.fixes.additions import BACKLOG, WAKE_STEP, tracked_metric, wake_alarm, wake_settings, waking
from guardrail.fixes.arguments import with_action
from guardrail.fixes.base import AddTarget, AddTracking, AddWake, EditedText, NoFixError
from guardrail.fixes.blocks import (
    BlockBody,
    BlockValue,
    ExpressionText,
    InterpolatedText,
    Nested,
    ResourceBlock,
    as_json,
    in_json,
    native,
)
from guardrail.fixes.json_edits import with_entry
from guardrail.fixes.marks import Marked, json_marks
from guardrail.fixes.source_files import editable, owner_at, shift_of, source_of
from guardrail.fixes.switched_off import Sought, referred_in, refuse_switched_off
from guardrail.model import INSTANCE_COUNT, Unknown
from guardrail.sources.hcl import syntax
from guardrail.sources.hcl.endings import IN_JSON
from guardrail.sources.hcl.ignored import ignored_changes
from guardrail.sources.hcl.modules import ModuleInstance
from guardrail.sources.hcl.reader import RootModule
from guardrail.sources.hcl.resources import ResourceInstance
from guardrail.sources.vocabulary.spellings import ALARM, POLICY, TARGET, spelling_of, types_of

_TARGET, _POLICY = "aws_appautoscaling_target", "aws_appautoscaling_policy"
_ALARM, _ENDPOINT = "aws_cloudwatch_metric_alarm", "aws_sagemaker_endpoint"
_CONFIGURATION = "aws_sagemaker_endpoint_configuration"
_NAMED = re.compile(
    r'"(?:endpoint|inference-component)/(?:\$\{(?P<expression>[^{}"]+)\}|(?P<name>[A-Za-z0-9-]+))(?:/variant/[^"]*)?"'
)
_ONE_OR_NONE = re.compile(r"[^?]*\?\s*(?:1\s*:\s*0|0\s*:\s*1)\s*|1")
_ACTIONS = "alarm_actions"
_PROVIDER = "provider"
_META = (_PROVIDER, "count", "for_each", "region")
"""What new blocks take over, so that they are where and as often as the one that they stand behind."""
_REST_OF_LINE = re.compile(r"(?:[ \t]*/\*.*?\*/)*[^\n]*", re.DOTALL)
"""Behind the brace that closes a block stand comments, which may go over several lines."""
_UNSAFE = re.compile(r"\b(?:self|path)\.")


class _Around(Struct, frozen=True):
    """The block that new ones stand behind."""

    block: ResourceInstance
    meta: tuple[tuple[str, BlockValue], ...]
    """Its provider, count, for_each and region, as they are written."""
    index: str
    """What stands behind its address to mean the same instance: ``[each.key]``."""

    @property
    def address(self) -> str:
        """Itself, as others of its module refer to it."""
        return ".".join(self.block.written.labels) + self.index


class NewResources:
    """Adds resources to the module that a block stands in."""

    def __init__(self, root: RootModule, resources: Mapping[str, ResourceInstance]) -> None:
        self._root = root
        self._resources = resources

    def added(self, change: AddTarget | AddTracking | AddWake) -> dict[str, str]:
        """The new text of the file of the block that it stands behind, by real path. Raises `NoFixError`."""
        if isinstance(change, AddTarget):
            around = self._around(change.endpoint, _ENDPOINT)
            self._refuse_switched_off(around, change)
            return self._behind(around.block, [self._target(around, change)])
        around = self._around(change.target, _TARGET)
        self._refuse_switched_off(around, change)
        if isinstance(change, AddWake) and change.alarm is not None and change.policy is not None:
            with suppress(NoFixError):  # then it gets an alarm beside that one
                return self._with_action(around, self._resources[change.alarm], self._resources[change.policy])
        made = [self._tracking(around, change)] if isinstance(change, AddTracking) else self._wake(around, change)
        return self._behind(around.block, list(made))

    def _refuse_switched_off(self, around: _Around, change: AddTarget | AddTracking | AddWake) -> None:
        """Raise where a block that is repeated no times here would do what is to be added."""
        for sought in self._sought(around, change):
            refuse_switched_off(self._module_of(around), self._resources.values(), sought)

    def _sought(self, around: _Around, change: AddTarget | AddTracking | AddWake) -> Iterator[Sought]:
        """What is to be added, as other blocks may do it already."""
        own = referred_in(around.block)
        match change:
            case AddTarget():
                yield Sought(TARGET, own, _known(around.block.attribute("name")))
            case AddTracking():
                yield Sought(POLICY, own, self._scaled(around), "(?i)target_?tracking")
            case AddWake():
                existing = self._resources.get(change.policy or "")
                if existing is None:
                    yield Sought(POLICY, own, self._scaled(around), "(?i)step_?scaling")
                else:
                    own |= {".".join(existing.written.labels)}
                yield Sought(ALARM, own, self._scaled(around), waking(copies=change.copies)[0])

    def _scaled(self, around: _Around) -> str | None:
        """The name of the endpoint, or component, that a target scales, where it is known."""
        parts = (_known(around.block.attribute("resource_id")) or "").split("/")
        return parts[1] if len(parts) > 1 else None

    def _around(self, address: str, type_: str) -> _Around:
        block = self._resources.get(address)
        if block is None:
            raise NoFixError(f"nobody can tell where {address} is written")
        if block.type != type_ and not (type_ == _TARGET and self._is_target_beside(block)):
            raise NoFixError(f"{address} is of {block.type}, beside which no new resources are written")
        body = block.written.body
        meta: list[tuple[str, BlockValue]] = []
        index = ""
        for name in _META:
            if name not in body.arguments:
                continue
            text = self._meta(block, name)
            if name == "count":
                index = "[0]" if _ONE_OR_NONE.fullmatch(text) else "[count.index]"
            if name == "for_each":
                index = "[each.key]"
            meta.append((name, text if name == "provider" and self._is_json(block) else ExpressionText(text)))
        return _Around(block, tuple(meta), index)

    def _is_target_beside(self, block: ResourceInstance) -> bool:
        """Whether it is a target of the provider awscc, in a module that uses aws too, both as they are configured."""
        own = _PROVIDER in block.written.body.arguments
        others = (
            _PROVIDER not in each.legible_body.arguments
            for (type_, _), each in cast("ModuleInstance", block.module).source.resources.items()
            if type_.startswith("aws_")
        )
        return block.type in types_of(TARGET) and not own and any(others)

    def _meta(self, block: ResourceInstance, name: str) -> str:
        """A meta-argument as it is written; one of several lines is told by the block that has it."""
        try:
            return source_of(block.written.body.arguments[name])
        except NoFixError:
            address = ".".join(block.written.labels)
            return {"count": f"length({address})", "for_each": address}[name]

    def _is_json(self, block: ResourceInstance) -> bool:
        return block.written.file.path.endswith(IN_JSON)

    def endpoint_of(self, target: str, block: ResourceInstance) -> BlockValue:
        """The name of the endpoint that a target scales, as a block can say it. Raises `NoFixError`."""
        around = self._around(target, _TARGET)
        is_beside = around.block.module is block.module
        if not is_beside or dict(around.meta) != dict(self._around_any(block)):
            raise NoFixError(f"{block.address} is written elsewhere, or repeated in another way, than {target}")
        return self._endpoint_name(around)

    # What is made ------------------------------------------------------------------------------------------------

    def _target(self, around: _Around, change: AddTarget) -> ResourceBlock:
        count = self._initial_count(around, change)
        label = self._free(around, (_TARGET,), around.block.written.labels[1])
        return ResourceBlock(
            _TARGET,
            label,
            (
                *around.meta,
                ("service_namespace", "sagemaker"),
                ("resource_id", InterpolatedText(f"endpoint/${{{around.address}.name}}/variant/{change.name}")),
                ("scalable_dimension", INSTANCE_COUNT),
                ("min_capacity", count if change.least is None else change.least),
                ("max_capacity", count if change.most is None else change.most),
            ),
        )

    def _initial_count(self, around: _Around, change: AddTarget) -> BlockValue:
        """What the variant starts with, as it is written, where that means the same beside the endpoint."""
        configuration = self._resources.get(change.configuration)
        if (
            configuration is None
            or configuration.type != _CONFIGURATION
            or configuration.module is not around.block.module
        ):
            raise NoFixError("its configuration is written elsewhere, and the count it starts with is the maximum")
        body, written = configuration.written.body, dict[str, syntax.Expression]()
        blocks = [each for each in body.blocks if each.name == "production_variants"]
        argument = None
        if "production_variants" in body.arguments:  # of JSON syntax
            written = _entries(body.arguments["production_variants"].expression, change.variant)
        elif any(block.type == "dynamic" for block in blocks) or change.variant >= len(blocks):
            raise NoFixError("its variants are made by a dynamic block")
        else:
            variant = blocks[change.variant].body
            written = {name: each.expression for name, each in variant.arguments.items()}
            argument = variant.arguments.get("initial_instance_count")
        count = written.get("initial_instance_count")
        if not isinstance(written.get("variant_name"), syntax.Literal):
            raise NoFixError("its variant_name is not written out")
        if isinstance(count, syntax.Literal):
            if isinstance(count.value, bool) or not re.fullmatch("[0-9]{1,9}", str(count.value)):
                raise NoFixError("the count that it starts with is no whole number")
            return int(count.value)
        if argument is None:
            raise NoFixError("the count that it starts with is not written out")
        text = source_of(argument)
        same = dict(around.meta) == dict(self._around_any(configuration))
        if _UNSAFE.search(text) or (re.search(r"\b(?:each|count)\.", text) and not same):
            raise NoFixError("the count that it starts with is worked out from what it is repeated by")
        return ExpressionText(text)

    def _around_any(self, block: ResourceInstance) -> Iterator[tuple[str, BlockValue]]:
        for name in _META:
            if name in block.written.body.arguments:
                yield name, ExpressionText(source_of(block.written.body.arguments[name]))

    def _tracking(self, around: _Around, change: AddTracking) -> ResourceBlock:
        if change.predefined:
            specification = Nested("predefined_metric_specification", (("predefined_metric_type", change.metric),))
        else:
            specification = Nested(
                "customized_metric_specification",
                (
                    *_spelled(_POLICY, tracked_metric(change.metric)),
                    Nested("dimensions", (("name", "EndpointName"), ("value", self._endpoint_name(around)))),
                ),
            )
        suffix = "backlog" if change.metric == BACKLOG else "tracking"
        return ResourceBlock(
            _POLICY,
            self._free(around, (_POLICY,), f"{around.block.written.labels[1]}_{suffix}"),
            (
                *around.meta,
                ("name", self._free_policy_name(around, suffix)),
                ("policy_type", "TargetTrackingScaling"),
                *_of_target(around),
                Nested("target_tracking_scaling_policy_configuration", (("target_value", change.value), specification)),
            ),
        )

    def _wake(self, around: _Around, change: AddWake) -> Iterator[ResourceBlock]:
        if change.policy is None:
            label = self._free(around, (_POLICY, _ALARM), f"{around.block.written.labels[1]}_wake")
            policy = f"{_POLICY}.{label}{around.index}"
            yield ResourceBlock(_POLICY, label, self._step_policy(around, copies=change.copies))
        else:
            existing = self._resources.get(change.policy)
            if existing is None or existing.module is not around.block.module:
                raise NoFixError(f"{change.policy} stands in another module than its target")
            label = self._free(around, (_ALARM,), f"{around.block.written.labels[1]}_wake")
            policy = ".".join(existing.written.labels) + around.index
            if {*dict(around.meta)} != {*dict(self._around_any(existing))}:
                raise NoFixError(f"{change.policy} is repeated in another way than its target")
        name, by = self._endpoint_name(around), waking(copies=change.copies)[1]
        yield ResourceBlock(
            _ALARM,
            label,
            (
                *around.meta,
                ("alarm_name", self._alarm_name(around, name, change)),
                *_spelled(_ALARM, wake_alarm({by: name}, ExpressionText(f"{policy}.arn"), copies=change.copies)),
            ),
        )

    def _step_policy(self, around: _Around, *, copies: bool) -> BlockBody:
        steps = Nested("step_adjustment", _spelled(_POLICY, WAKE_STEP))
        return (
            *around.meta,
            ("name", self._free_policy_name(around, "wake")),
            ("policy_type", "StepScaling"),
            *_of_target(around),
            Nested("step_scaling_policy_configuration", (*_spelled(_POLICY, wake_settings(copies=copies)), steps)),
        )

    def _with_action(self, around: _Around, alarm: ResourceInstance, policy: ResourceInstance) -> dict[str, str]:
        """The new text of the file in which an alarm has no actions, with a policy as the only one."""
        meta = dict(around.meta)
        if any(
            each.module is not around.block.module or dict(self._around_any(each)) != meta for each in (alarm, policy)
        ):
            raise NoFixError(f"{alarm.address} is written elsewhere, or repeated in another way, than its policy")
        if not {"all", _ACTIONS}.isdisjoint(ignored_changes(alarm.written)):
            raise NoFixError(f"{alarm.address} has {_ACTIONS} in ignore_changes")
        body = alarm.written.body
        argument, beside = body.arguments.get(_ACTIONS), body.arguments["metric_name"]
        own = argument or beside
        text = editable(self._root, own.file)
        started = ExpressionText(f"{'.'.join(policy.written.labels)}{around.index}.arn")
        if self._is_json(alarm):
            return {text.path: _with_action_in_json(text, argument, beside, started)}
        return {text.path: with_action(text, own, has_none=argument is None, action=f"[{started.text}]")}

    # Names -------------------------------------------------------------------------------------------------------

    def _endpoint_name(self, around: _Around) -> BlockValue:
        """The name of the endpoint, or component, that a target scales, as its resource id has it."""
        argument = around.block.written.body.arguments.get("resource_id")
        if argument is None:
            raise NoFixError(f"{around.block.address} has no resource_id that is written out")
        found = _NAMED.fullmatch(source_of(argument))
        if found is None:
            return ExpressionText(f'split("/", {around.address}.resource_id)[1]')
        return ExpressionText(found["expression"].strip()) if found["expression"] else found["name"]

    def _alarm_name(self, around: _Around, endpoint: BlockValue, change: AddWake) -> BlockValue:
        """``${aws_sagemaker_endpoint.chat.name}-wake``, or with more to it where an alarm here has that name."""
        taken = {_known(each.attribute("alarm_name")) for each in self._of_type(_ALARM)}
        own = self._scaled(around) or ""
        stem = f"-{change.variant}" if change.several else ""
        for suffix in _numbered(f"{stem}-wake", f"{stem}-wake-from-zero"):
            if f"{own}{suffix}" not in taken:
                return (
                    f"{endpoint}{suffix}"
                    if isinstance(endpoint, str)
                    else InterpolatedText(f"${{{_inner(endpoint)}}}{suffix}")
                )
        raise NoFixError("no name is free for its alarm")

    def _free_policy_name(self, around: _Around, name: str) -> str:
        """A name that no policy of the target has: a second one of a name replaces the first."""
        own = _known(around.block.attribute("resource_id"))
        taken = {
            _known(each.attribute("name"))
            for each in self._of_type(_POLICY)
            if (other := _known(each.attribute("resource_id"))) is None or own is None or other == own
        }
        return next(each for each in _numbered(name, f"{name}-added") if each not in taken)

    def _of_type(self, type_: str) -> Iterable[ResourceInstance]:
        return (each for each in self._resources.values() if each.type == type_)

    def _free(self, around: _Around, types: Sequence[str], label: str) -> str:
        """A label that no resource of these types has in the module, in whichever of its files."""
        taken = self._module_of(around).source.resources
        names = (label, *(f"{label}_{number}" for number in range(2, 100)))
        return next(name for name in names if not any((type_, name) in taken for type_ in types))

    def _module_of(self, around: _Around) -> ModuleInstance:
        return cast("ModuleInstance", around.block.module)

    # Where it stands ---------------------------------------------------------------------------------------------

    def _behind(self, block: ResourceInstance, made: list[ResourceBlock]) -> dict[str, str]:
        text = editable(self._root, block.written.file)
        if self._is_json(block):
            return {text.path: _into_json(text, block, made)}
        at = block.written.end + 1 + shift_of(text, block.written.file)
        behind = _REST_OF_LINE.match(text.text, at)
        end = behind.end() if behind else at
        end -= text.text[end - 1] == "\r"
        gap = text.newline * 2
        new = "".join(gap + native(each, text.newline) for each in made)
        return {text.path: text.text[:end] + new + text.text[end:]}


def _entries(expression: syntax.Expression, index: int) -> dict[str, syntax.Expression]:
    """The entries of an object, or of the one at an index of a list."""
    items = expression.items if isinstance(expression, syntax.Tuple) else (expression,)
    found = items[index] if index < len(items) else None
    entries = found.entries if isinstance(found, syntax.Object) else ()
    return {str(entry.key.value): entry.value for entry in entries if isinstance(entry.key, syntax.Literal)}


def _with_action_in_json(
    text: EditedText, argument: syntax.Argument | None, beside: syntax.Argument, started: ExpressionText
) -> str:
    body = text.text[text.mark :]
    owner, entry = owner_at(json_marks(body), (argument or beside).at)
    if argument is None:
        return text.text[: text.mark] + with_entry(body, owner, entry, _ACTIONS, [in_json(started)], text.newline)
    if entry.value.kind != "sequence" or entry.value.items:
        raise NoFixError(f"its {_ACTIONS} is no empty list")
    listed = json.dumps([in_json(started)])
    return text.text[: text.mark] + body[: entry.value.start] + listed + body[entry.value.end :]


def _into_json(text: EditedText, block: ResourceInstance, made: list[ResourceBlock]) -> str:
    body = text.text[text.mark :]
    for each in made:
        resources = _holder(json_marks(body), block)
        of_type = resources.get(each.type)
        if of_type is None:
            body = with_entry(body, resources, None, each.type, {each.name: as_json(each)}, text.newline)
        elif of_type.value.kind == "mapping":
            body = with_entry(body, of_type.value, None, each.name, as_json(each), text.newline)
        elif of_type.value.items:
            last = of_type.value.items[-1].value
            body = with_entry(body, last, None, each.name, as_json(each), text.newline)
        else:
            raise NoFixError(f"{each.type} of {block.written.file.path} is an empty list")
    return text.text[: text.mark] + body


def _holder(marks: Marked, block: ResourceInstance) -> Marked:
    """The object by types that holds a resource: all of ``resource``, or the one of its list. Raises `NoFixError`."""
    type_, name = block.written.labels
    resources = marks.at("resource")
    held = () if resources is None else (resources.value, *(item.value for item in resources.value.items))
    for each in held:
        of_type = each.get(type_) if each.kind == "mapping" else None
        bodies = () if of_type is None else (of_type.value, *(item.value for item in of_type.value.items))
        if any(body.get(name) is not None for body in bodies):
            return each
    raise NoFixError(f"nobody can tell where {block.written.file.path} has it")


def _of_target(around: _Around) -> tuple[tuple[str, BlockValue], ...]:
    names = ("service_namespace", "resource_id", "scalable_dimension")
    return tuple((name, ExpressionText(f"{around.address}.{name}")) for name in names)


def _spelled(type_: str, properties: Mapping[str, BlockValue]) -> tuple[tuple[str, BlockValue], ...]:
    """Properties by the names that Terraform has for them."""
    spelling = spelling_of(type_)
    return tuple((spelling.of(name), value) for name, value in properties.items())


def _numbered(*names: str) -> Iterator[str]:
    yield from names
    yield from (f"{names[0]}-{number}" for number in range(2, 100))


def _inner(value: BlockValue) -> str:
    return value.text if isinstance(value, (ExpressionText, InterpolatedText)) else str(value)


def _known(value: object) -> str | None:
    """A text as it is known, or the text that stands for what is not."""
    if isinstance(value, Unknown):
        return value.partial
    return value if isinstance(value, str) else None
