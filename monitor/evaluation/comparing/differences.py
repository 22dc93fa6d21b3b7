"""What two evaluations differ in: two that differ in more than one thing say nothing of any of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from monitor.errors import ConfigError
from monitor.evaluation.comparing.pairing import clip_key, condition_words
from monitor.evaluation.opened import Evaluation

Tree = Mapping[str, Any]

_ELSEWHERE: Final = frozenset(
    {
        *("detector.model", "run.seed", "faults.faults"),
        *("attack.attack", "attack.norm", "attack.eps", "attack.goal", "attack.target"),
    }
)
"""Settings that stand in the conditions, and count there."""

_NO_MATTER: Final = frozenset(
    {
        *(
            "stream.source",
            "stream.also",
            "stream.loop",
            "stream.open_timeout",
            "stream.read_timeout",
        ),
        *("stream.reconnect", "stream.reconnect_wait", "stream.max_age", "stream.frozen_after"),
        *("run.runs", "run.record", "run.video", "run.codec", "run.part_frames"),
    }
)
_NO_MATTER_SECTIONS: Final = frozenset({"panel", "access", "alarms"})
"""Settings that no figure depends on."""

_SUITE_WORDS: Final = ("hold_frames",)
_SHOWN: Final = 3
_HASH: Final = 12  # letters of a hash that tell two apart


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not the same in both.

    Attributes
    ----------
    thing : model, conditions, seed, clips, camdrift, or a setting by its name in config.toml.
    a, b : as it is in A and in B.
    counts : it may be what the figures differ by; the others are told and no more.
    """

    thing: str
    a: str
    b: str
    counts: bool = True


def differences(a: Evaluation, b: Evaluation) -> list[Difference]:
    """All things that differ, those that count first."""
    found = [*_model(a, b), *_conditions(a, b), *_seed(a, b), *_settings(a, b), *_clips(a, b)]
    return [*found, *_version(a, b), *_truth(a, b), *_notes(a, b)]


def refuse(found: Sequence[Difference], a: Evaluation, b: Evaluation) -> None:
    """Raise where more than one thing differs that counts.

    Raises
    ------
    ConfigError : one line that lists them.
    """
    counted = [one for one in found if one.counts]
    if len(counted) > 1:
        listed = "; ".join(f"{one.thing} ({one.a} / {one.b})" for one in counted)
        raise ConfigError(
            f"{a.name} and {b.name} differ in {len(counted)} things, so that nobody could say which of them "
            f"made the figures differ: {listed}. Compare runs that differ in one, or say --allow"
        )


def _model(a: Evaluation, b: Evaluation) -> Iterator[Difference]:
    left, right = _models(a), _models(b)
    if left != right:
        same = left.items() & right.items()
        a_only, b_only = (_listed(_spell(side.items() - same)) for side in (left, right))
        yield Difference("model", a_only, b_only)


def _models(run: Evaluation) -> dict[str, str]:
    weights = _tree(run.manifest.get("weights"))
    models = dict.fromkeys(run.conditions()["model"].to_pylist())
    return {str(model): str(weights.get(model) or "") for model in models}


def _spell(models: set[tuple[str, str]]) -> list[str]:
    return [f"{name} {sha256[:_HASH]}".strip() for name, sha256 in sorted(models)]


def _conditions(a: Evaluation, b: Evaluation) -> Iterator[Difference]:
    left, right = ({**_cells(run), **_options(run)} for run in (a, b))
    only_a = [text for key, text in left.items() if key not in right]
    only_b = [text for key, text in right.items() if key not in left]
    if only_a or only_b:
        yield Difference("conditions", _listed(only_a), _listed(only_b))


def _cells(run: Evaluation) -> dict[Any, str]:
    """What is done to the frames, whatever the model and the seed."""
    return {
        condition_words(row)[:-2]: " ".join(
            str(row[word])
            for word in ("attack", "norm", "eps_text", "goal", "target", "faults")
            if row[word]
        )
        for row in run.conditions().to_pylist()
    }


def _options(run: Evaluation) -> dict[Any, str]:
    """The words of the suite's attacks that the conditions' columns do not have."""
    found = {}
    for line in _tree(run.manifest.get("suite")).get("attacks") or []:
        options = {
            key: value
            for key, value in _tree(line.get("options")).items()
            if key not in ("goal", "target")
        }
        if options:
            text = ", ".join(f"{key} {_spelled(value)}" for key, value in sorted(options.items()))
            named = f"{line.get('attack')} with {text}"
            found[named] = named
    return found


