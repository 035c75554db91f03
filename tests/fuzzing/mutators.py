"""Changes to inputs that know what they change: trees of JSON and YAML, tokens of any language, expressions.

Bytes that are changed at random fail in the parser. So a mutator keeps most of the form and changes what it says; it is
given another input too, from which it takes parts.
"""

import copy
import gzip
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any, TypeAlias

import yaml

Mutator: TypeAlias = Callable[[bytes, bytes, Random], bytes]
Maker: TypeAlias = Callable[[Random], Any]
"""Makes a value of a language inside a language: a function of a template, a condition of a policy."""

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2, 7, 0.1, 1e308, 10**18, 10**400, -(2**63)),
    *("", " ", "x", "*", "0", "-1", "1e5", "NaN", "1_000", "٣", "true", "null", "a\nb", "a\0b", "\ud800", "é" * 40),
    *("${x}", "${aws_sagemaker_endpoint.e.name}", "{{resolve:ssm:/x}}", "ml.m5.xlarge", "ml.g5.48xlarge", "ml.x"),
    *("us-east-1", "eu-central-1", "moon-1", "2026-11-27", "9999-12-31T23:59:59Z", "cron(0 8 ? * MON-FRI *)"),
    *("arn:aws:sagemaker:us-east-1:123456789012:endpoint/e", "rate(1 hour)", "../../x", "/dev/zero", "x" * 3000),
    *([], {}, [None], {"": None}, [[]], {"Ref": "AWS::NoValue"}),
)
_DEEP = (3, 30, 101, 600)


def tokens(data: bytes, other: bytes, dice: Random) -> bytes:
    """Some tokens of a text replaced, lost, doubled or moved, or taken from the other one."""
    ours, theirs = _tokens(data), _tokens(other) or [b"\n"]
    for _ in range(dice.choice((1, 1, 2, 3, 8))):
        at = dice.randrange(len(ours) + 1)
        end = at + dice.choice((1, 1, 2, 5, 20))
        start = dice.randrange(len(theirs))
        piece = theirs[start : start + dice.choice((1, 1, 3, 12, 60))]
        ours[at:end] = dice.choice(
            (piece, [*ours[at:end], *piece], [], ours[at:end] * 2, ours[at:end][::-1], [_odd_text(dice)])
        )
    return b"".join(ours)


def _tokens(data: bytes) -> list[bytes]:
    return re.findall(rb"\w+|[ \t]+|.", data, re.DOTALL)


def _odd_text(dice: Random) -> bytes:
    odd = dice.choice(ODD)
    return odd.encode("utf-8", "surrogatepass") if isinstance(odd, str) else json.dumps(odd).encode()


def lines(data: bytes, other: bytes, dice: Random) -> bytes:
    """Some lines lost, doubled, moved, indented otherwise, or taken from the other text."""
    ours, theirs = data.splitlines(keepends=True), other.splitlines(keepends=True) or [b"\n"]
    for _ in range(dice.choice((1, 1, 2, 4))):
        at = dice.randrange(len(ours) + 1)
        end = at + dice.choice((1, 1, 2, 8))
        some, start = ours[at:end], dice.randrange(len(theirs))
        piece = theirs[start : start + dice.choice((1, 1, 4, 16))]
        ours[at:end] = dice.choice(
            (piece, [*some, *piece], [], some * 2, some[::-1], [b"  " + one for one in some], [one[2:] for one in some])
        )
    return b"".join(ours)


def of_json(make: Maker | None = None) -> Mutator:
    """A tree of JSON changed at some of its places; what is no JSON is changed by its tokens."""

    def mutate(data: bytes, other: bytes, dice: Random) -> bytes:
        ours = _from_json(data)
        if ours is None or dice.random() < 0.1:
            return tokens(data, other, dice)
        try:
            changed = _changed(ours, _from_json(other), dice, make)
            return json.dumps(changed, ensure_ascii=dice.random() < 0.8).encode("utf-8", "surrogatepass")
        except RecursionError:  # deep things in deep things
            return tokens(data, other, dice)

    return mutate


def of_yaml(make: Maker | None = None) -> Mutator:
    """A tree of YAML changed at some of its places, or the lines or tokens of its text."""

    def mutate(data: bytes, other: bytes, dice: Random) -> bytes:
        way = dice.random()
        ours = _from_yaml(data) if way < 0.6 else None
        if ours is None:
            return (lines if way < 0.8 else tokens)(data, other, dice)
        try:
            return _to_yaml(_changed(ours, _from_yaml(other), dice, make))
        except RecursionError:
            return tokens(data, other, dice)

    return mutate


