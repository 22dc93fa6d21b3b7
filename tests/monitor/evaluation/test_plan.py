"""Shards: together they are the clip, whatever their size."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.config import Settings
from monitor.evaluation.plan import groups, shards_of
from monitor.evaluation.suite import conditions, suite_of

CELLS = conditions(
    suite_of(
        'name = "s"\nmodels = ["faces", "signs"]\n'
        '[[attacks]]\nattack = "warm"\n[[attacks]]\nattack = "fgsm"\n[[attacks]]\nattack = "noise"\n',
        "s",
    ),
    Settings(),
)


def test_what_is_carried_stands_alone_and_models_do_not_mix() -> None:
    found = [[one.name.removesuffix(" linf 4/255") for one in group] for group in groups(CELLS)]
    assert found == [
        ["faces, fgsm", "faces, noise"],
        ["faces, warm"],
        ["signs, fgsm", "signs, noise"],
        ["signs, warm"],
    ]


@given(st.one_of(st.none(), st.integers(0, 3000)), st.integers(1, 300), st.integers(0, 99_999))
def test_every_frame_is_in_one_shard_of_every_condition(
    frames: int | None, size: int, clip: int
) -> None:
    shards = list(shards_of(clip, frames, CELLS, size))
    assert len({shard.name for shard in shards}) == len(shards)
    for cell in CELLS:
        own = [shard for shard in shards if cell.number in shard.conditions]
        ends = [shard.end for shard in own]
        assert own[0].first == 0
        assert ends[-1] is None, "containers estimate; the last one goes on to the end"
        assert ends[:-1] == [shard.first for shard in own[1:]]
        if cell.carried or frames is None:
            assert len(own) == 1
        else:
            assert all(shard.end - shard.first <= size for shard in own if shard.end is not None)
    assert [shard.name for shard in shards if shard.conditions == shards[0].conditions] == sorted(
        shard.name for shard in shards if shard.conditions == shards[0].conditions
    )
