"""Names of files: which are parts of one delivery, which are of one month, and which are downloads of the same file."""

import re
from os.path import basename, dirname
from typing import Final

MONTH: Final = re.compile(r"\d{8}-\d{8}|BILLING_PERIOD=.+")
"""A folder of one month: ``20260901-20261001`` of a legacy report, ``BILLING_PERIOD=2026-09`` of Data Exports."""
PACKED: Final = (".gz", ".zip", ".parquet")
_PART_NUMBER: Final = re.compile(r"[-_.]?\d+(?=(\.snappy)?(\.csv|\.parquet|\.gz|\.zip)+$)")
_SUFFIXES: Final = re.compile(r"(\.csv|\.gz|\.zip|\.snappy|\.parquet)+$")
_AGAIN: Final = re.compile(r" ?\(\d+\)")


def are_a_series(one: str, other: str) -> bool:
    """Whether two files are numbered parts of one delivery: ``ml-00001.csv`` and ``ml-00002.csv`` in one folder."""
    return dirname(one) == dirname(other) and basename(one) != basename(other) and _series(one) == _series(other) != ""


def _series(path: str) -> str:
    """The name that the parts of a delivery share, ``ml.csv`` of ``ml-00001.csv``; empty for what is no part."""
    name = basename(path)
    return _PART_NUMBER.sub("", name) if _PART_NUMBER.search(name) else ""


def stem(path: str) -> str:
    """A path without how it is packed, or how often it was downloaded: ``a/bill`` of ``a/bill (1).csv.gz``."""
    return _SUFFIXES.sub("", f"{dirname(path)}/{_AGAIN.sub('', basename(path))}")
