"""Collects what is wrong with one definition, each mistake once and in its place."""

from collections.abc import Iterable

from portreeve.definitions.faults import Fault
from portreeve.definitions.inputs import Inputs
from portreeve.definitions.positions import KeyPath, render_key
from portreeve.definitions.problems import Problem


class Report:
    """The problems of one definition.

    Args:
        inputs: the definition, which knows where its keys stand.
    """

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs
        self._keys: set[KeyPath] = set()
        self._problems: set[Problem] = set(inputs.problems)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """In the order of file and line."""
        return tuple(sorted(self._problems))

    def add(self, key: KeyPath, message: str, hint: str = "") -> None:
        """A mistake at a key, or, where the key is missing, in the table that should have it."""
        place = self._inputs.place(key)
        self._keys.add(key)
        self._problems.add(Problem(place.file, place.line, message, place.text, hint, render_key(key)))

    def add_faults(self, faults: Iterable[Fault]) -> None:
        """Mistakes in the shape of the tables."""
        for fault in faults:
            self.add(fault.key, fault.message, fault.hint)
            # A misspelt key is one mistake: that the right one is missing is not a second.
            self._keys.update((*fault.key[:-1], name) for name in fault.instead)

    def extend(self, problems: Iterable[Problem]) -> None:
        """Mistakes in other files that belong to this definition, such as its templates."""
        self._problems.update(problems)

    def require(self, key: KeyPath, value: object, hint: str = "") -> None:
        """A key that must be there; one that is there and wrong was reported already."""
        if value is None and not self.concerns(key):
            self.add(key, f"`{key[-1]}` is missing", hint)

    def has(self, key: KeyPath) -> bool:
        """Whether something was wrong with exactly this key, so that what it holds is not known."""
        return key in self._keys

    def concerns(self, key: KeyPath) -> bool:
        """Whether something was wrong at this key, above it or beneath it."""
        return any(
            known[: len(key)] == key or (len(known) < len(key) and key[: len(known)] == known)
            for known in self._keys
        )
