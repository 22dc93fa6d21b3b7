"""The report's sentences: what happened, under which condition, what was left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitor.aiming import listed
from monitor.attack_settings import PATCH
from monitor.catalog import NONE
from monitor.report.figures import percent
from monitor.report.terms import GOALS, KNOWLEDGE

Tree = Mapping[str, Any]  # read back from JSON

_SPELLED = {"noise": "Random noise", "patch": "A patch"}


def things(summary: Tree, count: int) -> str:
    """The counted noun: `face`, `faces`; `objects` where the model knows several classes."""
    classes = summary["condition"]["classes"]
    noun = classes[0] if len(classes) == 1 else "object"
    return noun if count == 1 else f"{noun}s"


def headline(summary: Tree) -> str:
    """The result in one plain sentence."""
    condition, counts = summary["condition"], summary["counts"]
    frames, clean = counts["frames"], counts["clean_objects"]
    faulty = bool(condition["faults"])
    if condition["attack"] == NONE and not faulty:
        these = "this one frame" if frames == 1 else f"these {frames} frames"
        return f"No attack was run on {these}: this is the baseline."
    if condition["eps"] == 0 and not faulty:
        return f"With a budget of 0 {_attack(condition)} leaves every frame as it was: nothing drifted."
    if not counts["frames_attacked"]:
        return _nothing_attacked(summary)
    return f"{_doer(condition)} {_deed(summary, clean)}."


def _nothing_attacked(summary: Tree) -> str:
    """Why no frame was attacked."""
    condition, counts = summary["condition"], summary["counts"]
    frames = counts["frames"]
    if condition.get("at"):
        return (
            f"In none of {_of_frames(frames)} was there a place {condition['at']} still free of what was to "
            "appear there, so there was nothing to attack."
        )
    if condition["goal"] == "mislabel":
        return (
            f"The detector found nothing but {condition['target']} in {_of_frames(frames)}, if it found "
            "anything, so there was nothing to attack."
        )
    if condition["attack"] == PATCH and counts["clean_objects"]:
        return f"In none of {_of_frames(frames)} was there anything to hang the patch at: nothing drifted."
    return (
        f"The detector found no {things(summary, 1)} in {_of_frames(frames)}, "
        "so there was nothing to attack."
    )


def _doer(condition: Tree) -> str:
    """What was done to the frames: the attack at its budget, the faults at their severities, or both."""
    faults = fault_text(condition)
    if condition["attack"] == NONE or condition["eps"] == 0:
        return faults[:1].upper() + faults[1:]
    attack = f"{_attack(condition)} {_budget_phrase(condition)}"
    return f"{attack}, with {faults}," if faults else attack


def fault_text(condition: Tree) -> str:
    """Like "fog at severity 2 and jpeg at severity 3"; empty where there are none."""
    parts = [
        f"{_fault_name(fault)} at severity {fault['severity']:g}" for fault in condition["faults"]
    ]
    if not parts:
        return ""
    text = " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
    return text + (" at most, ramped up and down" if condition["ramp"] else "")


def _fault_name(fault: Tree) -> str:
    return str(fault["name"]).replace("_", " ")


def _fault_row(summary: Tree) -> list[tuple[str, str]]:
    condition = summary["condition"]
    if not condition["faults"]:
        return []
    named = "; ".join(
        f"{_fault_name(fault)}, severity {fault['severity']:g} of 5: {fault['summary']} "
        f"({fault['stage']}; constants: {fault['source']})"
        for fault in condition["faults"]
    )
    order = "; scene, lens, light and sensor come before the attack, codec and link after it"
    if condition["attack"] == PATCH:
        order = "; all of them come over the patch, which hangs in the scene"
    ramp = f"; ramped up and down over {condition['ramp']} frames" if condition["ramp"] else ""
    return [("Faults", named + ramp + (order if condition["attack"] != NONE else ""))]


def _deed(summary: Tree, clean: int) -> str:
    condition, counts = summary["condition"], summary["counts"]
    if condition["goal"] == "vanish":
        many = counts["missed"] or "none"
        return f"made {many} of {clean} {things(summary, clean)} vanish"
    fallen = f"{counts['frames_fallen']} of {_of_frames(counts['frames_attacked'])}"
    made_up = counts["fabricated"]
    if condition["goal"] == "fabricate":
        if not made_up:
            return f"made no {things(summary, 1)} appear in {_of_frames(counts['frames_attacked'])}"
        many = f"{made_up} {things(summary, made_up)}"
        return f"made {many} appear where the clean answers have none, in {fallen}"
    if condition["goal"] == "mislabel":
        turned = counts["relabelled"] or "none"
        return (
            f"changed the class of {turned} of {clean} {things(summary, clean)}, and left no object but "
            f"{condition['target']} in {fallen}"
        )
    parts = [f"{counts['missed']} of {clean} {things(summary, clean)} missed"] if clean else []
    if len(condition["classes"]) > 1:
        parts.append(f"{counts['relabelled']} relabelled")
    parts.append(f"{made_up} made up")
    return f"changed the detector's answer in {fallen}: {', '.join(parts)}"


def plain_result(summary: Tree) -> str:
    """What the headline's numbers are counted over, and how sure they are."""
    counts = summary["counts"]
    seen, frames = counts["frames_with_objects"], counts["frames"]
    noun = things(summary, 1)
    if not seen:
        text = f"There is no {noun} in the detector's clean answers, so most figures have nothing to count."
    else:
        text = (
            f"The detector found at least one {noun} in {seen} of {_of_frames(frames)}. "
            f"A {noun} counts once for every frame it is seen in."
        )
    rate, interval = summary["miss_rate"], summary["intervals"]["miss_rate"]
    condition = summary["condition"]
    if rate is not None and (condition["attack"] != NONE or condition["faults"]):
        text += f" Miss rate {percent(rate)}"
        text += (
            f", 95 % interval {percent(interval[0])} to {percent(interval[1])}."
            if interval
            else "."
        )
    if summary["condition"]["goal"] == "vanish" and counts["fabricated"]:
        # The goal says nothing of these, and a box that was only shoved aside is no disappearance.
        many = counts["fabricated"]
        text += (
            f" The attacked answers also hold {many} {things(summary, many)} at places where the clean "
            f"ones have none (overlap under {summary['condition']['iou']:g})."
        )
    return text


