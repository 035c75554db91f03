"""Putting things into as few equal boxes as possible: models with their needs into instances with their room."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TypeAlias

Size: TypeAlias = tuple[Decimal, ...]
"""What one thing takes of each kind of room: GiB of memory, accelerators."""

MOST_EXACT = 10
"""Things of which every way is looked at; of more, each goes into the first box that takes it, the largest first."""


def packed(sizes: Sequence[Size], room: Size) -> list[list[int]] | None:
    """Bin packing: the indices of the items in each box, in as few boxes as possible; None where one fits none.

    Models of 10, 9, 6 and 5 GiB into 16 GiB: [0, 2] and [1, 3], two boxes.
    """
    if any(not _fits(size, room) for size in sizes):
        return None
    order = sorted(range(len(sizes)), key=lambda place: (*(-part for part in sizes[place]), place))
    best = _first_fit(order, sizes, room)
    if len(sizes) <= MOST_EXACT:
        best = _better(order, sizes, room, [], best)
    return sorted(sorted(box) for box in best)


def _first_fit(order: Sequence[int], sizes: Sequence[Size], room: Size) -> list[list[int]]:
    boxes: list[list[int]] = []
    left: dict[int, Size] = {}  # of boxes that may take one more thing
    least = tuple(map(min, zip(*sizes, strict=True)))
    for place in order:
        size = sizes[place]
        at = next((at for at, space in left.items() if _fits(size, space)), len(boxes))
        if at == len(boxes):
            boxes.append([])
            left[at] = room
        boxes[at].append(place)
        left[at] = tuple(space - part for space, part in zip(left[at], size, strict=True))
        if not _fits(least, left[at]):
            del left[at]
    return boxes


def _better(
    order: Sequence[int], sizes: Sequence[Size], room: Size, boxes: list[list[int]], best: list[list[int]]
) -> list[list[int]]:
    """The best way to go on from some boxes: every box that takes the next thing, then a new one."""
    if len(boxes) >= len(best):
        return best
    if not order:
        return [list(box) for box in boxes]
    place, *rest = order
    for box in boxes:
        if _has_room(box, place, sizes, room):
            box.append(place)
            best = _better(rest, sizes, room, boxes, best)
            box.pop()
    boxes.append([place])
    best = _better(rest, sizes, room, boxes, best)
    boxes.pop()
    return best


def _has_room(box: Sequence[int], place: int, sizes: Sequence[Size], room: Size) -> bool:
    taken = tuple(sum(parts, Decimal(0)) for parts in zip(*(sizes[each] for each in (*box, place)), strict=True))
    return _fits(taken, room)


def _fits(size: Size, room: Size) -> bool:
    return all(part <= have for part, have in zip(size, room, strict=True))