def of_hcl(expression: Callable[[Random], str]) -> Mutator:
    """The text of HCL with another expression behind an equals sign, a block from elsewhere, or other tokens."""

    def mutate(data: bytes, other: bytes, dice: Random) -> bytes:
        way = dice.random()
        if way < 0.45:
            made = expression(dice).encode("utf-8", "surrogatepass")
            places = [found.span(1) for found in re.finditer(rb"(?m)=[ \t]*([^=\n{}\[]+)$", data)]
            if places:
                start, end = dice.choice(places)
                return data[:start] + made + data[end:]
        if way < 0.6:
            blocks = re.split(rb"(?m)^(?=[a-z]+ )", data) + re.split(rb"(?m)^(?=[a-z]+ )", other)
            return b"".join(dice.sample(blocks, dice.randrange(1, len(blocks) + 1)))
        return (lines if way < 0.75 else tokens)(data, other, dice)

    return mutate


# Two versions --------------------------------------------------------------------------------------------------------

BETWEEN = b"\n##### now\n"
"""What parts two versions of one text."""


def both(mutate: Mutator) -> Mutator:
    """Changes to one of two versions, or the one in place of the other."""

    def changed(data: bytes, other: bytes, dice: Random) -> bytes:
        then, _, now = data.partition(BETWEEN)
        of_other = dice.choice(other.split(BETWEEN))
        way = dice.random()
        if way < 0.1:
            return now + BETWEEN + then
        if way < 0.5:
            return mutate(then, of_other, dice) + BETWEEN + now
        return then + BETWEEN + mutate(now, of_other, dice)

    return changed


# Packed ---------------------------------------------------------------------------------------------------------------


def _gzip(data: bytes) -> bytes:
    return gzip.compress(data, 1, mtime=0)


def _zip(*members: tuple[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content)
    return packed.getvalue()


PACKINGS: tuple[Callable[[bytes], bytes], ...] = (
    _gzip,
    lambda data: _zip(("a.csv", data)),
    lambda data: _zip(("a-1.csv", data), ("a-2.csv", data)),
    lambda data: _zip(("__MACOSX/._a.csv", b"\0"), ("../../a.csv", data), ("b/", b"")),
    lambda data: _zip(("a.csv.gz", _gzip(data))),
    lambda data: _gzip(_gzip(data)),
    lambda data: _gzip(data) + _gzip(data),
    lambda data: data,
)


def unpacked(data: bytes) -> bytes | None:
    """The text of a bill that is packed once, whole; None where it is packed otherwise."""
    try:
        if data[:2] == b"\x1f\x8b":
            return gzip.decompress(data)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            return archive.read(names[0]) if names == ["a.csv"] else None
    except Exception:  # noqa: BLE001 - whatever is wrong with it
        return None


def of_packed(data: bytes, other: bytes, dice: Random) -> bytes:
    """Another text packed, or packed otherwise; or the bytes of the pack changed."""
    text = unpacked(data)
    if text is not None and dice.random() < 0.6:
        changed = dice.choice((lines, tokens))(text, unpacked(other) or text, dice)
        return dice.choice(PACKINGS)(changed)
    made = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 8))):
        at = dice.randrange(len(made) + 1)
        end = at + dice.choice((0, 1, 1, 4, 64))
        start = dice.randrange(len(other) + 1)
        made[at:end] = dice.choice((bytes([dice.randrange(256)]), b"", other[start : start + 16], b"\xff\xff\xff\xff"))
    return bytes(made)


# Trees ---------------------------------------------------------------------------------------------------------------


def _from_json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


class _AnyTag(yaml.SafeLoader):
    """YAML in which ``!Ref Name`` is ``{"!Ref": "Name"}``."""


