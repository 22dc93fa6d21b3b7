"""The commands that read run folders: report, compare, query, verify, export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from monitor.commands.endings import printed


def add_run_commands(app: typer.Typer) -> None:
    """Give the command `camdrift` these."""
    for command in (report, compare, query, verify, export):
        app.command()(command)


RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="a run folder, or its URL")]


def report(run: RunArgument) -> None:
    """Write a run's report anew: report.html, and report.pdf of an evaluation."""
    from monitor.commands.evaluation import opened
    from monitor.evaluation.opened import Evaluation
    from monitor.report import write_report
    from monitor.report.evaluation import write_evaluation_report

    found = opened(run)
    if not isinstance(found, Evaluation):
        typer.echo(f"report: {write_report(found.folder)}")
        return
    for name in write_evaluation_report(found):
        typer.echo(f"report: {found.storage.url}/{name}")


def compare(
    run_a: Annotated[str, typer.Argument(metavar="RUN_A", help="an evaluation's folder or URL")],
    run_b: Annotated[str, typer.Argument(metavar="RUN_B", help="another")],
    allow: Annotated[
        bool, typer.Option("--allow", help="compare what differs in more than one thing, too")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="of the bootstrap's draws")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON, for programs")] = False,
    html: Annotated[Path | None, typer.Option(help="write it as a page, too")] = None,
) -> None:
    """Say what got better or worse from A to B, paired frame by frame, with 95 % intervals.

    Two runs that differ in more than one thing (model, suite, settings, clips, version, seed) are
    refused, for nobody could say what it came from.
    """
    from monitor.commands.evaluation import comparison_json, comparison_view, write_comparison
    from monitor.evaluation.comparing import compared_evaluations
    from monitor.evaluation.opened import Evaluation

    found = compared_evaluations(
        Evaluation.open(run_a), Evaluation.open(run_b), allow=allow, seed=seed
    )
    if html is not None:
        write_comparison(found, html)
    if as_json:
        typer.echo(comparison_json(found))
    else:
        printed(comparison_view(found))


def query(
    run: RunArgument,
    sql: Annotated[str, typer.Argument(help="one SELECT; the views are in docs/views.md")],
    form: Annotated[
        str, typer.Option("--format", help="table, csv or json (a line a row)")
    ] = "table",
) -> None:
    """Ask a run's tables in SQL (DuckDB); nothing can be written or read beside them."""
    from monitor.commands.evaluation import FORMATS, answer_table, answer_text, opened
    from monitor.errors import ConfigError
    from monitor.evaluation.query import query as ask

    if form not in FORMATS:
        raise ConfigError(f"format = {form}: no such format; there are {', '.join(FORMATS)}")
    answer = ask(opened(run), sql)
    if form == "table":
        printed(answer_table(answer))
        return
    for text in answer_text(answer, form):
        typer.echo(text)


def verify(
    run: RunArgument,
    every: Annotated[bool, typer.Option("--all", help="tell what is unchanged, too")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON, for programs")] = False,
) -> None:
    """Recompute a run's hashes: tables, seal, clips, weights, settings, code; say what was changed.

    The exit code is 1 where something was.
    """
    from monitor.commands.evaluation import findings_json, findings_table, opened
    from monitor.evaluation.verify import exit_code
    from monitor.evaluation.verify import verify as look

    findings = look(opened(run))
    if as_json:
        typer.echo(findings_json(findings))
    else:
        printed(findings_table(findings, every=every))
    raise typer.Exit(exit_code(findings))


def export(
    run: RunArgument,
    folder: Annotated[Path, typer.Argument(help="on this machine; made if need be")],
    form: Annotated[str, typer.Option("--format", help="coco, mot, csv or parquet")] = "coco",
) -> None:
    """Write both streams' answers for other tools: COCO JSON, MOT text, or the tables as they are."""
    from monitor.commands.evaluation import exported
    from monitor.evaluation.exports import export as write
    from monitor.evaluation.opened import Evaluation

    typer.echo(exported(write(Evaluation.open(run), form, folder), folder))
