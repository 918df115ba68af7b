"""What containers of different definitions must not say together."""

from collections import defaultdict
from collections.abc import Mapping

from portreeve.definitions.locations import ContainerRef
from portreeve.definitions.report import Report
from portreeve.definitions.supervised import ManagedContainer
from portreeve.definitions.upstream import circles


def declared_as(containers: Mapping[str, ManagedContainer]) -> dict[str, str]:
    """By each word of ``after`` that means one of the definitions, its name.

    A definition's own name comes first, then the name of the container that a definition is about. Any other
    word is the name of a container that nobody declared.

    Args:
        containers: by name.
    """
    by_container = {managed.container.name: name for name, managed in containers.items()}
    return {
        **{word: name for word, name in by_container.items() if word is not None},
        **{name: name for name in containers},
    }


def refuse_shared_containers(
    containers: Mapping[str, ManagedContainer], reports: Mapping[str, Report]
) -> None:
    """Two that look after the same container would undo each other's work.

    Args:
        containers: the valid ones by name.
        reports: by ``containers.d/NAME``.
    """
    users: dict[ContainerRef, list[str]] = defaultdict(list)
    for name, managed in containers.items():
        users[managed.container].append(name)
    for ref, names in users.items():
        for name in names if len(names) > 1 else ():
            others = " and ".join(other for other in names if other != name)
            word = next(word for word, given in _words(ref).items() if given)
            reports[f"containers.d/{name}"].add(
                (word,),
                f"{ref} is the container of the definition {others} too",
                "put both in one definition",
            )


def refuse_circles_of_after(
    containers: Mapping[str, ManagedContainer], reports: Mapping[str, Report]
) -> None:
    """Of containers that wait for each other none is ever started. The arguments are as above."""
    meant = declared_as(containers)
    before = {
        name: tuple(meant[word] for word in managed.after if word in meant)
        for name, managed in containers.items()
    }
    for circle in circles(before):
        for name in circle:
            others = " and ".join(other for other in circle if other != name)
            reports[f"containers.d/{name}"].add(
                ("after",),
                f"it waits for itself, by way of {others}" if others else "it waits for itself",
                "one of them has to be started first: remove it from that one's `after`",
            )


def _words(ref: ContainerRef) -> dict[str, str | None]:
    return {"container": ref.name, "compose": ref.service, "label": ref.label}
