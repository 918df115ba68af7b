"""The generations of a sync's files, kept in the state file."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from portreeve.definitions.steps import ApplyStep
from portreeve.errors import Misuse, Reason
from portreeve.reconcile.baseline import Files, owned, remembered
from portreeve.reconcile.content import Content
from portreeve.reconcile.database import Database
from portreeve.reconcile.masking import MASK
from portreeve.reconcile.record import Generation, Record
from portreeve.reconcile.rows import can_open, dump_steps, file_row, load_content, load_file, load_values
from portreeve.reconcile.seal import Seal
from portreeve.reconcile.status import GenerationInfo
from portreeve.targets.file_state import Attributes, FileContent
from portreeve.targets.place import Place

_RECENT = 16
"""Contents that are kept in memory: one look needs the same one half a dozen times."""

_RECENT_SIZE = 1 << 20
"""Bytes that such a content may have: a few large mirrors would else be all of the agent's memory."""

BASELINE = 0
"""The number of the generation that holds what was there before portreeve."""


class Generations:
    """Generations of all syncs. Methods that change something are called inside a transaction.

    Args:
        database: the state file.
        seal: seals what is confidential.
    """

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database = database
        self._seal = seal
        # Never the baseline, which others than the worker of its sync may change.
        self._recent: dict[tuple[str, int], Content] = {}

    def exists(self, name: str, number: int) -> bool:
        """There is such a generation."""
        return bool(
            self._database.query("SELECT 1 FROM generations WHERE sync = ? AND number = ?", (name, number))
        )

    def add(self, name: str, content: Content, now: float) -> Generation:
        """Remember new content as a pending generation."""
        ((last,),) = self._database.query("SELECT max(number) FROM generations WHERE sync = ?", (name,))
        number = (BASELINE if last is None else int(last)) + 1
        self._forget_recent(name)
        self._insert(name, number, content, "pending", now)
        return Generation(number, content.digest)

    def add_baseline(self, name: str, found: Content, now: float) -> None:
        """Remember what is there before portreeve writes it for the first time; files it owns stay known."""
        if not self.exists(name, BASELINE):
            self._insert(name, BASELINE, found, "baseline", now)
            return
        before = self.content(name, BASELINE).files
        self._rewrite_baseline(name, before, remembered(before, found.files))

    def renew_baseline(self, name: str, found: Content, now: float) -> None:
        """Remember what is there now as what was there before portreeve; it owns no file at the moment."""
        self._database.execute("DELETE FROM files WHERE sync = ? AND number = ?", (name, BASELINE))
        self.add_baseline(name, found, now)
        self.set_steps(name, BASELINE, found)

    def disown(self, name: str, number: int) -> None:
        """Drop from the baseline what generation ``number`` has not: it was put back and is others' now."""
        before = self.content(name, BASELINE).files
        self._rewrite_baseline(name, before, owned(before, self.content(name, number).files))

    def _rewrite_baseline(self, name: str, before: Files, after: Files) -> None:
        if _in_the_clear(before) != _in_the_clear(after):
            self._database.execute("DELETE FROM files WHERE sync = ? AND number = ?", (name, BASELINE))
            self._insert_files(name, BASELINE, after)

    def ensure_baseline(self, name: str, apply: tuple[ApplyStep, ...]) -> None:
        """Have a baseline that ``apply`` makes effective, also where nothing was ever written."""
        self.add_baseline(name, Content(files={}, apply=apply, verify=(), values={}), now=0.0)
        self.set_steps(name, BASELINE, replace(self.content(name, BASELINE), apply=apply))

    def set_steps(self, name: str, number: int, content: Content) -> None:
        """Change how a generation is made effective and proved."""
        self._forget_recent(name)
        self._database.execute(
            "UPDATE generations SET steps = ?, digest = ? WHERE sync = ? AND number = ?",
            (dump_steps(content, self._seal_of(name, number)), content.digest, name, number),
        )

    def finish(self, name: str, number: int, outcome: str, note: str) -> None:
        """Remember how a generation ended; the baseline stays the baseline."""
        self._database.execute(
            "UPDATE generations SET outcome = ?, note = ? WHERE sync = ? AND number = ? AND number != ?",
            (outcome, note, name, number, BASELINE),
        )

    def supersede(self, name: str, number: int, note: str) -> None:
        """Remember that a generation was given up before it was proved; one that was proved once stays so."""
        self._database.execute(
            "UPDATE generations SET outcome = 'superseded', note = ?"
            " WHERE sync = ? AND number = ? AND outcome = 'pending'",
            (note, name, number),
        )

    def forget_tries(self, record: Record, of: Generation) -> None:
        """Drop earlier tries of the same content that did not work: they push the good ones out otherwise."""
        self._forget_recent(record.name)
        self._database.execute(
            "DELETE FROM generations WHERE sync = ? AND digest = ? AND outcome = 'restored'"
            " AND number IS NOT ? AND number != ?",
            (record.name, of.digest, record.hold, of.number),
        )

    def forget_old(self, record: Record, keep: int) -> None:
        """Drop all but the newest ``keep`` generations, the baseline, and those that the record names."""
        self._forget_recent(record.name)
        named = {BASELINE, record.hold}
        named |= {generation.number for generation in (record.good, record.unfinished) if generation}
        rows = self._database.query(
            "SELECT number FROM generations WHERE sync = ? ORDER BY number DESC", (record.name,)
        )
        for (number,) in rows[keep:]:
            if number not in named:
                self._database.execute(
                    "DELETE FROM generations WHERE sync = ? AND number = ?", (record.name, number)
                )

    def content(self, name: str, number: int) -> Content:
        """The content of a generation.

        Raises:
            Misuse: ``unknown-name``: there is no such generation.
        """
        recent = self._recent.get((name, number))
        if recent is not None:
            return recent
        content = self._content(name, number)
        if number != BASELINE and _size(content) <= _RECENT_SIZE:
            while len(self._recent) >= _RECENT:
                # Other workers do the same: in single steps, and without surprise at what they took.
                self._recent.pop(next(iter(list(self._recent)), ("", BASELINE)), None)
            self._recent[name, number] = content
        return content

    def _forget_recent(self, name: str) -> None:
        for key in [key for key in list(self._recent) if key[0] == name]:
            self._recent.pop(key, None)

    def _content(self, name: str, number: int) -> Content:
        rows = self._database.query(
            "SELECT steps, sealed FROM generations WHERE sync = ? AND number = ?", (name, number)
        )
        if not rows:
            raise Misuse(
                Reason.UNKNOWN_NAME,
                f"{name} has no generation {number}",
                hint=f"`portreeve history {name}` lists them",
            )
        ((steps, sealed),) = rows
        seal = self._seal if sealed else None
        files = self._database.query(
            "SELECT path, root, in_place, format, data, mode, uid, gid, folders FROM files"
            " WHERE sync = ? AND number = ? ORDER BY path",
            (name, number),
        )
        loaded = dict(load_file(row, seal) for row in files)
        return load_content(steps, loaded, seal, restores=number == BASELINE)

    def seal_all(self, name: str, values: Mapping[str, str]) -> None:
        """Seal what is in the clear: it was remembered before anybody said that there are secrets in it.

        Args:
            name: the sync.
            values: those of its content now; what is masked of them is masked of the older ones.
        """
        rows = self._database.query("SELECT number FROM generations WHERE sync = ? AND sealed = 0", (name,))
        self._forget_recent(name)
        for (number,) in rows:
            content = self._content(name, number)
            shown = {key: MASK if values.get(key) == MASK else value for key, value in content.values.items()}
            content = replace(content, values=shown, confidential=True)
            self._database.execute(
                "UPDATE generations SET sealed = 1, steps = ?, note = '' WHERE sync = ? AND number = ?",
                (dump_steps(content, self._seal), name, number),
            )
            self._database.execute("DELETE FROM files WHERE sync = ? AND number = ?", (name, number))
            self._insert_files(name, number, content.files)

    def in_the_clear(self, name: str) -> bool:
        """Anything of a sync is not sealed."""
        return bool(
            self._database.query("SELECT 1 FROM generations WHERE sync = ? AND sealed = 0 LIMIT 1", (name,))
        )

    def lost(self) -> tuple[tuple[str, int], ...]:
        """Sync and number of each generation whose seal cannot be opened any more."""
        sealed = self._database.query("SELECT sync, number, steps FROM generations WHERE sealed = 1")
        return tuple((name, number) for name, number, steps in sealed if not can_open(steps, self._seal))

    def drop(self, generations: Iterable[tuple[str, int]]) -> None:
        """Drop generations by sync and number."""
        for name, number in generations:
            self._database.execute("DELETE FROM generations WHERE sync = ? AND number = ?", (name, number))

    def attributes(self, name: str, number: int) -> Mapping[Place, Attributes]:
        """Mode and owner of each file of a generation."""
        files = self.content(name, number).files
        return {place: file.attributes for place, file in files.items() if isinstance(file, FileContent)}

    def last_verified_before(self, name: str, number: int) -> int | None:
        """The newest generation older than ``number`` that was in force once."""
        ((found,),) = self._database.query(
            "SELECT max(number) FROM generations WHERE sync = ? AND number < ? AND number > ?"
            " AND outcome = 'verified'",
            (name, number, BASELINE),
        )
        return None if found is None else int(found)

    def history(self, record: Record) -> tuple[GenerationInfo, ...]:
        """The generations of a sync, newest first."""
        rows = self._database.query(
            "SELECT number, created, outcome, note, steps FROM generations WHERE sync = ?"
            " ORDER BY number DESC",
            (record.name,),
        )
        files = self._database.query(
            "SELECT number, path FROM files WHERE sync = ? ORDER BY path", (record.name,)
        )
        return tuple(
            GenerationInfo(
                number=number,
                created=created,
                outcome=outcome,
                note=note,
                values=load_values(steps),
                files=tuple(path for of, path in files if of == number),
                current=record.good is not None and record.good.number == number,
            )
            for number, created, outcome, note, steps in rows
        )

    def _insert(self, name: str, number: int, content: Content, outcome: str, now: float) -> None:
        self._database.execute(
            "INSERT INTO generations (sync, number, created, outcome, digest, sealed, steps)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                name,
                number,
                now,
                outcome,
                content.digest,
                int(content.confidential),
                dump_steps(content, self._seal if content.confidential else None),
            ),
        )
        self._insert_files(name, number, content.files)

    def _seal_of(self, name: str, number: int) -> Seal | None:
        ((sealed,),) = self._database.query(
            "SELECT sealed FROM generations WHERE sync = ? AND number = ?", (name, number)
        )
        return self._seal if sealed else None

    def _insert_files(self, name: str, number: int, files: Files) -> None:
        seal = self._seal_of(name, number)
        for place, file in files.items():
            self._database.execute(
                "INSERT INTO files (sync, number, path, root, in_place, format, data, mode, uid, gid,"
                " folders) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (name, number, *file_row(place, file, seal)),
            )


def _size(content: Content) -> int:
    return sum(len(file.data) for file in content.files.values() if isinstance(file, FileContent))


def _in_the_clear(files: Files) -> list[tuple[object, ...]]:
    """Files in a form that is equal where their rows would be."""
    return [file_row(place, files[place], None) for place in sorted(files)]
