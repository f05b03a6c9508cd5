"""Where results go: in memory, or as Parquet shards in a folder with a manifest.

A shard is written whole under another name and then renamed, so that a file that is there is complete.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from ketamind.errors import BadFile, BadValue
from ketamind.trials.workers import Shard

MANIFEST = "manifest.json"
PATIENTS = "patients"


class Store(Protocol):
    """Takes shards in any order and gives them back in order."""

    def has(self, shard: Shard) -> bool:
        """True if the shard is there, complete."""

    def put(self, shard: Shard, table: pa.Table) -> None:
        """Keep a shard."""

    def finish(self) -> None:
        """All shards are there."""

    def tables(self) -> Iterator[pa.Table]:
        """Every shard, in order."""


@dataclass(frozen=True)
class Memory:
    """Shards kept in memory."""

    shards: Sequence[Shard]
    kept: dict[int, pa.Table] = field(default_factory=dict)

    def has(self, shard: Shard) -> bool:
        """True if the shard is there."""
        return shard.number in self.kept

    def put(self, shard: Shard, table: pa.Table) -> None:
        """Keep a shard."""
        self.kept[shard.number] = table

    def finish(self) -> None:
        """Nothing is left to do."""

    def tables(self) -> Iterator[pa.Table]:
        """Every shard, in order."""
        return (self.kept[s.number] for s in self.shards)


@dataclass(frozen=True)
class Folder:
    """Shards as `patients/part-NNNNN.parquet`, beside `manifest.json`."""

    path: Path
    shards: Sequence[Shard]
    facts: Mapping[str, Any]

    @classmethod
    def open(cls, path: Path, shards: Sequence[Shard], facts: Mapping[str, Any], resume: bool) -> "Folder":
        """A folder for this run: emptied of an earlier one, or with `resume` as that one left it.

        Raises BadValue if what is to be resumed is another run; BadFile if the folder cannot be written.
        """
        found = cls(path, shards, facts)
        try:
            (path / PATIENTS).mkdir(parents=True, exist_ok=True)
            if resume:
                found._check_same()
            else:
                for old in (path / PATIENTS).glob("part-*"):
                    old.unlink()
            found._write_manifest({"complete": False})
        except OSError as problem:
            raise _cannot_write(path, problem) from None
        return found

    def has(self, shard: Shard) -> bool:
        """True if the shard's file is there and can be read."""
        path = self._file(shard)
        try:
            return path.is_file() and pq.read_metadata(path).num_rows > 0
        except (OSError, pa.ArrowInvalid):
            return False

    def put(self, shard: Shard, table: pa.Table) -> None:
        """Write a shard, whole or not at all. Raises BadFile, for a full disk for example; nothing done is lost."""
        path = self._file(shard)
        part = path.with_suffix(".writing")
        try:
            with part.open("wb") as handle:
                pq.write_table(table, handle, compression="zstd")
                handle.flush()
                os.fsync(handle.fileno())
            part.replace(path)
        except OSError as problem:
            part.unlink(missing_ok=True)
            raise _cannot_write(path, problem) from None

    def finish(self) -> None:
        """Write the manifest with a checksum of every shard."""
        files = {self._file(s).name: {"patients": s.count, "sha256": _checksum(self._file(s))} for s in self.shards}
        try:
            self._write_manifest({"complete": True, "files": files})
        except OSError as problem:
            raise _cannot_write(self.path, problem) from None

    def tables(self) -> Iterator[pa.Table]:
        """Every shard, read one at a time. Raises BadFile."""
        for shard in self.shards:
            try:
                yield pq.read_table(self._file(shard))
            except (OSError, pa.ArrowInvalid) as problem:
                raise BadFile(f"'{self._file(shard)}' cannot be read: {problem}.") from None

    def _file(self, shard: Shard) -> Path:
        return self.path / PATIENTS / f"part-{shard.number:05d}.parquet"

    def _write_manifest(self, more: Mapping[str, Any]) -> None:
        part = self.path / f"{MANIFEST}.writing"
        part.write_text(json.dumps({**self.facts, **more}, indent=1) + "\n", encoding="utf-8")
        part.replace(self.path / MANIFEST)

    def _check_same(self) -> None:
        path = self.path / MANIFEST
        if not path.is_file():
            return
        try:
            earlier = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            raise BadFile(f"'{path}' is not a manifest; choose another folder, or run without --resume.") from None
        other = [k for k, v in self.facts.items() if earlier.get(k) != v]
        if other:
            raise BadValue(
                f"the run in '{self.path}' cannot be resumed: it differs in {', '.join(other)}. "
                "Run without --resume to replace it, or choose another folder."
            )


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _cannot_write(path: Path, problem: OSError) -> BadFile:
    return BadFile(
        f"cannot write '{path}': {problem.strerror or problem}. What was finished is kept: "
        "make room or choose another folder, and go on with --resume."
    )
