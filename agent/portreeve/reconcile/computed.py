"""Values that are computed from those that were read."""

from collections.abc import Mapping

from portreeve.definitions.model import Items, Single, Sync
from portreeve.errors import PortreeveError
from portreeve.reconcile.desired import secret_texts, template_context
from portreeve.reconcile.masking import withheld
from portreeve.render.environment import Renderer
from portreeve.sources.read import Readings
from portreeve.sources.values import typed


def with_computed(sync: Sync, readings: Readings, renderer: Renderer) -> Mapping[str, Single | Items]:
    """Everything that templates of a sync may use: what was read, and what is computed from it.

    A computed value is typed as one that is read: an expression over what containers write is no more to be
    trusted than that.

    Args:
        sync: its definition, whose computed values come after those they are computed from.
        readings: what was read.
        renderer: renders the expressions.

    Raises:
        PortreeveError: an expression fails, or what it gives is not of its type; ``step="read"``.
    """
    found: dict[str, Single | Items] = {**readings.values, **readings.lists}
    for name, value in sync.values.items():
        if value.expr is None:
            continue
        try:
            with withheld(secret_texts(sync, found)):
                found[name] = typed(value, renderer.text(value.expr, template_context(sync, found)))
        except PortreeveError as error:
            error.step = "read"
            raise
    return found
