"""Opens names beneath a folder whose content nobody trusts: no link and no race leads out of it.

Whoever controls a container decides every name below its volume. openat2(2) resolves them all inside the
root, and what it gave stays what it is, however often somebody swaps a folder for a link afterwards.
"""

import ctypes
import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SYS_OPENAT2 = 437
"""The same number on every architecture (include/uapi/asm-generic/unistd.h)."""

_RESOLVE_NO_MAGICLINKS = 0x02
_RESOLVE_IN_ROOT = 0x10
_RACES = 8
"""How often EAGAIN is answered with another try: somebody renamed a directory of the path meanwhile."""

_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFLNK: "a link",
    stat.S_IFIFO: "a fifo",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}

_libc = ctypes.CDLL(None, use_errno=True)


class _OpenHow(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


def open_in_root(root: int, relative: str, flags: int) -> int:
    """Open what ``relative`` leads to, with ``/``, ``..`` and absolute links ending at ``root``.

    Args:
        root: descriptor of a folder.
        relative: the name; a slash at its beginning means nothing.
        flags: as for open(2); nothing is made.

    Returns:
        a descriptor, which the caller closes.

    Raises:
        OSError: ENOSYS where the kernel is older than Linux 5.6.
    """
    name = relative.lstrip("/") or "."
    how = _OpenHow(flags | os.O_CLOEXEC, 0, _RESOLVE_IN_ROOT | _RESOLVE_NO_MAGICLINKS)
    for _ in range(_RACES):
        fd: int = _libc.syscall(
            ctypes.c_long(_SYS_OPENAT2),
            ctypes.c_int(root),
            ctypes.c_char_p(os.fsencode(name)),
            ctypes.byref(how),
            ctypes.c_size_t(ctypes.sizeof(how)),
        )
        if fd >= 0:
            return fd
        code = ctypes.get_errno()
        if code != errno.EAGAIN:
            break
    raise OSError(code, os.strerror(code), name)


@contextmanager
def held_open(root: Path, relative: str, flags: int) -> Iterator[int]:
    """:func:`open_in_root` for as long as the block runs.

    Args:
        root: a folder; the path to it is trusted.
        relative: the name below it.
        flags: as for open(2).

    Raises:
        OSError: the folder or the name cannot be opened.
    """
    folder = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        descriptor = open_in_root(folder, relative, flags)
    finally:
        os.close(folder)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def reopen(descriptor: int, flags: int) -> int:
    """Open what an ``O_PATH`` descriptor stands for; no name is looked up, so nothing can be swapped.

    Args:
        descriptor: of a file that was found to be what is wanted: opening alone does something to a device.
        flags: as for open(2). Never blocks: a lease that somebody holds would otherwise stop us for 45 s.

    Raises:
        OSError: EAGAIN where somebody holds a lease.
    """
    return os.open(f"/proc/self/fd/{descriptor}", flags | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)


def kind_of(mode: int) -> str:
    """What is not a regular file, for people.

    Args:
        mode: ``st_mode``.
    """
    return _KINDS.get(stat.S_IFMT(mode), "of an unknown kind")
