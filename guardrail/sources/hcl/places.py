"""The locations of the arguments of a block, and of its nested blocks, ``dynamic`` ones included."""

from collections.abc import Callable

from guardrail.model import Location
from guardrail.sources.base import Places
from guardrail.sources.hcl import syntax


class BlockPlaces:
    """The locations in one block: of its arguments, and of its nested blocks in the order of evaluation.

    ``children`` are the blocks that evaluation made; without them the nested blocks of the source stand in.
    """

    __slots__ = ("_block", "_called_at", "_children", "_origin", "_repeated")

    def __init__(
        self,
        block: syntax.BlockNode,
        called_at: Location | None,
        children: dict[str, list[Places]] | None = None,
        origin: Callable[[syntax.Argument], Location | None] | None = None,
    ) -> None:
        self._block = block
        self._called_at = called_at
        self._children = children
        self._origin = origin
        self._repeated: dict[str, Places] = {}
        """What stands for every further block of a name: the content of a ``dynamic`` that nobody has worked out."""

    def of(self, name: str) -> Location | None:
        """The location of an argument; None where the block does not set it."""
        argument = self._block.legible_body.arguments.get(name)
        return None if argument is None else argument.location(self._called_at)

    def origin(self, name: str) -> Location | None:
        """The origin of the argument's value; None where it is a literal, and in a plan."""
        argument = None if self._origin is None else self._block.legible_body.arguments.get(name)
        return None if argument is None or self._origin is None else self._origin(argument)

    @property
    def start(self) -> Location:
        """Where the block starts."""
        return self._block.location(self._called_at)

    def item(self, name: str, index: int) -> Places | None:
        """The places of the ``index``-th nested block or object of a name."""
        if self._children is None:
            self._children = self._as_written()
        blocks = self._children.get(name)
        if blocks and index < len(blocks):
            return blocks[index]
        if blocks or name in self._repeated:
            return self._repeated.get(name)
        body = self._block.legible_body
        expression = body.legible(name)
        if expression is None:
            return None
        return places_of(expression, index, body.arguments[name].file, self._called_at)

    def _as_written(self) -> dict[str, list[Places]]:
        """The nested blocks of the source; for a ``dynamic`` its ``content``."""
        children: dict[str, list[Places]] = {}
        unclear: set[str] = set()
        for block in self._block.legible_body.blocks:
            name = block.name
            unclear |= self._repeated.keys() & {name}  # behind a dynamic, nobody knows which block is which
            if block.type != "dynamic" or not block.labels:
                children.setdefault(name, []).append(BlockPlaces(block, self._called_at))
                continue
            content = block.legible_body.first("content")
            if content:
                self._repeated[name] = BlockPlaces(content, self._called_at)
        for name in unclear:
            self._repeated.pop(name, None)
            children.pop(name, None)
        return children


class ObjectPlaces:
    """The locations in one literal object, as JSON syntax and nested attributes have it."""

    __slots__ = ("_called_at", "_file", "_object")

    def __init__(self, file: syntax.SourceFile, node: syntax.Object, called_at: Location | None) -> None:
        self._file = file
        self._object = node
        self._called_at = called_at

    def _entry(self, name: str) -> syntax.ObjectElement | None:
        for entry in self._object.entries:
            if isinstance(entry.key, syntax.Literal) and entry.key.value == name:
                return entry
        return None

    def of(self, name: str) -> Location | None:
        """The location of an item; None where the object lacks it."""
        entry = self._entry(name)
        return None if entry is None else self._file.location(entry.key.at, self._called_at)

    def origin(self, name: str) -> Location | None:  # noqa: ARG002 - as of a block
        """None: items of a literal object are followed no further."""
        return None

    @property
    def start(self) -> Location:
        """Where the object starts."""
        return self._file.location(self._object.at, self._called_at)

    def item(self, name: str, index: int) -> Places | None:
        """The places of the ``index``-th object of a name."""
        entry = self._entry(name)
        return None if entry is None else places_of(entry.value, index, self._file, self._called_at)


def places_of(
    expression: syntax.Expression, index: int, file: syntax.SourceFile, called_at: Location | None
) -> Places | None:
    """The places of the ``index``-th object that an expression writes out; None where it is worked out."""
    if isinstance(expression, syntax.Tuple):
        if index >= len(expression.items):
            return None
        expression = expression.items[index]
    return ObjectPlaces(file, expression, called_at) if isinstance(expression, syntax.Object) else None