def condition_rows(summary: Tree) -> list[tuple[str, str]]:
    """(what, exactly which) of everything the numbers hang on."""
    condition, counts = summary["condition"], summary["counts"]
    rows = [
        ("Recording", f"{condition['source']}, {_of_frames(counts['frames'])}"),
        (
            "Detector",
            f"{condition['model']} (finds {listed(condition['classes'])}); frames scaled to "
            f"{condition['width']} px width; a detection counts from score {condition['threshold']:g}",
        ),
        (
            "Compared with",
            "the same detector's answer to the clean frame, not the truth; two boxes are one object "
            f"from an overlap (IoU) of {condition['iou']:g}",
        ),
    ]
    rows += _fault_row(summary)
    if condition["attack"] == NONE:
        return [*rows, ("Attack", "none"), ("Seed", str(condition["seed"]))]
    parameters = ", ".join(
        f"{name.replace('_', ' ')} {_parameter(value)}"
        for name, value in condition["parameters"].items()
        if value != ""
    )
    return [
        *rows,
        (
            "Attack",
            f"{_attack_name(condition)}: {condition['attack_summary']} ({condition['attack_source']})"
            + (f"; {parameters}" if parameters else ""),
        ),
        ("Attacker knows", KNOWLEDGE.get(condition["knowledge"], condition["knowledge"])),
        ("Attacker's goal", _goal(condition)),
        ("Budget", _budget_sentence(summary)),
        (
            "Cost",
            f"{counts['forwards'] / counts['frames']:.1f} forward and "
            f"{counts['backwards'] / counts['frames']:.1f} backward passes a frame, mean, "
            "the clean and the attacked answer included" + _limits(counts),
        ),
        ("Seed", str(condition["seed"])),
    ]


def _limits(counts: Tree) -> str:
    """How many frames' searches were ended by queries or time."""
    told = ""
    if counts.get("queries"):
        told += f"; {counts['queries'] / counts['frames']:.0f} queries a frame"
    if counts.get("frames_stopped"):
        told += f"; the search of {counts['frames_stopped']} frames was ended by its limits"
    if counts.get("frames_late"):
        told += f"; {counts['frames_late']} frames missed their deadline"
    return told


def not_tested(summary: Tree) -> list[str]:
    """What a reader might take for granted and must not."""
    condition = summary["condition"]
    notes = []
    if condition["attack"] != NONE:
        notes.append("Other attacks and budgets. A stronger attack or a larger budget may do more.")
        if condition["knowledge"] == "white-box":
            notes.append("An attacker who does not have the model's weights.")
        if condition["attack"] != "noise":
            notes.append(
                "Random noise of the same budget, the baseline that an attack has to beat; "
                "run it with --attack noise."
            )
        notes.append(
            "The way through the world. The perturbation is added to the digital frame, after the lens, "
            "the sensor and the codec; no print, sticker or light was tested."
        )
        notes.append(
            "Defences, and a system with a tracker of its own. The tracks here are ByteTrack's, on either "
            "answer; another tracker holds on to objects for longer or not as long."
        )
    else:
        notes.append("Any attack at all.")
    notes.append(
        "Other natural faults than those above, and other severities."
        if condition["faults"]
        else "Natural faults: noise, blur, weather, exposure, compression."
    )
    notes.append(
        "Correctness. An object that the detector misses in the clean frame does not count."
    )
    return notes


