"""The command `camdrift`."""

from __future__ import annotations

import atexit
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from monitor import __version__
from monitor.command_line import NOT_OF_LIVE
from monitor.commands.endings import ERROR, STOPPED, leave, printed, with_notes
from monitor.commands.options import with_settings
from monitor.commands.patch_commands import patch_app
from monitor.commands.run_commands import add_run_commands
from monitor.config import Settings, default_toml

# click's UsageError, wherever the installed typer keeps it: in click itself, or in a copy of its own.
_UsageError: Any = typer.BadParameter.__mro__[1]

app = typer.Typer(
    help="Attack a camera's detector live and watch its predictions drift. For testing your own models.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

models_app = typer.Typer()
app.add_typer(models_app, name="models")

app.add_typer(patch_app, name="patch")


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="print the version and leave")] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="show tracebacks and a talkative log")
    ] = False,
) -> None:
    import logging

    logging.basicConfig(
        level=logging.DEBUG if debug else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    # With --debug our own modules talk; the libraries' chatter would drown them.
    for noisy in ("matplotlib", "numba", "httpx", "httpcore", "PIL", "asyncio", "markdown_it"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    if version:
        typer.echo(f"camdrift {__version__}")
        raise typer.Exit


@app.command()
@with_settings(
    *(
        "stream",
        "detector",
        "model",
        "attack",
        "faults",
        "drift",
        "alarms",
        "panel",
        "access",
        "run",
    ),
    without=NOT_OF_LIVE,
    several_sources=True,
)
def live(
    settings: Settings,
    open_browser: Annotated[
        bool, typer.Option("--open/--no-open", help="open the panel in the web browser")
    ] = True,
) -> None:
    """Watch a camera, a file or a scene live, clean and attacked, in the panel."""
    from models.memory import keep_freed_memory
    from monitor.commands.live import run_live

    keep_freed_memory()
    run_live(settings, open_browser=open_browser, say=typer.echo, command=sys.argv)


@app.command()
def password() -> None:
    """Write the hash of a password for config.toml; it is asked for, twice, and shown nowhere."""
    from monitor.errors import ConfigError
    from monitor.panel.passwords import Hash

    if sys.stdin.isatty():
        asked = typer.prompt("password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        asked = sys.stdin.readline().rstrip("\r\n")
    if not asked:
        raise ConfigError("password: empty; give one")
    typer.echo(f'password = "{Hash.of(asked)}"')


@app.command()
@with_settings(
    *("stream", "detector", "model", "attack", "faults", "drift", "run"),
    without=(
        *("source", "also", "loop", "record", "max_age", "frozen_after"),
        *("open_timeout", "read_timeout", "reconnect", "reconnect_wait"),
    ),
)
def evaluate(
    settings: Settings,
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATHS...",
            help="files, folders, globs, scene:NAME or photo:PATH with --frames, URLs; none: the suite's",
        ),
    ] = None,
    suite: Annotated[
        str, typer.Option(help="quick, standard, driving, or a TOML file (docs/evaluation.md)")
    ] = "",
    truth: Annotated[
        str | None,
        typer.Option(
            help='ground truth: COCO JSON, YOLO or MOT text; "none"; else looked for beside the clips'
        ),
    ] = None,
    resume: Annotated[
        str | None, typer.Option(metavar="RUN", help="go on with a run that was broken off")
    ] = None,
    workers: Annotated[
        int, typer.Option(min=0, max=1024, help="processes that share the work")
    ] = 1,
    engine: Annotated[str, typer.Option(help="local, or ray")] = "local",
    address: Annotated[
        str, typer.Option(help="of the Ray cluster; local: one is begun on this machine")
    ] = "local",
    estimate: Annotated[
        bool, typer.Option("--estimate", help="say what it would cost, and leave")
    ] = False,
    json_lines: Annotated[
        bool, typer.Option("--json-lines", help="progress as lines of JSON on stderr")
    ] = False,
    junit: Annotated[
        Path | None, typer.Option(help="write the criteria's verdicts as JUnit XML")
    ] = None,
) -> None:
    """Run clips through the monitor and write a run folder with tables and a report.

    One clip without a suite: under the one condition that the options describe. Else every clip under
    every condition of the suite, on all workers. Exit codes: 0; 2 bad input; 3 a criterion failed;
    4 undecided; 5 some clip cannot be read; 130 stopped.
    """
    from models.interrupts import interrupts
    from models.memory import keep_freed_memory
    from monitor.commands.evaluate import Order, evaluate_one, evaluate_suite
    from monitor.commands.evaluate import resume as go_on
    from monitor.commands.progress import progress_bar, suite_bar

    keep_freed_memory()
    order = Order(tuple(paths or ()), suite, truth, workers, engine, address, estimate, junit)
    try:
        with interrupts() as check:
            if order.alone and resume is None:
                with progress_bar(order.paths[0]) as move:
                    evaluate_one(
                        order.paths[0],
                        settings,
                        say=typer.echo,
                        tell=lambda now: (check(), move(now))[1],
                        command=sys.argv,
                    )
                return
            with suite_bar(json_lines=json_lines) as move_suite:

                def tell(now: Any) -> None:
                    check()
                    move_suite(now)

                if resume is not None:
                    code = go_on(resume, order, say=typer.echo, tell=tell)
                else:
                    code = evaluate_suite(
                        order, settings, say=typer.echo, tell=tell, command=sys.argv
                    )
    except KeyboardInterrupt as stop:
        leave(with_notes("stopped", stop), STOPPED)
    raise typer.Exit(code)


add_run_commands(app)


@app.command()
def attacks() -> None:
    """List the attacks: knowledge, norms, cost, source."""
    from monitor.commands.listing import attack_table

    printed(attack_table())


@app.command()
def faults(
    sheet: Annotated[
        Path | None, typer.Option(help="draw every fault at five severities into this picture")
    ] = None,
    source: Annotated[
        str, typer.Option(help="with --sheet: whose frames they are put on, such as photo:FILE")
    ] = "scene:road",
) -> None:
    """List the natural faults of a camera: where each strikes, its constants and their source."""
    from monitor.commands.listing import fault_table

    if sheet is not None:
        from monitor.commands.fault_sheet import write_sheet

        write_sheet(source, sheet)
        typer.echo(f"sheet: {sheet}")
        return

    printed(fault_table())


@models_app.callback(invoke_without_command=True)
def models(
    context: typer.Context,
    timed: Annotated[
        bool, typer.Option("--time/--no-time", help="run each model a few times for its ms")
    ] = True,
) -> None:
    """List the models: what they find, parameters, ms, access, licence, origin; and forms for your own."""
    if context.invoked_subcommand is not None:
        return
    from monitor.commands.listing import model_table, origin_table, own_model_table

    printed(model_table(timed=timed))
    printed(origin_table())
    printed(own_model_table())


@models_app.command("evaluate")
def evaluate_models(
    names: Annotated[
        list[str] | None, typer.Argument(help="models of the zoo; none: all that can be judged")
    ] = None,
    data: Annotated[
        Path, typer.Option("--data", metavar="FOLDER", help="the folder of real pictures")
    ] = Path("../shared/data"),
    threshold: Annotated[
        float, typer.Option(min=0.01, max=0.99, help="score from which a detection counts")
    ] = 0.5,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON, for programs")] = False,
) -> None:
    """Judge the bundled models on real photographs that they were not fitted to."""
    from monitor.commands.quality import measured, quality_json, quality_table

    found = measured(names or (), data, threshold)
    if as_json:
        typer.echo(quality_json(found, threshold))
    else:
        printed(quality_table(found, threshold))


@models_app.command("export")
def export_model(
    name: Annotated[str, typer.Argument(help="one of our own models: signs or ball")],
    file: Annotated[Path, typer.Argument(help="the ONNX file to write")],
    size: Annotated[
        str, typer.Option(metavar="WxH", help="pixels of its input, multiples of 32")
    ] = "640x384",
) -> None:
    """Write one of our own models as ONNX, its output laid out as YOLOv8's."""
    from monitor.commands.export import export

    typer.echo(export(name, file, size))


@app.command()
def doctor(
    probe: Annotated[
        bool, typer.Option("--probe/--no-probe", help="open each camera, for 4 s at most")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON, for programs")] = False,
) -> None:
    """Say what is there, what is wrong and how to mend it; the exit code is 1 if something is wrong."""
    from monitor.commands.doctor import doctor_json, doctor_table, examine, exit_code

    findings = examine(probe=probe)
    if as_json:
        typer.echo(doctor_json(findings))
    else:
        printed(doctor_table(findings))
    raise typer.Exit(exit_code(findings))


@app.command()
def config() -> None:
    """Print a config.toml with every setting, its default and its meaning."""
    typer.echo(default_toml(), nl=False)


def main() -> None:
    """Run the command: what the user can mend is one line on stderr and exit code 2."""
    try:
        code = _run()
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    # All is closed by now. Taking down an interpreter that holds torch and Gradio would take another
    # 2.5 s, in which Ctrl-C seems not to have been heard.
    atexit._run_exitfuncs()
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def _run() -> int:
    try:
        code = app(standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        leave("stopped", STOPPED)
    except _UsageError as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "camdrift"
        leave(f"{error.format_message().rstrip('.')}; see `{command} --help`", ERROR)
    except BrokenPipeError:
        # The reader of our output has gone, as in `camdrift attacks | head -1`; nobody to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if "--debug" in sys.argv or not _expected(error):
            raise
        text = str(error)
        if isinstance(error, OSError):
            text = f"the system refused: {text}; check the disk, the output and the permissions"
        leave(with_notes(text, error), ERROR)
    return code if isinstance(code, int) else 0


def _expected(error: Exception) -> bool:
    from models.errors import ModelError
    from monitor.errors import MonitorError
    from streams.errors import StreamError

    return isinstance(error, StreamError | ModelError | MonitorError | OSError)
