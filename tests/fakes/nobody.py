"""Being somebody who is not root, for a while: permissions mean nothing to root."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534


@contextmanager
def nobody() -> Iterator[None]:
    """The whole process acts as nobody within the block; whoever is not root stays who they are."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def open_the_way(path: Path) -> None:
    """Let everybody pass the folders above ``path`` that are ours: pytest makes its own for root alone."""
    for folder in path.parents:
        if folder.stat().st_uid == os.getuid() and folder.parts[:2] == ("/", "tmp") and len(folder.parts) > 2:
            folder.chmod(folder.stat().st_mode | 0o111)
