"""A sync whose definition is gone, as far as it can still be worked on."""

from portreeve.definitions.model import Sync
from portreeve.definitions.settings import ReconcileSettings


def undeclared(name: str) -> Sync:
    """The sync of that name, which wants nothing any more."""
    return Sync(
        name=name,
        description="not declared any more",
        sources={},
        values={},
        targets=(),
        check=(),
        apply=(),
        verify=(),
        deadline=ReconcileSettings().deadline,
        origin=(),
    )