def _tagged(loader: Any, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return {f"!{suffix}": node.value}
    if isinstance(node, yaml.SequenceNode):
        return {f"!{suffix}": loader.construct_sequence(node, deep=True)}
    return {f"!{suffix}": loader.construct_mapping(node, deep=True)}


_AnyTag.add_multi_constructor("!", _tagged)


def _from_yaml(data: bytes) -> Any:
    try:
        return yaml.load(data, _AnyTag)  # noqa: S506 - a safe loader
    except (yaml.YAMLError, ValueError, TypeError, RecursionError, AttributeError):
        return None


class _Tagging(yaml.SafeDumper):
    """The way back."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write everything out."""
        del data
        return True

    def represent_mapping(self, tag: str, mapping: Any, flow_style: Any = None) -> yaml.MappingNode:
        """``{"!Ref": "Name"}`` as ``!Ref Name``."""
        if isinstance(mapping, dict) and len(mapping) == 1:
            ((key, value),) = mapping.items()
            if isinstance(key, str) and re.fullmatch(r"!\w+", key):
                node = self.represent_data(value)
                node.tag = key
                return node  # type: ignore[return-value] # any node will do
        return super().represent_mapping(tag, mapping, flow_style)


def _to_yaml(value: Any) -> bytes:
    try:
        return yaml.dump(value, Dumper=_Tagging, sort_keys=False, allow_unicode=True, width=200).encode(
            "utf-8", "surrogatepass"
        )
    except (yaml.YAMLError, RecursionError, AttributeError, TypeError, ValueError):
        return json.dumps(value, default=str).encode("utf-8", "surrogatepass")


_Place: TypeAlias = tuple[Any, Any]
"""A collection, and the key or index in it."""


def _places(tree: Any) -> list[_Place]:
    found: list[_Place] = []
    waiting = [tree]
    while waiting:
        one = waiting.pop()
        steps: Iterator[Any] = iter(one) if isinstance(one, dict) else iter(range(len(one)))
        for step in steps:
            found.append((one, step))
            if isinstance(one[step], (dict, list)):
                waiting.append(one[step])
    return found


def _changed(tree: Any, other: Any, dice: Random, make: Maker | None) -> Any:
    root = [json.loads(json.dumps(tree, default=str))]
    theirs = _places([other])
    for _ in range(dice.choice((1, 1, 1, 2, 3, 6))):
        places = _places(root)
        if not places:  # the last place of all is gone
            break
        _change(dice.choice(places), places, theirs, dice, make)
    return root[0] if root else None


def _change(place: _Place, ours: Sequence[_Place], theirs: Sequence[_Place], dice: Random, make: Maker | None) -> None:
    into, step = place
    whole, part = dice.choice(theirs if dice.random() < 0.5 else ours)
    ways: list[Callable[[], None]] = [
        lambda: into.__setitem__(step, copy.deepcopy(dice.choice(ODD))),
        lambda: into.__setitem__(step, json.loads(json.dumps(whole[part], default=str))),
        lambda: into.__delitem__(step),
        lambda: _again(into, step, dice),
        lambda: _renamed(into, step, part if isinstance(part, str) else dice.choice(ODD), dice),
        lambda: into.__setitem__(step, _deep(into[step], dice)),
        lambda: into.__setitem__(step, _near(into[step], dice)),
    ]
    if make is not None:
        ways += [lambda: into.__setitem__(step, copy.deepcopy(make(dice)))] * 4
    dice.choice(ways)()


def _again(into: Any, step: Any, dice: Random) -> None:
    """An item of a list some more times; a key once more under another name."""
    value = json.loads(json.dumps(into[step]))
    if isinstance(into, list):
        into[step:step] = [value] * dice.choice((1, 2, 20))
    else:
        into[f"{step}{dice.choice(('2', ' ', 'x', '.y', '[0]'))}"] = value


def _renamed(into: Any, step: Any, name: Any, dice: Random) -> None:
    """A key under the name of another, or in another case; an item elsewhere in its list."""
    value = into[step]
    if isinstance(into, list):
        del into[step]
        into.insert(dice.randrange(len(into) + 1), value)
        return
    del into[step]
    into[dice.choice((str(name), step.swapcase(), step[:-1]))] = value


def _deep(value: Any, dice: Random) -> Any:
    """A value in lists or mappings in each other."""
    in_list = dice.random() < 0.5
    for _ in range(dice.choice((1, 1, 1, *_DEEP))):
        value = [value] if in_list else {"x": value}
    return value


def _near(value: Any, dice: Random) -> Any:
    """A value a little beside what it was."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return dice.choice((value + 1, value - 1, -value, value * 1000, value // 3, str(value)))
    if isinstance(value, str):
        at = dice.randrange(len(value) + 1)
        return dice.choice(
            (value[:at], value[at:], value * 2, value[:at] + str(dice.choice(ODD)) + value[at:], [value])
        )
    return dice.choice((str(value), len(value) if value is not None else 0))
