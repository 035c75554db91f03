"""Quantities of a policy on everything together: how many there are of something, or what its numbers add up to.

``{of: variant, where: {instance.accelerators: {gt: 0}}, sum: variant.expected_instances}``: what surely counts is in
both bounds, what may count (its condition, its group or whether it is there at all is not known) in the upper one
only. A comparison that both bounds decide alike is decided.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

from msgspec import structs

from guardrail.model import Unknown
from guardrail.policy.condition import Test, compile_condition
from guardrail.policy.fields import Field
from guardrail.policy.policy import Policy, Quantity
from guardrail.policy.scope import PolicyScope
from guardrail.policy.subject import Group, Subject

_NUMBERS = ("integer", "number", "usd")
UNREAD = "something that was not read may belong to it"


class _MemberAmount(NamedTuple):
    """What one member adds: between two bounds, of which the upper may not be known, and why they differ."""

    least: Decimal
    most: Decimal | None
    why: str | None


def with_quantities(scope: PolicyScope, policy: Policy) -> PolicyScope:
    """A scope in which the quantities of the policy may be named. Raises `PolicyError` for what does not fit."""
    if policy.applies_to != "stack" and (policy.quantities or policy.per):
        key = "quantities" if policy.quantities else "per"
        raise scope.at(key).error("quantities are of everything together, so they need applies_to: stack")
    if policy.per and not policy.quantities:
        raise scope.at("per").error("there are no quantities to judge group by group")
    fields = {f"quantity.{name}": _field(name, one, scope) for name, one in policy.quantities.items()}
    if policy.per:
        group_field(policy, scope)
    return structs.replace(scope, quantities=fields, grouped=bool(policy.per))


def group_field(policy: Policy, scope: PolicyScope) -> Field:
    """The field by which endpoints are put into groups. Raises `PolicyError` for one that is no text of endpoints."""
    place = scope.at("per")
    field = place.within("endpoint").field(policy.per)
    if field.type != "string":
        raise place.error(f"{policy.per} is no text, and groups are made by texts")
    return field


def _field(name: str, quantity: Quantity, scope: PolicyScope) -> Field:
    place = scope.at("quantities", name).within(quantity.of)
    if not name.replace("_", "").isalnum():
        place.attempt(partial(_refuse_name, name, place), None)
    where = compile_condition(quantity.where, place.at("where")) if quantity.where else None
    summed = place.at("sum").attempt(lambda: _summed(quantity.sum, place.at("sum")), None) if quantity.sum else None

    def get(subject: Subject) -> object:
        group = subject.group or Group()
        found = [*_amounts(group, quantity, where, summed)]
        if not group.complete:
            found.append(_MemberAmount(Decimal(0), None, UNREAD))
        return _total(found, whole=summed is None or summed.type == "integer")

    return Field(
        path=f"quantity.{name}",
        type=summed.type if summed else "integer",
        unit=summed.unit if summed else "",
        meaning="A quantity of the policy.",
        subjects=("stack",),
        get=get,
        least=0,
        secrecy="either" if where or (summed and summed.secrecy) else None,
    )


def _refuse_name(name: str, place: PolicyScope) -> None:
    raise place.error(f"{name} is no name: it has letters, digits and _")


def _summed(path: str, place: PolicyScope) -> Field:
    field = place.field(path)
    if field.type not in _NUMBERS or field.least != 0 or path.startswith("totals."):
        raise place.error(f"{path} cannot be added up: it is no number of at least 0 that each of them has")
    return field


def _amounts(group: Group, quantity: Quantity, where: Test | None, summed: Field | None) -> Iterator[_MemberAmount]:
    for member, is_sure in group.members:
        for subject in _counted(member, quantity.of):
            if isinstance(subject, Unknown):
                yield _MemberAmount(Decimal(0), None, subject.reason)
                continue
            picked = True if where is None else where(subject)
            if picked is False:
                continue
            amount = _amount(1 if summed is None else summed.get(subject))
            if is_sure and picked is True:
                yield amount
            else:
                doubt = picked.reason if isinstance(picked, Unknown) else _doubt(group, member)
                yield _MemberAmount(Decimal(0), amount.most, amount.why or doubt)


def _doubt(group: Group, member: Subject) -> str:
    address = member.endpoint.address if member.endpoint else "an endpoint"
    return group.key.reason if isinstance(group.key, Unknown) else f"whether {address} belongs to it is not known"


def _counted(member: Subject, of: str) -> Sequence[Subject | Unknown]:
    """The things that are counted of one endpoint; Unknown where it may have any number of them."""
    if of == "endpoint":
        return (member,)
    found = member.parts("variants" if of == "variant" else "components")
    return (found,) if isinstance(found, Unknown) else found


def _amount(value: Any) -> _MemberAmount:
    """A number as bounds. What has none (serverless variants have no instances) adds nothing."""
    if isinstance(value, Unknown):
        return _MemberAmount(value.at_least or Decimal(0), value.at_most, value.reason)
    number = Decimal(0) if value is None else Decimal(str(value))
    return _MemberAmount(number, number, None)


def _total(amounts: Iterable[_MemberAmount], *, whole: bool) -> int | Decimal | Unknown:
    least, most, why = Decimal(0), Decimal(0), None
    for amount in amounts:
        least += amount.least
        most = most if amount.most is None else most + amount.most
        why = why or amount.why
        if amount.most is None:
            most = Decimal("Infinity")
    if least == most:
        return int(least) if whole else least
    return Unknown(why or UNREAD, at_least=least, at_most=None if most.is_infinite() else most)


def groups(
    by: Callable[[Subject], Any] | None, members: Iterable[tuple[Subject, bool]], *, complete: bool
) -> list[Group]:
    """The endpoints by the value of a field, in the order of the values; all of them where there is no field.

    One whose value is not known may be of each group, or of one of its own, which is the last one. Where nothing has
    a value at all, and nothing is left unread, there is no group.
    """
    members = tuple(members)
    if by is None:
        return [Group(members=members, complete=complete)]
    known: dict[str | None, list[tuple[Subject, bool]]] = {}
    doubtful: list[tuple[Subject, bool]] = []
    why: Unknown | None = None
    for member, is_sure in members:
        key = by(member)
        if isinstance(key, Unknown):
            why = why or key
            doubtful.append((member, False))
        else:
            known.setdefault(key, []).append((member, is_sure))
    found = [
        Group(key=key, members=(*own, *doubtful), complete=complete)
        for key, own in sorted(known.items(), key=lambda item: (item[0] is None, item[0] or ""))
    ]
    return [*found, Group(key=why, members=tuple(doubtful), complete=complete)] if why else found


def has_grown(quantities: Mapping[str, Field], before: Subject, after: Subject) -> bool:
    """Whether one of the quantities is more than it was, or may be."""
    for field in quantities.values():
        old, new = _amount(field.get(before)), _amount(field.get(after))
        if new.most is None or old.why is not None or new.most > old.least:
            return True
    return False
