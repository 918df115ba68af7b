"""The checks of a sync with their texts rendered: what they may name of the files that are staged."""

from collections.abc import Mapping
from pathlib import Path

from portreeve.checks.in_container import seen_from
from portreeve.containers.connection import Docker
from portreeve.definitions.model import Items, Single, Sync
from portreeve.definitions.steps import CheckStep, Command
from portreeve.errors import Reason, Waiting
from portreeve.reconcile.desired import open_context, rendered
from portreeve.render.environment import Renderer

_UNSEEN = "portreeve:not-seen-in-the-container:"
"""Stands for a staged file that a container does not see, until it turns out whether a command names it."""


def rendered_checks(
    sync: Sync,
    values: Mapping[str, Single | Items],
    renderer: Renderer,
    staged: Mapping[Path, Path],
    docker: Docker,
) -> tuple[CheckStep, ...]:
    """The checks of a sync; commands may name the staged files as the place where they run sees them.

    Args:
        sync: its definition.
        values: what its checks may use.
        renderer: renders them.
        staged: target path to staged file.
        docker: asked what containers see.

    Raises:
        Waiting: the container of a command is not there, or does not see a staged file that it names.
        DockerUnavailable: Docker does not answer.
        Failed: ``template-failed``.
    """
    context = open_context(sync, values)
    steps = []
    for step in sync.check:
        names = {str(target): str(temporary) for target, temporary in staged.items()}
        if isinstance(step, Command) and step.container is not None:
            seen = seen_from(docker.find(step.container), staged)
            names = {str(target): seen.get(target, f"{_UNSEEN}{target}") for target in staged}
        first = next(iter(names.values()), "")
        steps.append(_all_seen(rendered(step, renderer, {**context, "staged": first, "staged_files": names})))
    return tuple(steps)


def _all_seen(step: CheckStep) -> CheckStep:
    if isinstance(step, Command):
        for part in step.command:
            _, unseen, target = part.partition(_UNSEEN)
            if unseen:
                raise Waiting(
                    Reason.MOUNT_ABSENT,
                    f"container {step.container} does not see {target}",
                    evidence="no mount of the container holds the target's folder",
                    hint="mount the folder and not the single file, or check on the host",
                    step="check",
                )
    return step
