"""Suites: what they come to, and what is refused before anything runs."""

from __future__ import annotations

import pytest

from monitor.config import Settings
from monitor.errors import ConfigError
from monitor.evaluation.suite import SUITES, conditions, load_suite, single, suite_of

ONE = """
name = "one"
[[attacks]]
attack = "pgd"
eps = ["1/255", "2/255"]
steps = 3
"""


def cells(text: str, **base: object) -> list[str]:
    return [one.name for one in conditions(suite_of(text, "s.toml"), Settings().changed(base))]


@pytest.mark.parametrize("name", SUITES)
def test_those_that_come_along_work_with_the_sign_model(name: str) -> None:
    found = conditions(load_suite(name), Settings().changed({"model": "signs"}))
    assert len({one.name for one in found}) == len(found) > 3
    assert [one.number for one in found] == list(range(len(found)))
    assert all(one.settings.detector.threads == 1 for one in found)
    assert load_suite(name).paths, "it can be tried without a clip"


def test_a_suite_is_the_product_of_its_lists() -> None:
    text = ONE.replace(
        'name = "one"',
        'name = "one"\nmodels = ["faces", "signs"]\nseeds = [0, 1]\nfaults = ["", "rain:2"]',
    )
    found = cells(text)
    assert len(found) == 2 * 2 * 2 * 2
    assert found[0] == "faces, pgd linf 1/255, seed 0"
    assert found[-1] == "signs, pgd linf 2/255, rain:2, seed 1"


def test_words_reach_the_settings_of_their_cells() -> None:
    text = ONE + '[settings]\nwidth = 96\ngoal = "any"\nthreads = 2\n'
    first, second = conditions(suite_of(text, "s"), Settings().changed({"model": "signs"}))
    assert (first.settings.stream.width, str(first.settings.attack.goal)) == (96, "any")
    assert first.settings.attack.steps == 3
    assert first.settings.detector.threads == 2, "what is set is not overruled"
    assert second.settings.attack.eps == pytest.approx(2 / 255)
    assert first.row()["eps_text"] == "1/255"
    assert first.row()["knowledge"] == "white-box"


def test_a_model_that_nothing_happens_to_is_no_cell() -> None:
    text = 'name = "a"\nfaults = ["", "fog:2"]\n[[attacks]]\nattack = "none"\n'
    assert cells(text) == ["faces, fog:2"]
    with pytest.raises(ConfigError, match="nothing is done to the frames"):
        cells('name = "a"\n[[attacks]]\nattack = "none"\n')


def test_cells_that_would_be_called_alike_are_told_apart() -> None:
    text = ONE + '[[attacks]]\nattack = "pgd"\neps = "1/255"\nsteps = 9\n'
    assert cells(text) == [
        "faces, pgd linf 1/255",
        "faces, pgd linf 2/255",
        "faces, pgd linf 1/255 (2)",
    ]


def test_what_goes_from_frame_to_frame_is_carried() -> None:
    text = """
name = "carried"
faults = ["", "packet_loss:2"]
[[attacks]]
attack = "warm"
[[attacks]]
attack = "fgsm"
"""
    found = conditions(suite_of(text, "s"), Settings())
    carried = {one.name: one.carried for one in found}
    assert carried == {
        "faces, warm linf 4/255": True,
        "faces, fgsm linf 4/255": False,
        "faces, warm linf 4/255, packet_loss:2": True,
        "faces, fgsm linf 4/255, packet_loss:2": True,
    }


def test_the_settings_alone_are_a_suite_of_one() -> None:
    base = Settings().changed({"attack": "bim", "eps": "3/255", "seed": 7, "faults": "fog:1"})
    (only,) = conditions(single(base, "bim"), base)
    assert only.settings.attack == base.attack
    assert (only.settings.run.seed, only.settings.faults.faults) == (7, "fog:1")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nonsense", "not valid TOML"),
        ("name = 'a'\nattacks = []", "attacks"),
        ("name = 'a'", "attacks: missing"),
        (ONE + "foo = 1", "attacks.foo: no word of an attack"),
        (ONE.replace("pgd", "pgdd"), "the nearest is pgd"),
        (ONE + "[settings]\nwidht = 3", "the nearest is width"),
        (ONE + "[settings]\nwidth = 3", "width = 3"),
        (ONE + "[settings]\neps = '1/255'", "a suite says it itself"),
        (ONE + "[settings]\ndeadline_ms = 5", "means nothing in an evaluation"),
        ("modles = ['x']\n" + ONE, "modles: no such key"),
        ("models = ['signs', 'signs']\n" + ONE, "stands there twice"),
        (ONE.replace('"1/255"', '"a/255"'), "write fractions"),
        (ONE.replace('"1/255"', '"2"'), "at most 1"),
        ("faults = ['rian']\n" + ONE, "the nearest is rain"),
        ("seeds = [-1]\n" + ONE, "seeds"),
        (ONE.replace("pgd", "one-pixel"), "keeps budgets in"),
    ],
)
def test_what_does_not_work_is_one_line_that_says_where(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        cells(text)
    line = str(refused.value)
    assert said in line
    assert "\n" not in line
    assert line.startswith(("s.toml", "suite one"))


def test_a_suite_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(
        ConfigError, match=r"nowhere\.toml: no such suite; .* quick, standard, driving"
    ):
        load_suite("nowhere.toml")
