"""Shipped files (``templates/``, ``units/``, ``examples/``, ``profiles/``), wherever portreeve was installed.

A wheel carries them as ``portreeve/_data/``; an editable install and a checkout have them at the top level.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def shipped(kind: str) -> Path:
    """The folder of shipped files of one kind.

    Args:
        kind: ``templates``, ``units``, ``examples`` or ``profiles``.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    candidates = (_PACKAGE / "_data" / kind, _PACKAGE.parent.parent / kind)
    for folder in candidates:
        if folder.is_dir():
            return folder
    places = " or ".join(str(folder) for folder in candidates)
    raise FileNotFoundError(f"the shipped {kind} are missing: expected {places}")
