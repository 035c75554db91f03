"""What functions decode, encode and work out of text: JSON, YAML, CSV, base64, digests, paths, networks and time."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from guardrail.expressions import expression
from guardrail.json_text import JsonError, decode
from guardrail.limits import Allowance
from guardrail.sources.hcl.arithmetic import Number, parsed, whole
from guardrail.sources.hcl.characters import normal
from guardrail.sources.hcl.types import text_of
from guardrail.sources.hcl.values import EvaluationError, ListValue, NotWorkedOutError, ObjectType, bounded, texts
from guardrail.yaml_text import STANDARD, YamlError, YamlLimitError, YamlReader, compose


def json_decoded(allowance: Allowance, text: str) -> Any:
    """The value of a JSON text. Raises `EvaluationError`, and `LimitError` for one that makes too many values."""
    allowance.values(text.count(",") + text.count("[") + text.count("{"))
    try:
        return _normal(bounded(decode(text, number=_number), allowance))
    except JsonError as error:
        raise EvaluationError(error.problem) from None


def _normal(value: Any) -> Any:
    """A value with its texts in normal form."""
    if isinstance(value, str):
        return normal(value)
    if isinstance(value, list):
        return [_normal(item) for item in value]
    return {_normal(key): _normal(item) for key, item in value.items()} if isinstance(value, dict) else value


def _number(text: str) -> Number:
    number = parsed(text)
    if number is None:
        raise NotWorkedOutError("a number is too long")
    return number


_NULL = expression(r"~|null|Null|NULL|")
_TRUE = expression(r"y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON")
_FALSE = expression(r"n|N|no|No|NO|false|False|FALSE|off|Off|OFF")
_DAY = expression(r"(\d{4}-\d{2}-\d{2})(?:(?:[Tt]|[ \t]+)(\d\d:\d\d:\d\d)Z?)?")
_NO_NUMBER = expression(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_INT = expression(r"[-+]?\d+|0o[0-7]+|0x[0-9a-fA-F]+")  # 012 is twelve
_FLOAT = expression(r"[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?")
_CERTAIN_INT = expression(r"0|[1-9]\d*")


def yaml_decoded(allowance: Allowance, text: str) -> Any:
    """The value of a YAML document, as Terraform reads it: ``yes`` is true, ``012`` is twelve, a day is a time.

    Raises `EvaluationError`, `NotWorkedOutError` for one that is nested without end, and `LimitError` for one that
    makes too many values.
    """
    try:
        node = compose(text)
        if node is None:
            raise EvaluationError("there is no document in it")
        value = _TerraformYaml().read(node)
    except YamlLimitError as error:
        raise NotWorkedOutError(error.problem) from None
    except YamlError as error:
        raise EvaluationError(error.problem) from None
    return _normal(bounded(value, allowance))


class _TerraformYaml(YamlReader):
    """YAML as Terraform's go-cty-yaml has it; of a key that stands twice the last one counts."""

    merges_lists = False

    def value(self, node: Any) -> Any:
        return self.tagged(node, None) if node.tag == f"{STANDARD}set" else super().value(node)

    def scalar(self, node: Any) -> Any:
        text: str = node.value
        if node.style or (node.tag == f"{STANDARD}str" and _CERTAIN_INT.fullmatch(text)):  # quoted, or told by !!str
            return text
        if _NULL.fullmatch(text) or node.tag == f"{STANDARD}null":
            return None
        if _TRUE.fullmatch(text) or _FALSE.fullmatch(text):
            return _TRUE.fullmatch(text) is not None
        if day := _DAY.fullmatch(text):
            return f"{day[1]}T{day[2] or '00:00:00'}Z"
        if _NO_NUMBER.fullmatch(text):
            raise EvaluationError("it is not a finite number")
        if text.startswith(("0o", "0x")) and _INT.fullmatch(text):
            return int(text, 0)
        return _number(text) if _INT.fullmatch(text) or _FLOAT.fullmatch(text) else text

    def key(self, node: Any) -> str:
        """A key, which is text whatever it looks like; ``on`` has become true by then."""
        text = text_of(self.scalar(node))
        if text is None:
            raise EvaluationError("a key is no text")
        return text


_FIELD = expression(r'(?:"((?>(?:[^"]|"")*))"|([^",\n]*+))(,|\n|\Z)')


def csv_decoded(allowance: Allowance, text: str) -> ListValue:
    """The rows of a CSV text, as objects by the names in the first one. Raises `EvaluationError`."""
    rows = list(_rows(text.replace("\r\n", "\n"), allowance))
    if not rows:
        raise EvaluationError("there is no line of names")
    names, *records = rows
    if len(set(names)) != len(names) or any(len(record) != len(names) for record in records):
        raise EvaluationError("the lines do not fit the names of the first one")
    return ListValue(
        [dict(zip(names, record, strict=True)) for record in records], ObjectType(dict.fromkeys(names, "string"))
    )


def _rows(text: str, allowance: Allowance) -> Iterator[list[str]]:
    at = 0
    while at < len(text):
        if text[at] == "\n":
            at += 1
            continue
        row: list[str] = []
        separator = ","
        while separator == ",":
            match = _FIELD.match(text, at)
            if match is None:
                raise EvaluationError("a quote stands where it cannot")
            row.append(match[2] if match[1] is None else match[1].replace('""', '"'))
            at, separator = match.end(), match[3]
        allowance.values(len(row) + 1)
        yield row


# Bytes ----------------------------------------------------------------------------------------------------------------


def base64_encoded(content: str | bytes) -> str:
    """Bytes, or text in UTF-8, as base64."""
    from base64 import b64encode

    return b64encode(content.encode() if isinstance(content, str) else content).decode()


