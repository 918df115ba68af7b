"""What every format's editor offers, and what a value is to it."""

from collections.abc import Sequence
from typing import Protocol

EditValue = str | int | float | bool

Key = tuple[str, ...]
"""The parts of a key; an element of an array is named by its index in decimal digits."""

Leaf = tuple[Key, str]
"""A key and what stands there, in a form that tells different contents apart."""


class Editor(Protocol):
    """Edits one format; each method takes a text without a byte order mark and raises ``EditError``."""

    def leaves(self, text: str) -> Sequence[Leaf]:
        """Everything the file says, in order: what must not change, but for the key that is edited."""

    def get(self, text: str, key: Key) -> EditValue | None:
        """The key's value, or ``None``."""

    def same(self, found: EditValue, wanted: EditValue) -> bool:
        """Whether what stands there needs no edit."""

    def put(self, text: str, key: Key, value: EditValue) -> str:
        """The text with the key set; the value differs from what is there."""

    def drop(self, text: str, key: Key) -> str:
        """The text without the key, which is there."""


def shown(key: Key) -> str:
    """A key for people: ``server.port``."""
    return ".".join(key)
