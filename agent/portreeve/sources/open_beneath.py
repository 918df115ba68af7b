"""Opens a file that an untrusted party may have put there: beneath its root, regular, without side effects.

The container decides every name below its volume, links and device nodes included. openat2(2) resolves them
all inside the root; what is found is looked at through O_PATH before it is opened, since opening alone does
something to a device (a watchdog starts) and to a fifo.
"""

import ctypes
import errno
import os
import stat
from pathlib import Path
from types import TracebackType

from portreeve.errors import Failed, Reason, Waiting

_SYS_OPENAT2 = 437
"""The same number on every architecture (include/uapi/asm-generic/unistd.h)."""

_RESOLVE_NO_MAGICLINKS = 0x02
_RESOLVE_IN_ROOT = 0x10
_RACES = 8
"""How often EAGAIN is answered with another try: somebody renamed a directory of the path meanwhile."""

_libc = ctypes.CDLL(None, use_errno=True)


class _OpenHow(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


class Opened:
    """An open regular file; a context manager.

    Args:
        fd: readable; closed at the end.
        path: where it really is, every link resolved.
    """

    def __init__(self, fd: int, path: Path) -> None:
        self.fd = fd
        self.path = path

    def __enter__(self) -> "Opened":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self.fd)


def open_beneath(root: Path, relative: str) -> Opened:
    """Open a regular file for reading, wherever below ``root`` its links lead.

    Args:
        root: a folder that is trusted; ``/``, absolute links and ``..`` stop there.
        relative: the file.

    Raises:
        Waiting: it is not there, not a regular file, not readable, or held by a lease.
        Failed: the kernel is older than Linux 5.6.
    """
    shown = root / relative
    try:
        folder = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _explain(error, root) from error
    try:
        found = _openat2(folder, relative.lstrip("/"), os.O_PATH | os.O_CLOEXEC)
    except OSError as error:
        raise _explain(error, shown) from error
    finally:
        os.close(folder)
    try:
        kind = os.fstat(found).st_mode
        if not stat.S_ISREG(kind):
            raise Waiting(
                Reason.FILE_REFUSED,
                f"{shown} is not a regular file",
                evidence=f"it is {_KINDS.get(stat.S_IFMT(kind), 'of an unknown kind')}",
            )
        return _reopen(found, shown)
    finally:
        os.close(found)


def _reopen(found: int, shown: Path) -> Opened:
    """Open what an O_PATH descriptor stands for; no name is looked up again, so nothing can be swapped."""
    link = f"/proc/self/fd/{found}"
    try:
        # Non-blocking: a write lease that the container holds would otherwise stop us for 45 s.
        fd = os.open(link, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        raise _explain(error, shown) from error
    return Opened(fd, Path(link).readlink())


def _openat2(folder: int, relative: str, flags: int) -> int:
    how = _OpenHow(flags, 0, _RESOLVE_IN_ROOT | _RESOLVE_NO_MAGICLINKS)
    for _ in range(_RACES):
        fd: int = _libc.syscall(
            ctypes.c_long(_SYS_OPENAT2),
            ctypes.c_int(folder),
            ctypes.c_char_p(os.fsencode(relative)),
            ctypes.byref(how),
            ctypes.c_size_t(ctypes.sizeof(how)),
        )
        if fd >= 0:
            return fd
        code = ctypes.get_errno()
        if code != errno.EAGAIN:
            break
    raise OSError(code, os.strerror(code))


def _explain(error: OSError, path: Path) -> Waiting | Failed:
    evidence = f"{path}: {error.strerror}"
    match error.errno:
        case errno.ENOENT:
            return Waiting(Reason.FILE_ABSENT, f"{path} does not exist", evidence=evidence)
        case errno.ENOTDIR:
            return Waiting(Reason.FILE_ABSENT, f"a folder of {path} is not a folder", evidence=evidence)
        case errno.ELOOP | errno.EXDEV:
            # ELOOP is also what a magic link (/proc/…/exe) gives.
            return Waiting(Reason.FILE_REFUSED, f"the links of {path} lead nowhere good", evidence=evidence)
        case errno.EAGAIN:
            return Waiting(Reason.FILE_UNSTABLE, f"{path} is held by somebody", evidence=evidence)
        case errno.ENOSYS:
            return Failed(
                Reason.FILE_UNREADABLE,
                f"{path} cannot be opened safely on this kernel",
                evidence="openat2 is missing",
                hint="Linux 5.6 or newer is needed, and a seccomp filter that knows openat2",
            )
    return Waiting(Reason.FILE_UNREADABLE, f"{path} cannot be read", evidence=evidence)


_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a fifo",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
