"""What can go wrong in the lab, told so that the reader of a test report needs nothing else."""

from __future__ import annotations


class LabError(Exception):
    """The lab could not do what a test asked for."""


class CommandError(LabError):
    """A command ended with another code than 0, or not in time.

    Attributes:
        code: its exit code, negative for a signal, None when it ran out of time.
    """

    def __init__(self, argv: tuple[str, ...], code: int | None, output: str) -> None:
        outcome = "ran out of time" if code is None else f"ended with code {code}"
        super().__init__(f"{' '.join(argv)!r} {outcome}\n{output[-4000:]}")
        self.code = code


class DeadlineError(LabError):
    """A condition did not come true before its deadline."""
