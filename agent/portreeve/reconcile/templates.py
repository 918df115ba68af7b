"""Reads templates as sources are read: never the half of one that an editor is writing."""

from pathlib import Path

from portreeve.sources.open_beneath import open_beneath
from portreeve.sources.stable import read_stable

LIMIT = 1 << 20
"""Bytes of a template at most."""


def read_template(path: Path) -> str:
    """The text of a template that nobody is writing.

    Args:
        path: absolute.

    Raises:
        Waiting: it is not there any more, too large, or does not hold still.
        UnicodeDecodeError: it is not UTF-8.
    """
    data = read_stable(
        lambda: open_beneath(Path("/"), str(path)), LIMIT, lambda _: True, name=f"the template {path}"
    )
    return data.decode()