def limits(summary: Tree) -> list[str]:
    """How far the numbers carry."""
    notes = [
        "The figures hold for this recording, this model and this condition, and for no other.",
        "Intervals come from a moving-block bootstrap over the frames (Künsch 1989; block length after "
        "Politis and White 2004). On short clips that hardly change they are somewhat too narrow. They "
        "speak of more frames like these, not of other recordings.",
        "An interval of 100 % to 100 % says that every frame agreed, not that there can be no exception.",
    ]
    if not any(summary["intervals"].values()):
        notes[1] = (
            "There are no intervals: they need at least ten frames and objects in most of them."
        )
        del notes[2]
    notes.append(
        "Tracks are those of the clean answers. An object has one from its second frame on, and a new one "
        "where the clean answers miss it for more than a second; how long it was lost is counted within "
        "one track. Tracks that were never lost, or never found again, are left out of the times."
    )
    return notes


def worst_caption(frame: Tree, summary: Tree) -> str:
    """One worst frame in words."""
    time = frame["media_time_s"]
    at = "" if time is None else f" ({time:.2f} s)"
    goal = summary["condition"]["goal"]
    drifted, clean = frame["drifted"], frame["clean_count"]
    done = {
        "vanish": f"{drifted} of {clean} {things(summary, clean)} missed",
        "fabricate": f"{drifted} {things(summary, drifted)} made up",
        "mislabel": f"{drifted} of {clean} {things(summary, clean)} relabelled",
    }.get(goal, f"{drifted} {things(summary, drifted)} drifted")
    drop = f", score drop {frame['score_drop']:.2f}" if clean else ""
    return f"Frame {frame['frame']}{at}: {done}{drop}; largest change {_levels(frame['linf'])} of 255 levels."


def _goal(condition: Tree) -> str:
    target, at = condition.get("target"), condition.get("at")
    goal = condition["goal"]
    text = f"{goal}: {GOALS[goal]}".format(target=target) if goal in GOALS else str(goal)
    if condition["goal"] == "fabricate":
        text += f"; it has to be of class {target}" if target else ""
        text += f"; it has to be at {at}" if at else ""
    return text


def _attack(condition: Tree) -> str:
    name = _attack_name(condition)
    steps = condition["parameters"].get("steps")
    if steps is None:
        return name
    restarts = condition["parameters"].get("restarts", 1)
    plural = "" if steps == 1 else "s"
    return f"{name} with {steps} step{plural}" + (
        f" and {restarts} restarts" if restarts > 1 else ""
    )


def _attack_name(condition: Tree) -> str:
    name = str(condition["attack"])
    return _SPELLED.get(name, name.upper())


def _budget_phrase(condition: Tree) -> str:
    if condition["norm"] == "linf":
        return f"at {condition['eps_text']}"
    return f"at an {str(condition['norm']).upper()} budget of {condition['eps_text']}"


def _budget_sentence(summary: Tree) -> str:
    condition = summary["condition"]
    if condition["norm"] == "linf":
        meaning = f"no colour value moves by more than {_levels(condition['eps'])} of 255 levels"
        used = f"the largest change was {_levels(summary['linf_max'])}"
    elif condition["norm"] == "l0":
        meaning = "no more pixels of the frame change, each to any colour"
        used = f"at most {summary['l0_max']:.0f} changed"
    else:
        of = "Euclidean length" if condition["norm"] == "l2" else "sum"
        meaning = (
            f"{of} of the changes of all values of the frame, 1 being one value from black to white"
        )
        used = f"the largest was {summary[condition['norm'] + '_max']:.2f}"
    return (
        f"{_norm(condition)} {condition['eps_text']}: {meaning}; measured on the 8-bit frames that the "
        f"detector was shown, {used}"
    )


def _norm(condition: Tree) -> str:
    return {"linf": "L∞", "l2": "L2", "l1": "L1", "l0": "L0"}.get(
        condition["norm"], str(condition["norm"])
    )


def _levels(eps: float) -> str:
    return f"{eps * 255:.2f}".rstrip("0").rstrip(".")


def _of_frames(count: int) -> str:
    return f"{count} frame" + ("" if count == 1 else "s")


def _parameter(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)
