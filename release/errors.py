"""What can go wrong: a release is refused before anything was built, or a step of it failed."""

from collections.abc import Sequence


class ReleaseRefusedError(Exception):
    """Nothing was built; every problem is a sentence that also says what to do."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class BuildError(Exception):
    """A step of the build failed; the text says which and what it printed."""
