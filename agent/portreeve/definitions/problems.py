"""One mistake in one place of one file, told so that it can be mended without looking anything up."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """A mistake in a definition or template.

    Args:
        file: where it is.
        line: counted from 1; 0 when it concerns the whole file.
        message: one sentence, lower case, no full stop.
        text: the offending line as it stands in the file, without its line break.
        hint: what to write instead; empty when that cannot be said.
        key: the dotted path of the key, empty when there is none.
    """

    file: Path
    line: int
    message: str
    text: str = ""
    hint: str = ""
    key: str = ""

    def render(self) -> str:
        """The problem for people, two to four lines."""
        place = f"{self.file}:{self.line}" if self.line else str(self.file)
        lines = [f"{place}: {self.message}"]
        if self.text:
            number = str(self.line)
            lines.append(f"  {number} | {self.text}")
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)

    def to_json(self) -> dict[str, str | int]:
        """The problem for machines."""
        return {
            "file": str(self.file),
            "line": self.line,
            "key": self.key,
            "message": self.message,
            "text": self.text,
            "hint": self.hint,
        }
