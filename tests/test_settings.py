"""Outside data: every mistake is one sentence that names the setting and the nearest right one."""

from pathlib import Path
from typing import Literal

import pytest
from pydantic import Field

from zaohua.settings import Settings, UserError, check, override, read_toml, reading_flags, to_toml


class Inner(Settings):
    rate: float = Field(default=0.1, gt=0)
    kind: Literal["plain", "fancy"] = "plain"
    pair: tuple[float, float] = (0.9, 0.95)


class Outer(Settings):
    steps: int = 3
    inner: Inner = Inner()
    maybe: Inner | None = None
    names: tuple[str, ...] = ()


def mistake(data):
    with pytest.raises(UserError) as caught:
        check(Outer, data)
    return str(caught.value)


def test_good_data_becomes_frozen_settings():
    outer = check(Outer, {"steps": 5, "inner": {"pair": [0.1, 0.2]}, "names": ["a"]})
    assert (outer.steps, outer.inner.pair, outer.names) == (5, (0.1, 0.2), ("a",))
    with pytest.raises(Exception, match="frozen"):
        outer.steps = 6


def test_an_unknown_key_is_named_with_the_nearest_right_one():
    assert mistake({"stepz": 1}) == "unknown setting stepz (did you mean steps?)"
    assert mistake({"inner": {"rat": 1.0}}) == "unknown setting inner.rat (did you mean inner.rate?)"
    assert mistake({"maybe": {"rat": 1.0}}) == "unknown setting maybe.rat (did you mean maybe.rate?)"


def test_a_wrong_value_is_one_sentence_without_a_dump():
    assert mistake({"inner": {"kind": "odd"}}) == "inner.kind is 'odd'; it must be one of 'plain' or 'fancy'"
    assert mistake({"steps": "many"}) == 'steps is "many"; it must be integer'
    assert mistake({"inner": {"rate": -1.0}}) == "inner.rate is -1.0; it must be greater than 0"


def test_text_is_never_taken_for_a_number_outside_flags():
    assert "steps" in mistake({"steps": "5"})


def test_flags_are_read_as_the_values_they_spell():
    with reading_flags():
        outer = Outer.model_validate({"steps": "5", "inner": {"rate": "1e-4", "pair": ["0.5", "0.6"]}, "names": ["7"]})
    assert (outer.steps, outer.inner.rate, outer.inner.pair, outer.names) == (5, 1e-4, (0.5, 0.6), ("7",))


def test_toml_round_trip(tmp_path: Path):
    data = {"a": 1, "text": 'quote " and 造化\n', "b": {"c": [1.5, 2.0], "d": {"e": True}}, "empty": {}}
    path = tmp_path / "x.toml"
    path.write_text(to_toml({**data, "none": None}), encoding="utf-8")
    assert read_toml(path) == data


def test_a_missing_or_broken_file_is_a_user_error(tmp_path: Path):
    with pytest.raises(UserError, match="there is no file"):
        read_toml(tmp_path / "no.toml")
    (tmp_path / "bad.toml").write_text("a = = 1")
    with pytest.raises(UserError, match="is not a TOML file"):
        read_toml(tmp_path / "bad.toml")


def test_override_goes_into_groups_and_leaves_the_rest():
    assert override({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"b": 9}}) == {"a": {"b": 9, "c": 2}, "d": 3}


@pytest.mark.parametrize(("words", "value"), [(".9", 0.9), ("1.", 1.0), ("1e-4", 1e-4), ("3", 3)])
def test_numbers_are_read_as_people_write_them(words, value):
    class Dial(Settings):
        share: float = 0.0

    with reading_flags():
        assert Dial.model_validate({"share": words}).share == value
