"""config.toml: what is there by default, what is refused and in which words."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from monitor.catalog import build_attack
from monitor.config import Settings, default_toml, load, words
from monitor.errors import ConfigError
from monitor.goals import Goal

ROOT = Path(__file__).parent.parent.parent


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, text))
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_the_file_at_the_root_is_what_the_package_carries() -> None:
    assert (ROOT / "config.toml").read_text(encoding="utf-8") == default_toml()


def test_the_defaults_read_back_are_the_defaults(tmp_path: Path) -> None:
    assert load(written(tmp_path, default_toml())) == Settings() == load(None)


def test_an_empty_file_is_all_defaults(tmp_path: Path) -> None:
    assert load(written(tmp_path, "")) == Settings()


def test_every_word_is_unique_and_explained() -> None:
    names = [word for _, word in words()]
    assert len(names) == len(set(names))
    for section, field in Settings.model_fields.items():
        for word, setting in field.annotation.model_fields.items():  # type: ignore[union-attr]
            assert setting.description, f"{section}.{word}"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("[attack]\nepps = 3\n", ["attack.epps", "nearest is attack.eps", "3"]),
        ("[atack]\neps = 0.1\n", ["atack", "nearest is attack"]),
        ("eps = 0.1\n", ["eps", "belongs in section [attack]"]),
        ("[stream]\nthreshold = 0.5\n", ["stream.threshold", "nearest is detector.threshold"]),
        ("[attack]\nsteps = 0\n", ["attack.steps", "0", "greater than or equal to 1"]),
        ("[attack]\nsteps = 2000\n", ["attack.steps", "2000", "less than or equal to 1000"]),
        ('[attack]\neps = "much"\n', ["attack.eps", "'much'", "4/255"]),
        ("[attack]\neps = 4\n", ["4/255, not 4"]),
        ('[attack]\ngoal = "hide"\n', ["attack.goal", "'hide'", "vanish"]),
        ("[detector]\nthreshold = 1.0\n", ["detector.threshold", "1.0", "less than 1"]),
        ("[panel]\nport = 99999\n", ["panel.port", "99999", "65535"]),
        ('[run]\nrecord = "perhaps"\n', ["run.record", "'perhaps'", "boolean"]),
        ("[run\n", ["not valid TOML"]),
    ],
)
def test_a_refusal_names_the_key_the_value_and_what_is_allowed(
    tmp_path: Path, text: str, parts: list[str]
) -> None:
    message = refusal(tmp_path, text)
    for part in parts:
        assert part in message


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file; `camdrift config"):
        load(tmp_path / "none.toml")


def test_a_folder_is_no_config(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path)


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        Settings().attack.eps = 1.0  # type: ignore[misc]


def test_changed_takes_words_and_leaves_the_original() -> None:
    before = Settings()
    after = before.changed({"eps": "8/255", "goal": "any", "threshold": 0.3})
    assert after.attack.eps == pytest.approx(8 / 255)
    assert after.attack.goal is Goal.ANY
    assert after.word("threshold") == 0.3
    assert before == Settings()


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"epsilon": 1}, "nearest is eps"),
        ({"steps": -1}, "attack.steps"),
        ({"eps": None}, "attack.eps"),
    ],
)
def test_changed_refuses_like_the_file_does(change: dict[str, object], part: str) -> None:
    with pytest.raises(ConfigError, match=part):
        Settings().changed(change)


def test_an_unknown_attack_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="nearest is fgsm"):
        build_attack(Settings().changed({"attack": "fgms"}).attack)