def _lines(run: Evaluation) -> list[Tree]:
    """The options of each of the suite's attacks."""
    lines = _tree(run.manifest.get("suite")).get("attacks") or []
    return [_tree(_tree(line).get("options")) for line in lines]


def _seed(a: Evaluation, b: Evaluation) -> Iterator[Difference]:
    left, right = (_listed([str(seed) for seed in _seeds(run)], most=99) for run in (a, b))
    if left != right:
        yield Difference("seed", left, right)


def _seeds(run: Evaluation) -> list[int]:
    seeds = {int(seed) for seed in run.conditions()["seed"].to_pylist()}
    return sorted(seeds or {int(run.manifest.get("seed") or 0)})


def _settings(a: Evaluation, b: Evaluation) -> Iterator[Difference]:
    left, right = _words(a), _words(b)
    # Those written down are the first condition's, and have in them what the suite says of its attack.
    attacks = {f"attack.{key}" for run in (a, b) for line in _lines(run) for key in line}
    for word in dict.fromkeys((*left, *right)):
        if word not in attacks and left.get(word) != right.get(word):
            yield Difference(word, left.get(word, "not set"), right.get(word, "not set"))


def _words(run: Evaluation) -> dict[str, str]:
    words = {}
    for section, held in _tree(run.manifest.get("settings")).items():
        for word, value in _tree(held).items():
            name = f"{section}.{word}"
            if section not in _NO_MATTER_SECTIONS and name not in _NO_MATTER | _ELSEWHERE:
                words[name] = _spelled(value)
    suite = _tree(run.manifest.get("suite"))
    words |= {f"suite.{word}": _spelled(suite[word]) for word in _SUITE_WORDS if word in suite}
    return words


def _clips(a: Evaluation, b: Evaluation) -> Iterator[Difference]:
    left, right = ({clip_key(row): row for row in run.clips().to_pylist()} for run in (a, b))
    only_a = [_clip(row) for key, row in left.items() if key not in right]
    only_b = [_clip(row) for key, row in right.items() if key not in left]
    if only_a or only_b:
        yield Difference("clips", _listed(only_a), _listed(only_b))


def _clip(row: Tree) -> str:
    return f"{row['name']} {row['sha256'][:_HASH]}".strip()


def _version(a: Evaluation, b: Evaluation) -> Iterator[Difference]:
    left, right = (str(_tree(run.manifest.get("versions")).get("camdrift")) for run in (a, b))
    before, after = (_tree(run.manifest.get("git")).get("commit") for run in (a, b))
    if before and after and before != after:  # of one version, and not the same code
        left, right = f"{left} at {before[:_HASH]}", f"{right} at {after[:_HASH]}"
    if left != right:
        yield Difference("camdrift", left, right)


def _truth(a: Evaluation, b: Evaluation) -> Iterator[Difference]:
    sides = [
        {clip_key(row): bool(row["truth"]) for row in run.clips().to_pylist()} for run in (a, b)
    ]
    shared = sides[0].keys() & sides[1].keys()
    have = [sum(side[key] for key in shared) for side in sides]
    if any(sides[0][key] != sides[1][key] for key in shared):
        told = [f"of {count} clips" for count in have]
        yield Difference("ground truth", told[0], told[1], counts=False)


def _notes(a: Evaluation, b: Evaluation) -> Iterator[Difference]:
    left, right = (_tree(run.manifest.get("versions")) for run in (a, b))
    for name in dict.fromkeys((*left, *right)):
        if name != "camdrift" and left.get(name) != right.get(name):
            yield Difference(name, str(left.get(name)), str(right.get(name)), counts=False)
    dirty = [bool(_tree(run.manifest.get("git")).get("dirty")) for run in (a, b)]
    if dirty[0] != dirty[1]:
        told = ("as committed", "with changes")
        yield Difference("code", told[dirty[0]], told[dirty[1]], counts=False)


def _listed(texts: Sequence[str], most: int = _SHOWN) -> str:
    if not texts:
        return "none more"
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return ", ".join(texts[:most]) + more


def _spelled(value: Any) -> str:
    if value is None or value in ("", []):
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list | tuple):
        return ", ".join(str(each) for each in value)
    return str(value)


def _tree(value: Any) -> Tree:
    return value if isinstance(value, Mapping) else {}
