"""Which schema a state file has, told without opening it: SQLite would leave files beside it."""

import struct
from collections.abc import Iterator
from pathlib import Path

_MAGIC = b"SQLite format 3\0"
_VERSION = slice(60, 64)
"""Where a database's first page has ``PRAGMA user_version`` (https://sqlite.org/fileformat2.html#the_database_header)."""

_LOG_HEADER = struct.Struct(">8I")
_FRAME_HEADER = struct.Struct(">6I")
_LOG_MAGIC = {0x377F0682: "<", 0x377F0683: ">"}
"""Begins a write-ahead log; its last bit tells in which order the bytes of a checksummed word are
(https://sqlite.org/fileformat2.html#the_write_ahead_log)."""


def stored_version(path: Path) -> int:
    """The schema of a state file, with what its write-ahead log has that the file has not yet.

    Args:
        path: the state file; nothing of it is changed, also no time of access but by reading.

    Returns:
        0 where there is none yet, or something that is no database, which is SQLite's to judge.

    Raises:
        OSError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            header = file.read(100)
    except FileNotFoundError:
        return 0
    if len(header) < 100 or not header.startswith(_MAGIC):
        return 0
    version = int.from_bytes(header[_VERSION], "big")
    log = path.with_name(f"{path.name}-wal")
    try:
        content = log.read_bytes()
    except FileNotFoundError:
        return version
    return _version_in(content, version)


def _version_in(log: bytes, version: int) -> int:
    """The version by a log's last commit; ``version`` where it says nothing of it."""
    told = {page[_VERSION] for number, _, page in _frames(log, proved=False) if number == 1}
    if told <= {version.to_bytes(4, "big")}:
        # After every kill there is a log, and its checksums would be a part of a second for nothing.
        return version
    uncommitted = version
    for number, commits, page in _frames(log, proved=True):
        if number == 1:
            uncommitted = int.from_bytes(page[_VERSION], "big")
        if commits:
            version = uncommitted
    return version


def _frames(log: bytes, *, proved: bool) -> Iterator[tuple[int, bool, bytes]]:
    """Page, whether it ends a transaction, and content of each frame up to the first that does not count.

    Args:
        log: the write-ahead log.
        proved: what does not have the right checksum does not count.
    """
    if len(log) < _LOG_HEADER.size:
        return
    magic, _, size, _, *salt, first, second = _LOG_HEADER.unpack_from(log)
    order = _LOG_MAGIC.get(magic)
    if order is None or _checksum(order, log[:24], (0, 0)) != (first, second):
        return
    checksum, at = (first, second), _LOG_HEADER.size
    while at + _FRAME_HEADER.size + size <= len(log):
        number, commits, *its_salt, first, second = _FRAME_HEADER.unpack_from(log, at)
        page = log[at + _FRAME_HEADER.size : at + _FRAME_HEADER.size + size]
        if proved:
            checksum = _checksum(order, page, _checksum(order, log[at : at + 8], checksum))
            if its_salt != salt or checksum != (first, second):
                return
        yield number, bool(commits), page
        at += _FRAME_HEADER.size + size


def _checksum(order: str, data: bytes, before: tuple[int, int]) -> tuple[int, int]:
    first, second = before
    for one, other in struct.iter_unpack(f"{order}2I", data):
        first = (first + one + second) & 0xFFFFFFFF
        second = (second + other + first) & 0xFFFFFFFF
    return first, second
