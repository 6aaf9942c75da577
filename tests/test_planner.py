"""The plan: more time or more text buys a lower expected loss, and a request is planned once."""

import pytest

from zaohua import planner
from zaohua.events import Events
from zaohua.planner import Speed, Text, expected_nats, training_seconds, weigh
from zaohua.recipe import ChatSettings, Recipe
from zaohua.settings import UserError

TEXT = Text(bytes=5_000_000, documents=10, vocab_size=4096, bytes_per_token=3.5, hanzi=0.0)
SPEED = Speed(per_flop=1 / 80e9, per_layer=1e-6)


def best(text=TEXT, minutes=10.0):
    return min(weigh(text, SPEED, Recipe(minutes=minutes)), key=lambda choice: choice.bits_per_byte)


def test_more_minutes_expect_less_loss_and_afford_a_larger_model():
    short, long = best(minutes=5), best(minutes=120)
    assert long.bits_per_byte < short.bits_per_byte
    assert long.parameters > short.parameters


def test_what_is_not_training_is_not_planned_for_training():
    plain = training_seconds(TEXT, Recipe(minutes=10))
    assert 0.8 * 600 < plain < 0.95 * 600
    assert training_seconds(TEXT, Recipe(minutes=10, chat=ChatSettings(sources=("a.jsonl",), share=0.5))) == plain / 2
    assert training_seconds(TEXT, Recipe(minutes=0.1)) == 5


def test_reading_again_is_worth_less_than_reading_on():
    assert expected_nats(1e6, 1e6, 8e6) > expected_nats(1e6, 8e6, 8e6)
    assert expected_nats(1e6, 1e6, 8e6) < expected_nats(1e6, 1e6, 1e6)


def test_speed_is_that_of_its_two_costs():
    assert Speed(1e-9, 1e-4).tokens_per_second(1e6, 4) == pytest.approx(1 / (1e-3 + 4e-4))


@pytest.mark.slow
def test_a_request_is_planned_once_and_kept(tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_text("".join(f"The cat number {n} sat on the mat.\n" for n in range(2000)))
    monkeypatch.setattr(planner, "measure_speed", lambda vocab_size: SPEED)
    texts, run, quiet = (str(tmp_path / "a.txt"),), tmp_path / "run", Events(console=False)
    first = planner.plan(texts, 3.0, run, {"pretrain": {"rows": 4}}, quiet)
    assert first.pretrain.rows == 4
    assert first.minutes == 3.0
    run.mkdir()
    from zaohua.recipe import write_recipe

    (run / "recipe.toml").write_text(write_recipe(first), encoding="utf-8")
    monkeypatch.setattr(planner, "measure_speed", lambda vocab_size: pytest.fail("measured again"))
    assert planner.plan(texts, 3.0, run, {"pretrain": {"rows": 4}}, quiet) == first


def test_no_text_is_a_sentence(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError):
        planner.look_at((str(tmp_path / "empty"),), {})
