"""Writes into a file that must keep its inode: a bind mount of a single file holds on to that.

Not atomic: a reader may see half of it, and so may whoever looks after a power cut. The generation in the
state file is the journal: it was durable before the first byte was written, so the next start completes it.
"""

import os
import stat

from portreeve.targets.entry import Entry
from portreeve.targets.file_state import FileContent


def write_in_place(entry: Entry, content: FileContent) -> None:
    """Make a file what ``content`` says, and return when that would survive a power cut.

    Permissions are narrowed before the first byte and widened after the last one, so nobody reads what the
    new ones keep from them. ACL, extended attributes and SELinux label stay, since the file does.

    Raises:
        FileNotFoundError: it is not there.
        Failed: ``file-refused``: it is not a regular file, or has other names.
        OSError: it could not be written.
    """
    with entry.opened(os.O_WRONLY) as descriptor:
        facts = os.fstat(descriptor)
        if facts.st_nlink != 1:
            raise entry.refused(f"it has {facts.st_nlink} names (hard links), and is to be written in place")
        mode = stat.S_IMODE(facts.st_mode)
        if mode & content.mode != mode:
            os.fchmod(descriptor, mode & content.mode)
        if (facts.st_uid, facts.st_gid) != (content.uid, content.gid):
            os.fchown(descriptor, content.uid, content.gid)
        os.ftruncate(descriptor, 0)
        _write(descriptor, content.data)
        if stat.S_IMODE(os.fstat(descriptor).st_mode) != content.mode:
            os.fchmod(descriptor, content.mode)
        os.fsync(descriptor)


def _write(descriptor: int, data: bytes) -> None:
    offset = 0
    while offset < len(data):
        offset += os.pwrite(descriptor, data[offset:], offset)
