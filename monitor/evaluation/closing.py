"""From shards to tables: tracks first, clip by clip, then all clips into parts of even size."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from monitor.errors import RunError
from monitor.evaluation.clips import Clip
from monitor.evaluation.plan import Shard
from monitor.evaluation.retold import Retold
from monitor.evaluation.storage import Storage
from monitor.evaluation.suite import Condition
from monitor.evaluation.tables import LISTS, TABLES
from monitor.evaluation.worker import FACTS, SHARDS, parquet

CLOSED: Final = "closed"
"""Folder of clips whose tables are whole; gone once they are parts."""

PART_ROWS: Final = 1 << 16
"""Rows of a part, but for the last: what reading one takes in memory, and how many files a run has."""


@dataclass(frozen=True, slots=True)
class Closing:
    """A clip whose shards are all there.

    Attributes
    ----------
    clip : which.
    conditions : of the suite.
    shards : of the clip.
    class_names : model -> class id -> name.
    storage : of the run.
    """

    clip: Clip
    conditions: tuple[Condition, ...]
    shards: tuple[Shard, ...]
    class_names: Mapping[str, Sequence[str]]
    storage: Storage


def close_clip(closing: Closing) -> dict[str, Any]:
    """Follow a clip's objects, write its tables, and tell its row of `clips`.

    Memory goes with a clip's compressed rows, about 300 bytes a frame and condition.

    Raises
    ------
    RunError : a shard is missing or damaged.
    """
    sinks = {name: io.BytesIO() for name in TABLES}
    writers = {
        name: pq.ParquetWriter(sink, TABLES[name], compression="zstd")
        for name, sink in sinks.items()
    }
    facts: dict[str, Any] = {}
    counted = 0
    for condition in closing.conditions:
        own = [shard for shard in closing.shards if condition.number in shard.conditions]
        counted = 0
        retold: Retold | None = None
        for shard in own:
            rows = {
                name: _of_shard(closing.storage, name, shard, condition.number)
                for name in ("frames", "objects", "truth")
            }
            told = json.loads((rows["frames"].schema.metadata or {}).get(FACTS, b"{}"))
            facts = facts or told
            if not rows["frames"].num_rows:
                continue
            retold = retold or Retold(
                closing.clip.number,
                condition.number,
                tuple(facts["size"]),
                closing.class_names[condition.model],
            )
            counted += rows["frames"].num_rows
            rows["objects"] = retold.follow(rows["frames"], rows["objects"])
            for name, table in rows.items():
                if table.num_rows:
                    writers[name].write_table(table.cast(TABLES[name]))
        if retold is not None and (tracks := retold.tracks()).num_rows:
            writers["tracks"].write_table(tracks)
    clip = closing.clip
    for name, writer in writers.items():
        writer.close()
        closing.storage.write(f"{CLOSED}/{name}/c{clip.number:06d}.parquet", sinks[name].getvalue())
    width, height = facts.get("size", (0, 0))
    row = {
        "clip": clip.number,
        "name": clip.name,
        "frames": counted,
        "width": width,
        "height": height,
        "fps": facts.get("fps"),
        "truth": clip.truth_name,
        "sha256": clip.with_hash().sha256,
        "truth_sha256": clip.truth.sha256() if clip.truth is not None else "",
    }
    closing.storage.write_json(f"{CLOSED}/facts/c{clip.number:06d}.json", row)
    return row


def merge(storage: Storage, clips: Sequence[int]) -> None:
    """All clips' tables into parts, in order; the same rows make the same parts, whoever wrote them."""
    for name in TABLES:
        number = 0
        for part in _even(_closed(storage, name, clips), TABLES[name]):
            storage.write(f"{name}/part-{number:05d}.parquet", parquet(part))
            number += 1
        # A run that was broken off here before, with more clips than now, left more.
        for stale in storage.names(name)[number:]:
            storage.remove(f"{name}/{stale}")


def write_lists(
    storage: Storage, clips: Iterable[Mapping[str, Any]], conditions: Sequence[Condition]
) -> None:
    """The tables `clips` and `conditions`."""
    rows = {"clips": list(clips), "conditions": [one.row() for one in conditions]}
    for name, schema in LISTS.items():
        storage.write(f"{name}.parquet", parquet(pa.Table.from_pylist(rows[name], schema=schema)))


def _of_shard(storage: Storage, name: str, shard: Shard, condition: int) -> pa.Table:
    file = f"{SHARDS}/{name}/{shard.name}.parquet"
    try:
        table = pq.read_table(io.BytesIO(storage.read(file)))
    except pa.ArrowInvalid as error:
        raise RunError(f"{storage.url}/{file}: damaged; remove it and resume") from error
    return table.filter(pc.equal(table["condition"], condition))


def _closed(storage: Storage, name: str, clips: Sequence[int]) -> Iterator[pa.Table]:
    for clip in clips:
        content = storage.read(f"{CLOSED}/{name}/c{clip:06d}.parquet")
        file = pq.ParquetFile(io.BytesIO(content))
        for group in range(file.num_row_groups):
            yield file.read_row_group(group)


def _even(tables: Iterable[pa.Table], schema: pa.Schema) -> Iterator[pa.Table]:
    """The same rows in tables of `PART_ROWS`; one empty table where there are none."""
    kept: list[pa.Table] = []
    rows = 0
    any_yet = False
    for table in tables:
        kept.append(table.cast(schema))
        rows += table.num_rows
        while rows >= PART_ROWS:
            whole = pa.concat_tables(kept)
            yield whole.slice(0, PART_ROWS).combine_chunks()
            any_yet = True
            kept, rows = [whole.slice(PART_ROWS)], rows - PART_ROWS
    if rows or not any_yet:
        yield pa.concat_tables([*kept, schema.empty_table()]).combine_chunks()
