"""A working tree of git, as far as the paths and files in it tell, without its repository."""

import os

_LFS_POINTER = b"version https://git-lfs.github.com/spec/"


def folders_up_to_top(directory: str) -> list[str]:
    """``directory`` and its parents up to the one that holds ``.git``; itself alone where none does."""
    passed = [directory]
    while not os.path.lexists(os.path.join(passed[-1], ".git")):
        parent = os.path.dirname(passed[-1])
        if parent == passed[-1]:
            return [directory]
        passed.append(parent)
    return passed


def top_of(directory: str) -> str:
    """The top of the working tree that ``directory`` lies in; itself where it lies in none."""
    return folders_up_to_top(directory)[-1]


def working_tree_of(directory: str) -> str | None:
    """The top of the working tree that ``directory`` lies in; None where it lies in none."""
    top = top_of(directory)
    return top if os.path.lexists(os.path.join(top, ".git")) else None


def leads_out(relative: str) -> bool:
    """Whether a path leads out of the folder that it is relative to."""
    return os.path.isabs(relative) or relative == os.pardir or relative.startswith(os.pardir + os.sep)


def is_pointer(content: bytes) -> bool:
    """Whether a content is a pointer of git LFS to the one that it stands for."""
    return content.startswith(_LFS_POINTER)
