"""The yardstick: a typed msgspec decode of a plan, and nothing else.

    python benchmarks/decode.py plan.json

It maps the file, finds the resource changes with their types and addresses, and leaves every value undecoded: no tool
that is written in Python and reads the whole plan can be much faster than this.
"""

import gc
import mmap
import pathlib
import sys

import msgspec


class ResourceChange(msgspec.Struct):
    """One entry of `resource_changes`."""

    address: str
    type: str
    change: msgspec.Raw


class Plan(msgspec.Struct):
    """The sections of a plan, of which one is looked into."""

    format_version: str
    resource_changes: list[ResourceChange]
    planned_values: msgspec.Raw
    configuration: msgspec.Raw
    prior_state: msgspec.Raw = msgspec.Raw()


def decode(path: pathlib.Path) -> Plan:
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)  # the plan points into it, so it stays open
    if mapped[:2] == b"\xff\xfe":  # UTF-16, as PowerShell writes it: the text has to be copied once
        return msgspec.json.decode(mapped[:].decode("utf-16"), type=Plan)
    return msgspec.json.decode(mapped, type=Plan)


if __name__ == "__main__":
    gc.disable()
    decode(pathlib.Path(sys.argv[1]))
