"""The commands `camdrift patch`: list, train, export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from monitor.commands.endings import STOPPED, leave, printed
from monitor.goals import Goal

patch_app = typer.Typer()


@patch_app.callback(invoke_without_command=True)
def patch(context: typer.Context) -> None:
    """List the patches that come with camdrift; train one, or print one. Test material."""
    if context.invoked_subcommand is None:
        from monitor.commands.patch import patch_table

        printed(patch_table())


@patch_app.command("train")
def train_patch(
    file: Annotated[
        Path, typer.Argument(help="the PNG to write; a JSON and a checkpoint beside it")
    ],
    source: Annotated[
        list[str],
        typer.Option(
            help="what to train on; again for more: a folder of photographs, a video, a scene"
        ),
    ],
    model: Annotated[
        str, typer.Option(help="white-box, of those `camdrift models` lists")
    ] = "faces",
    goal: Annotated[
        Goal, typer.Option(help="vanish, fabricate (add one), mislabel (rename), any")
    ] = Goal.VANISH,
    target: Annotated[str, typer.Option(help="a class, for fabricate and mislabel")] = "",
    victims: Annotated[
        str, typer.Option(help="classes of the objects that it hangs at, with commas; empty: all")
    ] = "",
    place: Annotated[
        str, typer.Option(help='"below", "above", "left", "right", "on", each with a size; a spot')
    ] = "below:1.2",
    share: Annotated[
        float, typer.Option(min=0.0001, max=1, help="of the frame that it covers at most (L0)")
    ] = 0.05,
    side: Annotated[int, typer.Option(help="pixels of the patch itself, across and down")] = 64,
    mask: Annotated[
        str, typer.Option(help='stickers: rectangles that show, "0.1,0.2,0.9,0.4; ..."; empty: all')
    ] = "",
    steps: Annotated[int, typer.Option(min=1, max=1_000_000, help="of training")] = 1000,
    batch: Annotated[int, typer.Option(min=1, max=256, help="frames a step")] = 4,
    rate: Annotated[
        float, typer.Option(min=1e-5, max=1, help="Adam's step size, of [0, 1]")
    ] = 0.03,
    smooth: Annotated[float, typer.Option(min=0, max=100, help="weight of total variation")] = 0.3,
    printable: Annotated[
        float, typer.Option(min=0, max=100, help="weight of colours that cannot be printed")
    ] = 0.1,
    frames: Annotated[
        int,
        typer.Option(min=2, max=100_000, help="pictures of each source; every fifth is held out"),
    ] = 150,
    width: Annotated[int, typer.Option(min=32, max=3840, help="pixels frames are scaled to")] = 640,
    least: Annotated[float, typer.Option(min=0, help="pixels of the smallest object's side")] = 0,
    threshold: Annotated[float, typer.Option(min=0.01, max=0.99, help="score that counts")] = 0.5,
    width_mm: Annotated[float, typer.Option(min=10, max=2000, help="of its print")] = 150.0,
    seed: Annotated[int, typer.Option(min=0, help="of everything that is drawn")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="go on with a training")] = False,
    anew: Annotated[bool, typer.Option("--anew", help="begin again, over what is there")] = False,
) -> None:
    """Train a patch under transformations (EOT) and judge it on pictures kept from training."""
    from models.interrupts import interrupts
    from models.memory import keep_freed_memory
    from monitor.commands.patch import Order, score_line, train_patch
    from monitor.commands.progress import steps_bar
    from monitor.patches.training import Plan

    keep_freed_memory()
    classes = tuple(name.strip() for name in victims.split(",") if name.strip())
    order = Order(
        *(file, source, model, goal, target, classes, place, share, side, mask, frames, width),
        *(least, threshold, width_mm, seed, resume, anew),
    )
    plan = Plan(steps=steps, batch=batch, rate=rate, smooth=smooth, print_weight=printable)
    try:
        with interrupts() as check, steps_bar() as move:

            def report(what: str, done: int, of: int, words: str) -> None:
                check()
                move(what, done, of, words)

            written, scores = train_patch(order, plan, report)
    except KeyboardInterrupt:
        leave("stopped; the same command with --resume goes on from the last checkpoint", STOPPED)
    typer.echo(f"patch:    {written}")
    typer.echo(f"held out: {score_line(scores)}")
    typer.echo(f"wear it:  camdrift live --model {model} --attack patch:{written}")


@patch_app.command("export")
def export_patch(
    name: Annotated[str, typer.Argument(help="a patch's file, or the name of one of ours")],
    file: Annotated[Path, typer.Argument(help="the PDF to write")],
    width_mm: Annotated[
        float | None, typer.Option(help="of the print; without it as the patch says")
    ] = None,
) -> None:
    """Write a patch as PDF, A4, at its true size, with a scale bar and a note that says what it is."""
    from monitor.commands.patch import export_patch as export

    typer.echo(export(name, file, width_mm))
