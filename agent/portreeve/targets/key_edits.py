"""Single keys of a file that somebody else owns: what they should be, and nothing about the rest of it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from portreeve.definitions.model import Format
from portreeve.edits.edit import edit, read
from portreeve.edits.errors import EditError
from portreeve.edits.model import EditValue, Key
from portreeve.errors import Reason, Waiting
from portreeve.targets.place import Place


@dataclass(frozen=True, slots=True)
class KeyEdits:
    """What some keys of a file should be.

    Args:
        format: how the file is written.
        keys: each key, outermost part first, with its value; ``None``: the key should not be there.
        unlike: of keys that were found, those that are not as they were wanted to be.
    """

    format: Format
    keys: tuple[tuple[Key, EditValue | None], ...]
    unlike: tuple[Key, ...] = field(default=(), compare=False)

    def applied(self, place: Place, data: bytes) -> bytes:
        """A file with the keys as they should be, and every other byte as it is.

        Args:
            place: the file, for people.
            data: its bytes now.

        Raises:
            Waiting: ``format-invalid``: they cannot be set in this file.
        """
        try:
            return edit(self.format, data, dict(self.keys))
        except EditError as error:
            raise _refused(place, error) from error

    def found_in(self, place: Place, data: bytes) -> "KeyEdits":
        """The same keys as they are in a file now.

        Args:
            place: the file, for people.
            data: its bytes.

        Raises:
            Waiting: ``format-invalid``: the file cannot be understood.
        """
        try:
            keys = tuple((key, self._kept(data, key)) for key, _ in self.keys)
            unlike = (key for key, value in self.keys if edit(self.format, data, {key: value}) != data)
            return KeyEdits(self.format, keys, tuple(unlike))
        except EditError as error:
            raise _refused(place, error) from error

    def _kept(self, data: bytes, key: Key) -> EditValue | None:
        """What a key has now, if it could be put back."""
        value = read(self.format, data, key)
        if isinstance(value, str) and "\n" in value:
            raise EditError(f"{'.'.join(key)} has several lines, which could not be put back as they were", 0)
        return value

    def only(self, wanted: Iterable[Key]) -> "KeyEdits":
        """Some of the keys."""
        chosen = set(wanted)
        return replace(self, keys=tuple(pair for pair in self.keys if pair[0] in chosen))

    def without(self, others: "KeyEdits") -> "KeyEdits":
        """The keys that ``others`` does not have."""
        theirs = {key for key, _ in others.keys}
        return replace(self, keys=tuple(pair for pair in self.keys if pair[0] not in theirs))

    def with_more(self, others: "KeyEdits") -> "KeyEdits":
        """These keys, and those of ``others`` that are not among them."""
        return replace(self, keys=(*self.keys, *others.without(self).keys))

    def dump(self) -> bytes:
        """The keys as the state file keeps them."""
        return json.dumps([[list(key), value] for key, value in self.keys]).encode()

    @classmethod
    def load(cls, format_: str, data: bytes) -> "KeyEdits":
        """The inverse of :meth:`dump`."""
        return cls(Format(format_), tuple((tuple(key), value) for key, value in json.loads(data)))


def _refused(place: Place, error: EditError) -> Waiting:
    return Waiting(
        Reason.FORMAT_INVALID,
        f"the keys of {place} cannot be set",
        evidence=str(error),
        hint="the file was not touched; it is tried again when it changes",
        step="write",
    )