def base64_decoded(text: str) -> str:
    """The text that base64 says. Raises ValueError for what is no base64, or no text."""
    from base64 import b64decode

    return b64decode(text.replace("\n", "").replace("\r", ""), validate=True).decode()


def url_encoded(text: str) -> str:
    """Text as it can stand in the query of a URL."""
    from urllib.parse import quote_plus

    return quote_plus(text, safe="")


def digest(algorithm: str, write: Callable[[bytes], str] = bytes.hex) -> Callable[[str | bytes], str]:
    """The function that gives the digest of bytes, or of text in UTF-8, in hexadecimal digits or as ``write`` does."""

    def compute(content: str | bytes) -> str:
        import hashlib

        content = content.encode() if isinstance(content, str) else content
        return write(hashlib.new(algorithm, content, usedforsecurity=False).digest())

    return compute


def uuid_of_name(namespace: str, name: str) -> str:
    """The UUID of version 5 of a name; the namespace is dns, url, oid, x500 or a UUID."""
    import uuid

    if namespace in ("dns", "url", "oid", "x500"):
        space: uuid.UUID = getattr(uuid, f"NAMESPACE_{namespace.upper()}")
    else:
        space = uuid.UUID(namespace)
    return str(uuid.uuid5(space, name))


# Paths and networks ---------------------------------------------------------------------------------------------------


def base_name(path: str) -> str:
    """The last part of a path: ``a/b/`` is ``b``."""
    return path.rstrip("/").rpartition("/")[2] or ("/" if path else ".")


def directory_name(path: str) -> str:
    """A path without its last part: ``a//b`` is ``a``."""
    import posixpath

    return posixpath.normpath(path[: path.rfind("/") + 1] or ".")


def _network(prefix: str) -> Any:
    if "/" not in prefix:
        raise EvaluationError("a network is an address, a slash and a length")
    import ipaddress

    return ipaddress.ip_network(prefix, strict=False)


def cidr_subnet(prefix: str, bits: Number, number: Number) -> str:
    """The subnet of a network that is ``bits`` longer and has this number: 10.0.0.0/16, 8, 2 is 10.0.2.0/24."""
    network = _network(prefix)
    length, index = network.prefixlen + whole(bits), whole(number)
    if index < 0:
        raise NotWorkedOutError("what a negative subnet is depends on the version of Terraform")
    if length > network.max_prefixlen or bits < 0 or index >= 1 << whole(bits):
        raise EvaluationError("the network has no such subnet")
    base = int(network.network_address) + (index << (network.max_prefixlen - length))
    return f"{network.network_address.__class__(base)}/{length}"


def cidr_subnets(prefix: str, *bits: Number) -> ListValue:
    """Subnets of a network one behind the other: 10.0.0.0/16, 8, 4 is 10.0.0.0/24, 10.0.16.0/20."""
    network = _network(prefix)
    at, found = int(network.network_address), []
    for each in bits:
        length = network.prefixlen + whole(each)
        if each < 1 or length > network.max_prefixlen:
            raise EvaluationError("the network has no such subnet")
        size = 1 << (network.max_prefixlen - length)
        at = -(-at // size) * size
        if at + size - 1 > int(network.broadcast_address):
            raise EvaluationError("the network has no room for the subnets")
        found.append(f"{network.network_address.__class__(at)}/{length}")
        at += size
    return texts(found)


def cidr_host(prefix: str, number: Number) -> str:
    """The host of a network with this number; negative ones count from its end."""
    network = _network(prefix)
    if not -network.num_addresses <= whole(number) < network.num_addresses:
        raise EvaluationError("the network has no such host")
    return str(network[number])


def cidr_netmask(prefix: str) -> str:
    """The mask of a network of version 4."""
    network = _network(prefix)
    if network.version != 4:  # noqa: PLR2004 - as Terraform has it
        raise EvaluationError("only networks of version 4 have a mask")
    return str(network.netmask)


# Time -----------------------------------------------------------------------------------------------------------------

_MOMENT = expression(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", re.ASCII)
_PART = expression(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_DURATION = expression(rf"([+-]?)((?:{_PART.pattern})+|0)", re.ASCII)
_NANOSECONDS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}


def _moment(text: str) -> tuple[Any, int]:
    """A time as RFC 3339 has it, to the second, and the nanoseconds of it."""
    from datetime import datetime

    match = _MOMENT.fullmatch(text)
    if match is None:
        raise EvaluationError("it is no time such as 2027-01-31T12:00:00Z")
    return datetime.fromisoformat(match[1] + match[3]), int((match[2] or "0").ljust(9, "0")[:9])


def time_added(moment: str, duration: str) -> str:
    """A time and a duration such as ``1h30m`` later."""
    from datetime import timedelta
    from fractions import Fraction

    match = _DURATION.fullmatch(duration)
    if match is None:
        raise EvaluationError("it is no duration such as 1h30m")
    then, nanoseconds = _moment(moment)
    length = sum((Fraction(count) * _NANOSECONDS[unit] for count, unit in _PART.findall(match[2])), Fraction(0))
    total = nanoseconds + int(-length if match[1] == "-" else length)
    try:
        then += timedelta(seconds=total // 10**9)
    except OverflowError:
        raise NotWorkedOutError("the time is too far away") from None
    return str(then.isoformat(timespec="seconds")).replace("+00:00", "Z")


def time_compared(one: str, other: str) -> int:
    """-1, 0 or 1, as one time is before, at or after the other."""
    left, right = _moment(one), _moment(other)
    return (left > right) - (left < right)
