import errno
import io
import os
import socket
from pathlib import Path

import pytest

from guardrail import files, limits

MEBIBYTE = 1 << 20


def refusal(path: str, **options: int) -> str:
    with pytest.raises(OSError) as caught:  # noqa: PT011 - its strerror is what is looked at
        files.content(path, **options)
    assert caught.value.filename == path
    return caught.value.strerror or ""


def test_a_regular_file_is_read_whole_also_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * (3 * MEBIBYTE))
    (tmp_path / "b").symlink_to("a")
    assert files.content(str(tmp_path / "b")) == b"x" * (3 * MEBIBYTE)


@pytest.mark.skipif(os.name == "nt", reason="named pipes are no files on Windows")
def test_a_named_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    assert refusal(str(tmp_path / "pipe")) == "it is a named pipe, no file"
    assert refusal(str(tmp_path / "link")) == "it is a named pipe, no file"


@pytest.mark.skipif(os.name == "nt", reason="sockets and devices are no files on Windows")
def test_a_socket_and_a_device_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a socket is short
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("socket")
        assert refusal("socket") == "it is a socket, no file"
    (tmp_path / "endless").symlink_to("/dev/zero")
    assert refusal("endless") == "it is a device, no file"


def test_a_folder_a_dangling_link_and_a_null_character_are_operating_system_errors(tmp_path: Path) -> None:
    (tmp_path / "nowhere").symlink_to("missing")
    with pytest.raises(IsADirectoryError):
        files.content(str(tmp_path))
    with pytest.raises(FileNotFoundError):
        files.content(str(tmp_path / "nowhere"))
    assert "null" in refusal("a\0b")


def test_what_is_there_and_leads_nowhere_is_there(tmp_path: Path) -> None:
    (tmp_path / "nowhere").symlink_to("missing")
    assert files.is_there(str(tmp_path / "nowhere"))
    assert not files.is_there(str(tmp_path / "missing"))


def test_a_file_may_be_as_large_as_the_limit_and_no_byte_larger(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(2 * MEBIBYTE)
    assert len(files.content(str(path), most=2 * MEBIBYTE)) == 2 * MEBIBYTE
    with path.open("ab") as file:
        file.truncate(2 * MEBIBYTE + 1)
    assert refusal(str(path), most=2 * MEBIBYTE) == "it is larger than 2 MiB"


def test_a_file_without_a_size_of_its_own_is_read_up_to_the_limit() -> None:
    """Files of /proc say that they are empty."""
    if not os.path.exists("/proc/self/maps"):
        pytest.skip("there is no /proc here")
    assert len(files.content("/proc/self/maps")) > 0
    assert refusal("/proc/self/maps", most=1) == "it is larger than 0 MiB"


@pytest.mark.skipif(os.name == "nt", reason="needs /dev")
def test_streams_are_told_by_their_text_alone(tmp_path: Path) -> None:
    assert [name for name in ("-", "/dev/stdin", "/dev/fd/63", "/proc/self/fd/0") if not files.is_stream(name)] == []
    (tmp_path / "plan.json").symlink_to("/dev/fd/0")
    assert not files.is_stream(str(tmp_path / "plan.json"))
    assert not files.is_stream("/dev/zero")
    assert not files.is_stream("/dev/fd/../zero")


@pytest.mark.skipif(os.name == "nt", reason="needs /dev/fd")
def test_an_open_descriptor_is_read_until_it_ends() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"{}")
    os.close(writer)
    try:
        assert files.stream(f"/dev/fd/{reader}") == b"{}"
    finally:
        os.close(reader)


class Endless(io.BytesIO):
    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert size > 0
        self.taken += size
        return bytes(size)


class StandardInput:
    def __init__(self, buffer: io.BytesIO) -> None:
        self.buffer = buffer


def test_standard_input_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    endless = Endless()
    monkeypatch.setattr("sys.stdin", StandardInput(endless))
    with pytest.raises(OSError, match="larger than 4 MiB") as caught:
        files.stream("-", most=4 * MEBIBYTE)
    assert caught.value.errno == errno.EFBIG
    assert endless.taken == 5 * MEBIBYTE


def test_standard_input_that_is_closed_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(OSError, match="it is closed"):
        files.stream("-")


def test_walking_follows_no_links_so_that_it_ends(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "a").mkdir()
    (tmp_path / "b" / "round").symlink_to(tmp_path)
    (tmp_path / "b" / "x").touch()
    found = [(os.path.relpath(parent, tmp_path), names) for parent, _, names in files.walk(str(tmp_path))]
    assert found == [(".", []), ("a", []), ("b", ["x"])]


def test_walking_gives_up_where_there_is_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_FILES", 3)
    for name in "abc":
        (tmp_path / name).touch()
    assert len(list(files.walk(str(tmp_path)))) == 1
    (tmp_path / "d").touch()
    with pytest.raises(OSError, match="more than 3 files"):
        list(files.walk(str(tmp_path)))


@pytest.mark.skipif(not os.path.isdir("/dev/fd"), reason="descriptors have no paths here")
def test_a_pipe_whose_beginning_was_looked_at_brings_all_of_it_still() -> None:
    outlet, inlet = os.pipe()
    os.write(inlet, b"Resources: {}\n")
    os.close(inlet)
    path = f"/dev/fd/{outlet}"
    assert files.beginning(path) == b"Resources: {}\n"
    assert files.beginning(path) == b"Resources: {}\n"
    assert files.stream(path) == b"Resources: {}\n"
    os.close(outlet)
