"""The order of values: each that is computed comes after those it is computed from."""

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from portreeve.definitions.model import Value
from portreeve.definitions.report import Report
from portreeve.render.lint import names_used


def in_order(values: Mapping[str, Value], report: Report) -> dict[str, Value]:
    """The values that are read, then those that are computed; a circle is reported.

    Args:
        values: those that are valid.
        report: where mistakes go.
    """
    computed = {name: value.expr for name, value in values.items() if value.expr is not None}
    sorter = TopologicalSorter(
        {name: sorted(names_used(expr) & computed.keys()) for name, expr in computed.items()}
    )
    try:
        order = tuple(sorter.static_order())
    except CycleError as error:
        circle: list[str] = error.args[1]
        report.add(
            ("values", circle[0], "expr"),
            f"the value is computed from itself: {' → '.join(reversed(circle))}",
            "one of them has to be read from a source",
        )
        return {}
    read = [name for name in values if name not in computed]
    return {name: values[name] for name in (*read, *order)}
