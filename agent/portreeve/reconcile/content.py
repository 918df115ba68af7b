"""The content of a sync at one moment: its files and how they are made effective."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from portreeve.definitions.steps import ApplyStep, Step, VerifyStep, describe, dump
from portreeve.reconcile.baseline import reachable
from portreeve.reconcile.masking import masked
from portreeve.targets.key_edits import KeyEdits
from portreeve.targets.place import Place
from portreeve.targets.wanted import Wanted, differences, found


@dataclass(frozen=True, slots=True)
class Content:
    """What a sync wants, or wanted, to be in force.

    Args:
        files: what each target should be, or some keys of it; ``None`` means that there is no such file.
        apply: rendered steps that make the files effective.
        verify: rendered steps that prove it.
        values: as shown to people; secrets masked.
        restores: it is what was there before portreeve, so a volume or edited file that is gone is no matter.
        confidential: neither files nor steps may be seen, nor kept where somebody could read them.
        secrets: texts that nobody may see.
    """

    files: Mapping[Place, Wanted]
    apply: tuple[ApplyStep, ...]
    verify: tuple[VerifyStep, ...]
    values: Mapping[str, str]
    restores: bool = field(default=False, compare=False)
    confidential: bool = field(default=False, compare=False)
    secrets: tuple[str, ...] = field(default=(), compare=False, repr=False)

    @property
    def digest(self) -> str:
        """Equal for content that needs no new write and no new action."""
        hasher = hashlib.sha256()
        for place in sorted(self.files):
            hasher.update(json.dumps([str(place), _described(self.files[place])]).encode())
        hasher.update(json.dumps([dump(step) for step in self.apply]).encode())
        return hasher.hexdigest()

    def said(self, step: Step) -> str:
        """One of its steps, or of its checks, as people may see it."""
        return masked(describe(step), self.secrets)

    def matches_disk(self) -> bool:
        """Every file is as this content has it; errors as for :meth:`found`."""
        return not self.drift(self.found())

    def drift(self, now: "Content") -> str:
        """In what files differ from this content, for people; empty when none does.

        Args:
            now: what :meth:`found` gave.
        """
        files = reachable(self.files) if self.restores else self.files
        seen = {place: differences(file, now.files[place]) for place, file in files.items()}
        return "; ".join(f"{place}: {', '.join(what)}" for place, what in seen.items() if what)

    def found(self) -> "Content":
        """What is there now in the place of each file, made effective by the same steps.

        Raises:
            Failed: ``file-refused`` or ``write-failed``: a target cannot be looked at.
            Waiting: ``format-invalid``: keys of a target are wanted, and it cannot be understood.
        """
        files = {place: found(place, file) for place, file in self.files.items()}
        return replace(self, files=files, verify=(), values={}, restores=False)


def _described(file: Wanted) -> list[Any] | None:
    """What makes a file's content another one."""
    if isinstance(file, KeyEdits):
        return ["keys", file.format, sorted((list(key), value) for key, value in file.keys)]
    return None if file is None else [file.mode, file.uid, file.gid, file.sha256]
