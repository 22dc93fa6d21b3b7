"""The sweep on a frozen frame: beside the live loop, given up at once, told as it goes."""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from monitor.distances import Norm
from monitor.panel.sweep_bench import Curve, Sweep, SweepBench
from monitor.panel.sweep_view import sweep_progress, sweep_view
from monitor.session import Session
from monitor.sweep import SweepPoint

pytestmark = pytest.mark.timeout(90)
Wait = Callable[..., None]


@pytest.fixture
def session(new_session: Callable[..., Session]) -> Iterator[Session]:
    session = new_session(attack="none", width=160)
    session.start()
    with session.viewer():
        assert session.broadcast.wait(0, 10)
        yield session


@pytest.fixture
def bench(session: Session) -> Iterator[SweepBench]:
    bench = SweepBench(session)
    yield bench
    bench.close()
    assert [t for t in threading.enumerate() if t.name == "camdrift-bench"] == []


def test_curves_and_margin_agree_with_each_other(bench: SweepBench, wait_for: Wait) -> None:
    assert bench.run(["pgd", "noise", "warm"], most=8 / 255) == ""
    wait_for(lambda: not bench.sweep().busy, 60)
    sweep = bench.sweep()
    assert [curve.attack for curve in sweep.curves] == ["pgd", "noise"]
    assert sweep.done == sweep.total == 1 + 2 * len(sweep.grid)
    pgd, noise = sweep.curves
    assert [point.eps for point in pgd.points] == list(sweep.grid)
    assert pgd.points[-1].success == 1
    assert noise.points[0].success == 0
    assert sweep.margin is not None
    # Nothing falls below what FMN found, if FMN is any good; PGD at twice that does.
    assert all(point.success == 0 for point in pgd.points if point.eps < sweep.margin - 1e-9)
    assert any(point.success == 1 for point in pgd.points if point.eps >= 2 * sweep.margin)
    html = sweep_view(sweep)
    assert "margin" in html
    assert html.count('<path class="cd-curve') == 2
    assert "2 attacks" not in html
    assert f"{sweep.total} of {sweep.total} done" in sweep_progress(sweep)


def test_the_stream_goes_on_and_a_sweep_is_cancelled_in_mid_search(
    bench: SweepBench, session: Session, wait_for: Wait
) -> None:
    assert bench.freeze() == ""
    assert bench.run(["auto"], repeats=10) == ""
    wait_for(lambda: bench.sweep().done >= 1, 30)
    before = session.status.frames
    wait_for(lambda: session.status.frames > before + 2, 20)
    assert bench.sweep().busy
    bench.stop()
    sweep = bench.sweep()
    assert sweep.stopped
    assert not sweep.busy
    assert "stopped" in sweep_progress(sweep)
    assert bench.run(["fgsm"]) == ""
    wait_for(lambda: not bench.sweep().busy, 60)
    assert not bench.sweep().stopped


def test_what_hinders_it_is_said_on_one_line(
    bench: SweepBench, session: Session, new_session: Callable[..., Session]
) -> None:
    assert bench.run([]) == "nothing to sweep: tick at least one attack that keeps budgets in linf"
    assert "keeps budgets in linf" in bench.run(["one-pixel"])
    session.stop()
    assert bench.run(["fgsm"]) == "the session is over: start camdrift again"
    idle = SweepBench(new_session())
    assert idle.run(["fgsm"]) == "no frame yet: freeze one when the pictures move"


def test_an_attack_that_breaks_down_ends_nobody_else(
    bench: SweepBench, wait_for: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = SweepBench._observed

    def broken(self: SweepBench, job: object, settings: object, *rest: object) -> object:
        if settings.attack.attack == "fgsm":  # type: ignore[attr-defined]
            raise ValueError("<b>the lens</b> fell off")
        return whole(self, job, settings, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(SweepBench, "_observed", broken)
    assert bench.run(["fgsm", "noise"], most=2 / 255) == ""
    wait_for(lambda: not bench.sweep().busy, 60)
    fgsm, noise = bench.sweep().curves
    assert fgsm.points == ()
    assert "the lens" in fgsm.reason
    assert noise.points
    assert "<b>the lens" not in sweep_view(bench.sweep())


def _swept(bench: SweepBench, margin: float | None, note: str = "") -> Sweep:
    assert bench.freeze() == ""
    still = bench.sweep().still
    settings = bench._session.settings
    points = tuple(
        SweepPoint(eps / 255, success, success, 2, 4, 2)
        for eps, success in ((1, 0.0), (2, 0.5), (4, 1.0))
    )
    return Sweep(
        1,
        still,
        settings,
        tuple(point.eps for point in points),
        (Curve("pgd", points), Curve("<i>", reason="no <b>")),
        margin,
        note,
        done=9,
        total=9,
    )


def test_the_chart_marks_the_margin_where_it_is(bench: SweepBench) -> None:
    html = sweep_view(_swept(bench, 2 / 255))
    at = re.search(r'class="cd-margin[^"]*" style="left:([\d.]+)%"', html)
    assert at
    dots = [float(x) for x in re.findall(r'<i class="cd-dot[^>]*style="left:([\d.]+)%', html)]
    assert float(at[1]) == pytest.approx(dots[1], abs=0.01)
    assert dots == sorted(dots)
    assert "margin 2/255" in html
    assert "4/255" in html
    assert "<i></i>" not in html
    assert "no &lt;b&gt;" in html


@pytest.mark.parametrize(
    ("margin", "note", "words"),
    [
        (math.inf, "", "none found"),
        (None, "not measured: model x has no gradients", "has no gradients"),
    ],
)
def test_without_a_margin_the_chart_says_why(
    bench: SweepBench, margin: float | None, note: str, words: str
) -> None:
    html = sweep_view(_swept(bench, margin, note))
    assert words in html
    assert 'class="cd-margin' not in html


def test_other_norms_are_told_in_the_sliders_unit(bench: SweepBench, session: Session) -> None:
    session.apply({"norm": "l2", "eps": 2})
    sweep = replace(_swept(bench, 0.5), grid=(0.25, 0.5, 2.0), settings=session.settings)
    html = sweep_view(sweep)
    assert session.settings.attack.norm is Norm.L2
    assert "pixel units" in html
    assert "/255" not in html.partition("</svg>")[2].partition("</table>")[0].replace("of 255", "")
