"""Writes a content as one set: staged, checked, remembered, and only then put in force."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from portreeve.checks.before import run_check
from portreeve.clock import Clock
from portreeve.containers.connection import Docker
from portreeve.definitions.model import Items, Single, Sync
from portreeve.definitions.steps import Units, units_of
from portreeve.reconcile.baseline import reachable, together
from portreeve.reconcile.checking import rendered_checks
from portreeve.reconcile.content import Content
from portreeve.reconcile.log import log_step
from portreeve.reconcile.masking import withheld
from portreeve.reconcile.record import Generation, Record
from portreeve.reconcile.status import Stage
from portreeve.reconcile.store import Store
from portreeve.reconcile.workers import Pulse
from portreeve.render.environment import Renderer
from portreeve.systemd.bus import Systemd
from portreeve.systemd.messages import MessageId
from portreeve.systemd.unit_paths import is_unit_path
from portreeve.targets.folders import remove_folders
from portreeve.targets.replace import commit
from portreeve.targets.stage import stage

WRITE_TIMEOUT = 60.0


@dataclass(frozen=True, slots=True)
class Restorer:
    """Puts known contents back, which needs nobody's answer. Each method returns the record as it then is.

    Args:
        store: what is remembered; before anything is replaced it knows what by.
        pulse: told what is done and how long it may take.
        clock: for what is stored.
    """

    store: Store
    pulse: Pulse
    clock: Clock

    def replace_with_known(self, record: Record, generation: Generation, why: str) -> Record:
        """Put a generation in force that was checked before: the good one, or one that a crash cut short.

        Raises:
            Failed: it could not be written.
        """
        drifted = record.unfinished is None and record.good == generation
        content = self.store.generations.content(record.name, generation.number)
        found = content.found()
        wanted = reachable(content.files) if content.restores else content.files
        files = together(wanted, reachable(self.store.retired(record.name, content)))
        with self.pulse.step(f"{record.name}: write", WRITE_TIMEOUT), stage(files) as staged:
            record = self.store.begin_again(record, generation, found=found, now=self.clock.wall(), why=why)
            commit(staged)
        self._remove_unused(record, content)
        seen = content.drift(found)
        how = f"written again, {why} ({seen})" if seen else f"written again, {why}"
        return self._written(record, content, how, drift=drifted and bool(seen))

    def _remove_unused(self, record: Record, content: Content) -> None:
        """Remove the folders that were made for files which are not there any more."""
        used = {folder for place, file in content.files.items() if file for folder in place.path.parents}
        remove_folders(each for each in self.store.folders(record.name) if each.path not in used)

    def _written(self, record: Record, content: Content, how: str, *, drift: bool = False) -> Record:
        assert record.unfinished is not None
        number = record.unfinished.number
        record = replace(record, stage=Stage.WRITTEN, done=0, begun=None)
        self.store.save(record)
        log_step(
            MessageId.SYNC_DRIFT if drift else MessageId.SYNC_WRITTEN,
            record,
            "%s: generation %d %s: %s",
            number,
            how,
            ", ".join(map(str, content.files)),
        )
        return record


@dataclass(frozen=True, slots=True)
class Writer(Restorer):
    """Also puts new content in force, once it was checked.

    Args:
        systemd: asked by checks.
        docker: where checks in containers run.
    """

    systemd: Systemd
    docker: Docker

    def replace_with_desired(
        self,
        sync: Sync,
        record: Record,
        content: Content,
        values: Mapping[str, Single | Items],
        renderer: Renderer,
        *,
        keep: int,
    ) -> Record:
        """Stage new content, check it as a set, remember it, and put it in force.

        Args:
            sync: its definition.
            record: where the sync stands.
            content: the new content.
            values: what its checks may use.
            renderer: renders its checks.
            keep: generations to keep.

        Raises:
            PortreeveError: a check refused it, or it could not be written; what was in force still is.
        """
        files = together(content.files, reachable(self.store.retired(sync.name, content)))
        with self.pulse.step(f"{sync.name}: write", WRITE_TIMEOUT), stage(files) as staged:
            with withheld(content.secrets):
                checks = rendered_checks(sync, values, renderer, staged.written, self.docker)
            if any(is_unit_path(path) for path in staged.written):
                checks = (*(step for step in checks if not isinstance(step, Units)), Units())
            moving = frozenset(units_of(content.apply))
            for step in checks:
                doing = f"{sync.name}: {content.said(step)}"
                with self.pulse.step(doing, step.timeout), withheld(content.secrets):
                    run_check(
                        step,
                        moving=moving,
                        systemd=self.systemd,
                        docker=self.docker,
                        staged=staged.written,
                    )
            record = self.store.begin(
                record,
                content,
                found=content.found(),
                folders=staged.made,
                now=self.clock.wall(),
                keep=keep,
            )
            commit(staged)
        self._remove_unused(record, content)
        return self._written(record, content, "written")
