"""The plan: more time or more text buys a lower expected loss, and a request is planned once."""

from pathlib import Path

import pytest

from zaohua import planner
from zaohua.corpus.settings import CorpusSettings
from zaohua.events import Events
from zaohua.planner import expected_nats, parts, weigh
from zaohua.probe import LENGTH, Speed, Text, look_at, noise
from zaohua.recipe import ChatSettings, Recipe
from zaohua.settings import UserError
from zaohua.stages import config_of

TEXT = Text(bytes=5_000_000, documents=10, vocab_size=4096, bytes_per_token=3.5, hanzi=0.0)
SPEED = Speed(per_flop=1 / 80e9, per_layer=1e-6)


def best(text=TEXT, minutes=10.0):
    return min(weigh(text, SPEED, Recipe(minutes=minutes)), key=lambda choice: choice.bits_per_byte)


def test_more_minutes_expect_less_loss_and_afford_a_larger_model():
    short, long = best(minutes=5), best(minutes=120)
    assert long.bits_per_byte < short.bits_per_byte
    assert long.parameters > short.parameters


def test_what_is_not_training_is_not_planned_for_training():
    plain = parts(TEXT, Recipe(minutes=10))
    assert 0.8 * 600 < plain["pretrain"] < 0.95 * 600
    talking = parts(TEXT, Recipe(minutes=10, chat=ChatSettings(sources=("a.jsonl",), share=0.5)))
    assert talking["pretrain"] == talking["chat"] == plain["pretrain"] / 2
    assert parts(TEXT, Recipe(minutes=0.1))["pretrain"] == 5


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
    from zaohua.recipe import recipe_text

    (run / "recipe.toml").write_text(recipe_text(first), encoding="utf-8")
    monkeypatch.setattr(planner, "measure_speed", lambda vocab_size: pytest.fail("measured again"))
    assert planner.plan(texts, 3.0, run, {"pretrain": {"rows": 4}}, quiet) == first
    looking = {"pretrain": {"rows": 4, "keep": 3}, "report": {"samples": 1}, "corpus": {"run": {"workers": 1}}}
    again = planner.plan(texts, 3.0, run, looking, quiet)
    assert (again.pretrain.keep, again.report.samples, again.pretrain.rows) == (3, 1, 4)
    with (tmp_path / "a.txt").open("a") as file:
        file.write("And one more cat.\n")
    monkeypatch.setattr(planner, "measure_speed", lambda vocab_size: SPEED)
    assert planner.plan(texts, 3.0, run, {"pretrain": {"rows": 4}}, quiet).request != first.request


def test_no_text_is_a_sentence(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError):
        look_at(CorpusSettings(sources=(str(tmp_path / "empty"),)), {})


def test_too_little_text_is_said_before_anything_is_planned(tmp_path):
    (tmp_path / "a.txt").write_text("Only one line.\n" * 100)
    with pytest.raises(UserError, match=r"a\.txt: 1,\d\d\d bytes of text, too little .*at least 2,000 characters"):
        look_at(CorpusSettings(sources=(str(tmp_path / "a.txt"),)), {})


@pytest.fixture
def glanced(monkeypatch):
    monkeypatch.setattr(planner, "listed", lambda settings, embedded: [(name, 1) for name in settings.sources])
    monkeypatch.setattr(planner, "look_at", lambda settings, changes: TEXT)
    monkeypatch.setattr(planner, "measure_speed", lambda vocab_size: SPEED)


def test_a_preset_keeps_its_own_dropout_and_reads_as_far_as_its_rows(glanced):
    recipe = planner.plan(("x",), 10.0, None, {"model": {"preset": "gpt2"}}, Events(console=False))
    config = config_of(recipe.model, vocab_size=512, max_length=LENGTH)
    assert (config.residual_dropout, config.max_length, recipe.model.max_length) == (0.1, LENGTH, None)


def test_a_run_in_the_folder_that_one_stands_in_has_its_name(glanced, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert planner.plan(("x",), 10.0, Path("."), {}, Events(console=False)).name == tmp_path.name


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        (
            "en",
            [
                "pretrain 8 min",
                "report 3",
                "4 rows of 256 tokens a step: as asked",
                "vocabulary 4,096: it grows",
                "square root",
                "dropout 0",
            ],
        ),
        (
            "zh",
            ["预训练 8 分", "报告 3", "每步 4 行，每行 256 个词元：按要求", "词表 4,096：随", "平方根", "随机失活 0"],
        ),
    ],
)
def test_a_plan_says_why_and_how_long_each_part_takes(glanced, monkeypatch, capsys, language, wanted):
    monkeypatch.setenv("ZAOHUA_LANG", language)
    planner.plan(("x",), 10.0, None, {"pretrain": {"rows": 4}}, Events())
    said = capsys.readouterr().out
    assert [words for words in wanted if words not in said] == []


def test_the_probe_computes_what_training_computes():
    batch = noise(100)
    assert batch.documents is not None
    assert batch.positions is not None
    assert batch.ids.shape == batch.labels.shape == batch.documents.shape == batch.positions.shape


def test_the_first_run_is_the_one_that_was_measured():
    recipe = planner.quickstart_recipe(9.5)
    assert (recipe.model.family, recipe.model.dim, recipe.model.layers) == ("qwen3", 192, 4)
    assert (recipe.pretrain.length, recipe.pretrain.rows, recipe.pretrain.muon_rate) == (256, 8, 0.02)
    chat = recipe.chat.training
    assert (chat.length, chat.rows, chat.warmup, chat.landing, chat.optimizer) == (256, 8, 20, 0.5, "muon")
