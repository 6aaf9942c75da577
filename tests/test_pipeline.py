"""The clock that the stages of a run share."""

import time

import pytest

from zaohua import pipeline
from zaohua.events import Events
from zaohua.pipeline import WHOLE, Budget
from zaohua.recipe import Recipe
from zaohua.settings import UserError, check
from zaohua.training.settings import TrainingSettings

SHARES = {"pretrain": 0.6, "chat": 0.4}
TEN = check(Recipe, {"minutes": 10.0, "corpus": {"sources": ["a"]}})


def changed(**changes) -> Recipe:
    return check(Recipe, {"minutes": 10.0, "corpus": {"sources": ["a"]}} | changes)


@pytest.mark.parametrize("stage", ["corpus", "tokenizer", "tokens", "pretrain", "chat", "report"])
def test_a_folder_that_we_did_not_write_is_refused_before_any_stage_begins(tmp_path, monkeypatch, stage):
    (tmp_path / stage).mkdir()
    (tmp_path / stage / "thesis.txt").write_text("years of work")
    monkeypatch.setattr(pipeline.corpus_stage, "run", lambda *_, **__: pytest.fail("it began"))
    recipe = changed(chat={"sources": ["microworld:small"]})
    with pytest.raises(UserError, match=rf"{stage} holds something that zaohua did not write"):
        pipeline.run(recipe, tmp_path, Events(console=False), started=time.monotonic())
    assert not (tmp_path / "recipe.toml").exists()


def test_what_is_left_is_shared_out_once_and_kept(tmp_path):
    budget = Budget(tmp_path, TEN, time.monotonic() - 100)
    budget.share_out("text", SHARES, reserve=70.0)
    left = 600 * WHOLE - 100 - 70
    assert budget.timed("pretrain", TrainingSettings(steps=None)).seconds == pytest.approx(left * 0.6, abs=0.2)
    assert budget.timed("chat", TrainingSettings(steps=None)).seconds == pytest.approx(left * 0.4, abs=0.2)
    again = Budget(tmp_path, TEN, time.monotonic())  # killed, without a word of what was spent
    again.share_out("text", SHARES, reserve=70.0)
    assert again.given == budget.given


@pytest.mark.parametrize(
    "other",
    [changed(minutes=60.0), changed(corpus={"sources": ["b"]}), changed(chat={"sources": ["microworld:small"]})],
)
def test_another_request_makes_what_was_decided_void(tmp_path, other):
    first = Budget(tmp_path, TEN, time.monotonic())
    with first.spending("corpus"):
        first.share_out("text", SHARES, reserve=0.0)
    second = Budget(tmp_path, other, time.monotonic())
    assert (second.given, second.spent) == ({}, {})
    with second.spending("corpus"):
        pass
    third = Budget(tmp_path, TEN.model_copy(update={"name": "another"}), time.monotonic())
    assert third.given == first.given != {}


def test_another_text_is_given_time_of_its_own_and_pays_for_itself_alone(tmp_path):
    first = Budget(tmp_path, TEN, time.monotonic() - 30)
    with first.spending("corpus"):
        first.share_out("text", SHARES, reserve=0.0)
    second = Budget(tmp_path, TEN, time.monotonic() - 200)
    with second.spending("corpus"):
        pass
    assert second.spent["corpus"] == pytest.approx(230, abs=1)
    second.share_out("another text", SHARES, reserve=0.0)
    assert second.spent["corpus"] == pytest.approx(200, abs=1)
    assert second.given["pretrain"] == pytest.approx((600 * WHOLE - 200) * 0.6, abs=1)


def test_minutes_that_leave_nothing_for_training_are_refused_and_not_held_against_the_next_attempt(tmp_path):
    short = Budget(tmp_path, changed(minutes=1.0), time.monotonic() - 50)
    with short.spending("corpus"):
        pass
    with pytest.raises(UserError, match="leave no time for training"):
        short.share_out("text", SHARES, reserve=57.0)
    assert Budget(tmp_path, changed(minutes=1.0), time.monotonic()).spent == {}


def test_what_changes_no_weight_leaves_the_clock_as_it_is(tmp_path):
    first = Budget(tmp_path, TEN, time.monotonic())
    with first.spending("corpus"):
        first.share_out("text", SHARES, reserve=0.0)
    other = changed(
        request="again",
        corpus={"sources": ["a"], "run": {"workers": 1}},
        pretrain={"keep": 3, "save_every": 5.0, "sample_every": 0, "validate_rows": 8},
    )
    assert Budget(tmp_path, other, time.monotonic()).given == first.given
    assert Budget(tmp_path, changed(pretrain={"rows": 4}), time.monotonic()).given == {}


def test_a_recipe_that_turns_out_to_be_a_mistake_leaves_what_stood_there(tmp_path):
    folder, quiet = tmp_path / "run", Events(console=False)
    (tmp_path / "small.txt").write_text("Only one line.\n")
    recipe = changed(corpus={"sources": [str(tmp_path / "small.txt")]})
    with pytest.raises(UserError, match="too little to train on"):
        pipeline.run(recipe, folder, quiet, started=time.monotonic())
    assert not (folder / "recipe.toml").exists()
    (folder / "recipe.toml").write_text("# what was run here before\n")
    with pytest.raises(UserError, match="too little to train on"):
        pipeline.run(recipe, folder, quiet, started=time.monotonic())
    assert (folder / "recipe.toml").read_text() == "# what was run here before\n"


def test_a_recipe_that_someone_wrote_is_not_overwritten(tmp_path):
    (tmp_path / "recipe.toml").write_text("# by hand\n")
    with pytest.raises(UserError, match=r"recipe\.toml would be overwritten"):
        pipeline.run(TEN, tmp_path, Events(console=False), started=time.monotonic())
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir() if path.suffix] == [
        ("recipe.toml", "# by hand\n")
    ]


@pytest.mark.parametrize("damage", ["{", "[]", "spent"])
def test_a_damaged_clock_is_a_sentence(tmp_path, damage):
    budget = Budget(tmp_path, TEN, time.monotonic())
    with budget.spending("corpus"):
        pass
    path = tmp_path / "clock.json"
    path.write_text(path.read_text().replace('"spent"', '"spend"') if damage == "spent" else damage)
    with pytest.raises(UserError, match=r"clock\.json .*: delete it"):
        Budget(tmp_path, TEN, time.monotonic())
