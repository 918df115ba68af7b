"""How things are said to people: times, states, tables."""

from collections.abc import Mapping, Sequence
from time import localtime, strftime
from typing import Any

import click

from portreeve.reconcile.status import State

COLOURS = {
    State.PENDING: "cyan",
    State.IN_STEP: "green",
    State.WAITING: "yellow",
    State.OVERDUE: "magenta",
    State.FAILED: "red",
    State.HELD: "blue",
    State.BROKEN: "red",
    State.UNDECLARED: "yellow",
}

NO_SYNCS = "no syncs: none in /etc/portreeve/syncs.d"

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))


def printable(text: str) -> str:
    """A text without what a terminal would obey: what a container wrote is shown to root."""
    return "".join(
        letter if letter.isprintable() or letter in "\n\t" else f"\\x{ord(letter):02x}" for letter in text
    )


def printable_data(data: Any) -> Any:
    """JSON data, each text in it made :func:`printable`."""
    if isinstance(data, str):
        return printable(data)
    if isinstance(data, list):
        return [printable_data(entry) for entry in data]
    if isinstance(data, dict):
        return {printable(key): printable_data(entry) for key, entry in data.items()}
    return data


def span(seconds: float) -> str:
    """A time span in its largest unit: ``3m``."""
    whole = max(0, round(seconds))
    for size, unit in _UNITS:
        if whole >= size:
            return f"{whole // size}{unit}"
    return "0s"


def ago(moment: float, now: float) -> str:
    """When something was: ``3m ago``."""
    return f"{span(now - moment)} ago" if now - moment >= 1 else "now"


def ahead(moment: float, now: float) -> str:
    """When something will be: ``in 4s``."""
    return f"in {span(moment - now)}" if moment - now >= 1 else "now"


def clock_time(moment: float) -> str:
    """A moment by the host's clock: ``2026-11-21 10:00:05``."""
    return strftime("%Y-%m-%d %H:%M:%S", localtime(moment))


def state_words(state: State) -> str:
    """A state as it is said: ``in step``."""
    return state.value.replace("-", " ")


def coloured(text: str, state: State) -> str:
    """A text in its state's colour; :func:`click.echo` takes colours away where there is no terminal."""
    return click.style(text, fg=COLOURS[state])


def counted(number: int, noun: str) -> str:
    """``1 sync``, ``2 syncs``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def pairs(values: Mapping[str, str]) -> str:
    """Values in one cell: ``port=9000 host=a``, or a dash."""
    return " ".join(f"{name}={value}" for name, value in values.items()) or "-"


def table(rows: Sequence[Sequence[str]], colours: Mapping[int, Mapping[int, str]] | None = None) -> list[str]:
    """Rows as lines with aligned columns.

    Args:
        rows: the cells, the header first; line breaks in a cell become blanks.
        colours: by row and column, the colour of a cell.
    """
    cells = [[" ".join(cell.split()) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    lines = []
    for number, row in enumerate(cells):
        parts = []
        for column, cell in enumerate(row):
            colour = (colours or {}).get(number, {}).get(column)
            padding = " " * (widths[column] - len(cell))
            parts.append((click.style(cell, fg=colour) if colour else cell) + padding)
        lines.append("  ".join(parts).rstrip())
    return lines
