"""The content of a sync at one moment: its files and how they are made effective."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from portreeve.definitions.steps import ApplyStep, VerifyStep, dump
from portreeve.targets.file_state import FileContent, differences, observe
from portreeve.targets.place import Place


@dataclass(frozen=True, slots=True)
class Content:
    """What a sync wants, or wanted, to be in force.

    Args:
        files: what each target should be; ``None`` means that there is no such file.
        apply: rendered steps that make the files effective.
        verify: rendered steps that prove it.
        values: as shown to people; secrets masked.
    """

    files: Mapping[Place, FileContent | None]
    apply: tuple[ApplyStep, ...]
    verify: tuple[VerifyStep, ...]
    values: Mapping[str, str]

    @property
    def digest(self) -> str:
        """Equal for content that needs no new write and no new action."""
        hasher = hashlib.sha256()
        for place in sorted(self.files):
            file = self.files[place]
            described = None if file is None else [file.mode, file.uid, file.gid, file.sha256]
            hasher.update(json.dumps([str(place), described]).encode())
        hasher.update(json.dumps([dump(step) for step in self.apply]).encode())
        return hasher.hexdigest()

    def matches_disk(self) -> bool:
        """Every file is as this content has it; errors as for :meth:`found`."""
        return self.found().files == self.files

    def drift(self, found: "Content") -> str:
        """In what files differ from this content, for people; empty when none does."""
        seen = {place: differences(file, found.files[place]) for place, file in self.files.items()}
        return "; ".join(f"{place}: {', '.join(what)}" for place, what in seen.items() if what)

    def found(self) -> "Content":
        """What is there now in the place of each file, made effective by the same steps.

        Raises:
            Failed: ``file-refused`` or ``write-failed``: a target cannot be looked at.
        """
        files = {place: observe(place) for place in self.files}
        return Content(files=files, apply=self.apply, verify=(), values={})
