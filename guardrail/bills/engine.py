"""DuckDB on one machine: no network, no extension, no file but those that were named, and bounded memory."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from guardrail import output
from guardrail.bills.view import literal
from guardrail.errors import MissingExtraError, SourceError

if TYPE_CHECKING:
    import duckdb

MEMORY: Final = "250MB"
_MOST_THREADS: Final = 4


class QueryEngine:
    """A connection that can read some files, and nothing else of the machine."""

    def __init__(self, connection: "duckdb.DuckDBPyConnection", folder: str) -> None:
        self._connection = connection
        self.folder = folder
        """Of temporary files, removed with the engine."""

    def allow(self, paths: Sequence[str]) -> None:
        """Let these files be read, and lock what the engine may do. Once: nothing can be allowed afterwards."""
        every = [shape for path in paths for shape in dict.fromkeys((path, pattern(path)))]
        listed = ", ".join(map(literal, every))
        run = self._connection.execute
        run(f"SET allowed_paths = [{listed}]")
        run("SET enable_external_access = false")
        run("SET lock_configuration = true")

    def execute(self, text: str, parameters: Sequence[object] = ()) -> None:
        """Run a statement. Raises `duckdb.Error`."""
        self._connection.execute(text, list(parameters))

    def rows(self, text: str, parameters: Sequence[object] = ()) -> list[dict[str, Any]]:
        """What a question answers. Raises `duckdb.Error`."""
        cursor = self._connection.execute(text, list(parameters))
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def types(self, relation: str, parameters: Sequence[object]) -> dict[str, str]:
        """The columns of a relation, by name. Raises `duckdb.Error`."""
        cursor = self._connection.execute(f"SELECT * FROM {relation} LIMIT 0", list(parameters))
        return {column[0]: str(column[1]) for column in cursor.description or ()}


@contextmanager
def opened() -> Iterator[QueryEngine]:
    """An engine with a temporary folder. Raises `MissingExtraError` without DuckDB."""
    try:
        import duckdb
    except ImportError as error:
        raise MissingExtraError(
            "reading bills needs DuckDB, which is not installed", hint="pip install 'guardrail-sagemaker[bills]'"
        ) from error
    with output.temporary_folder() as folder:
        os.mkdir(spilled := os.path.join(folder, "spilled"))
        connection = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": MEMORY,
                "temp_directory": spilled,
                "threads": str(min(_MOST_THREADS, os.cpu_count() or 1)),
                "preserve_insertion_order": "false",
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "allow_community_extensions": "false",
            },
        )
        try:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("SET enable_progress_bar = false")
            yield QueryEngine(connection, folder)
        finally:
            connection.close()


def pattern(path: str) -> str:
    """A file name as DuckDB reads names, which are patterns even as parameters: ``a[1].csv`` is ``a[[]1].csv``."""
    return "".join(f"[{character}]" if character in "*?[" else character for character in path)


def first_line(error: BaseException) -> str:
    """What an engine says, in one line without its position in our text."""
    return str(error).split("\n\nLINE", 1)[0].strip().splitlines()[0]


def refused(error: BaseException, what: str) -> SourceError:
    """What a file did to the engine."""
    return SourceError(f"{what} cannot be read: {first_line(error)}", hint="download it again, or export it anew")
