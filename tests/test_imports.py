"""The direction of imports, read from the code: cli at the top, kernels at the bottom, nothing upwards."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

LAYERS = [
    {"monitor.cli", "monitor.commands", "monitor.__main__"},
    {
        "monitor.panel",
        "monitor.evaluate",
        "monitor.evaluation",
        "monitor.recording",
        "monitor.report.evaluation",
    },
    {"monitor.group", "monitor.live"},
    {
        "monitor.alarming",
        "monitor.comparison",
        "monitor.lessons",
        "monitor.alarm_facts",
        "monitor.snapshot",
        "monitor.sweep",
        "monitor.webhook",
    },
    {"monitor.report"},
    {"monitor.filming"},
    {"monitor.survival"},
    {"monitor.session", "monitor.runs", "monitor.summary", "monitor.video"},
    {
        "monitor.pipeline",
        "monitor.assembly",
        "monitor.pace",
        "monitor.records",
        "monitor.status",
        "monitor.subscription",
        "monitor.turns",
        "monitor.broadcast",
        "monitor.live_source",
        "monitor.pictures",
        "monitor.tracking",
        "monitor.trail_pictures",
        "monitor.views",
    },
    {"monitor.aiming", "monitor.command_line", "monitor.conditions"},
    {
        "monitor.access",
        "monitor.catalog",
        "monitor.drift",
        "monitor.faults",
        "monitor.faulty",
        "monitor.flow",
        "monitor.margin",
        "monitor.patches",
        "monitor.perturbers",
        "monitor.severity",
        "monitor.stopwatch",
        "monitor.universal",
        "monitor.warm_start",
    },
    {"monitor.attacks", "monitor.corruptions"},
    {
        "monitor.access_settings",
        "monitor.alarm_settings",
        "monitor.attack_settings",
        "monitor.config",
        "monitor.knowledge",
        "monitor.objective",
        "monitor.answers",
        "monitor.asking",
        "monitor.criteria",
        "monitor.losses",
        "monitor.limits",
    },
    {
        "monitor.goals",
        "monitor.places",
        "monitor.distances",
        "monitor.pairing",
        "monitor.setting_kinds",
    },
    {"monitor.kernels", "monitor.errors", "monitor.arrays", "monitor.threads"},
]
"""From the top down; a module imports its own layer and those below. (design, section 1)"""


def sources() -> list[Path]:
    return [
        path
        for package in ("monitor", "models", "streams")
        for path in (ROOT / package).rglob("*.py")
    ]


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import; write the whole name"
            assert node.module is not None
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def layer(module: str) -> int | None:
    for depth, members in enumerate(LAYERS):
        if any(module == member or module.startswith(f"{member}.") for member in members):
            return depth
    return None


def top(module: str) -> str:
    return module.split(".", maxsplit=1)[0]


@pytest.mark.parametrize("path", sources(), ids=module_of)
def test_a_module_imports_downwards_only(path: Path) -> None:
    module = module_of(path)
    for name in imported(path):
        if top(module) in ("models", "streams"):
            others = {"models", "streams", "monitor"} - {top(module)}
            assert top(name) not in others, f"{module} imports {name}"
        elif layer(module) is not None and layer(name) is not None:
            assert layer(module) <= layer(name), f"{module} imports {name}, which stands above it"  # type: ignore[operator]


def test_every_module_of_the_monitor_has_its_layer() -> None:
    missing = {
        module_of(path)
        for path in (ROOT / "monitor").rglob("*.py")
        if layer(module_of(path)) is None and module_of(path) != "monitor"
    }
    assert not missing, "give these a place in LAYERS (and in docs/design.md)"


def test_streams_know_no_torch() -> None:
    for path in (ROOT / "streams").rglob("*.py"):
        assert not any(
            top(name) in ("torch", "torchvision", "gradio") for name in imported(path)
        ), path


def test_nothing_is_evaluated_from_strings() -> None:
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("eval", "exec"), f"{path}:{node.lineno}"
