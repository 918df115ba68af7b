"""Opens a file that an untrusted party may have put there: beneath its root, regular, without side effects.

The container decides every name below its volume, links and device nodes included. What is found is looked at
through O_PATH before it is opened, since opening alone does something to a device (a watchdog starts) and to
a fifo.
"""

import errno
import os
import stat
from pathlib import Path
from types import TracebackType

from portreeve.beneath import held_open, kind_of, reopen
from portreeve.errors import Failed, Reason, Waiting


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
        Waiting: it is not there, not a regular file, not readable, or held by a lease; or, beneath a root of
            its own, it has a second name (a hard link).
        Failed: the kernel is older than Linux 5.6.
    """
    shown = root / relative
    try:
        with held_open(root, relative, os.O_PATH) as found:
            facts = os.fstat(found)
            if not stat.S_ISREG(facts.st_mode):
                raise Waiting(
                    Reason.FILE_REFUSED,
                    f"{shown} is not a regular file",
                    evidence=f"it is {kind_of(facts.st_mode)}",
                )
            if facts.st_nlink > 1 and root != Path("/"):
                # Its other name may be a file outside that the container may not read.
                raise Waiting(
                    Reason.FILE_REFUSED,
                    f"{shown} is a file that has another name too",
                    evidence=f"{facts.st_nlink} hard links",
                    hint="copy it instead of linking it",
                )
            return Opened(reopen(found, os.O_RDONLY), Path(f"/proc/self/fd/{found}").readlink())
    except OSError as error:
        # Only the root itself is opened by an absolute name.
        missing = root if os.path.isabs(error.filename or "") else shown  # noqa: PTH117
        raise explain(error, missing) from error


def explain(error: OSError, path: Path) -> Waiting | Failed:
    """The failure that an error of opening means."""
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
