"""Files of portreeve's own that are there after a power cut, whole."""

import os
from pathlib import Path


def write_atomically(file: Path, content: bytes, *, mode: int) -> None:
    """Replace a file so that after a crash either the old or the new one is there, whole."""
    # The name begins with a dot and ends with none of systemd's suffixes, so that systemd never reads it.
    staged = file.with_name(f".{file.name}.portreeve-new")
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as new:
        os.fchmod(descriptor, mode)
        new.write(content)
        new.flush()
        os.fsync(descriptor)
    staged.replace(file)
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk, as they are now."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
