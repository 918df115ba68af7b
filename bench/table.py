"""Tables of numbers, each beside what it is compared with."""

from collections.abc import Sequence


def heading(text: str, *notes: str) -> None:
    """Begin a table."""
    print(f"\n{text}")
    for note in notes:
        print(f"  {note}")


def row(name: str, *cells: str | float) -> None:
    """One line; numbers get two places below ten, one above."""
    print(f"  {name:44}" + "".join(f"{_cell(cell):>11}" for cell in cells), flush=True)


def skipped(name: str, why: str) -> None:
    """A line for what was not measured."""
    print(f"  {name:44}  skipped: {why}", flush=True)


def percentiles(values: Sequence[float]) -> tuple[float, float, float]:
    """p50, p95 and p99, by the nearest rank."""
    ordered = sorted(values)

    def at(part: float) -> float:
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))]

    return at(0.50), at(0.95), at(0.99)


def ratio(value: float, base: float) -> str:
    """``2.1×``."""
    return f"{value / base:.1f}×" if base else "-"


def _cell(cell: str | float) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, int):
        return str(cell)
    return f"{cell:.2f}" if cell < 10 else f"{cell:.1f}"
