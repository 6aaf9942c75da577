"""A recipe carried out: its stages in order, each skipped when up to date, and the clock that they share."""

import contextlib
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from zaohua import folders, report, stages, training_folder
from zaohua.corpus import stage as corpus_stage
from zaohua.data import shards
from zaohua.events import Events, duration, stage_name
from zaohua.recipe import Recipe, recipe_text, require_length
from zaohua.settings import UserError
from zaohua.sources import check_conversations, embedded_documents
from zaohua.tokenizer import training as tokenizer_stage
from zaohua.tokenizer.texts import text_bytes
from zaohua.training.settings import TrainingSettings
from zaohua.watching.services import require_packages

WHOLE = 0.95
"""The share of the minutes that is planned for; the rest absorbs what cannot be foreseen."""

_WITHOUT = {"name": True, "request": True, "report": True, "corpus": {"run"}, "pretrain": True, "chat": {"training"}}
"""What the clock of a run does not ask about, for none of it changes a weight; of training it asks for what does."""
_REMEDY = "delete it, and the clock of the run begins anew", "请删除它，这次运行会重新计时"


class Budget:
    """The run's minutes: what each stage has spent, over all sessions, and what the clock has given to training.

    Both hold for one recipe and one text; with another the clock begins anew. What it decided for the recipes before
    is kept beside it: with their settings they are still the same runs.
    """

    def __init__(self, folder: Path, recipe: Recipe, started: float) -> None:
        self.path, self.minutes = folder / folders.CLOCK, recipe.minutes
        self.recipe = folders.digest_of(_deciding(recipe))
        self.kept: dict[str, Any] = folders.read_json(self.path, *_REMEDY) if self.path.exists() else {}
        """The file: the clock of each recipe that was run here, by the recipe's digest."""
        own = self.kept.get(self.recipe, {"spent": {}, "given": {}})
        if not isinstance(own, dict) or not all(isinstance(own.get(key), dict) for key in ("spent", "given")):
            raise UserError(
                f"{self.path} does not say what was spent and given: {_REMEDY[0]}",
                f"{self.path} 没有写明已用和分得的时间：{_REMEDY[1]}",
            )
        self.text: str | None = own.get("text")
        self.spent: dict[str, float] = own["spent"]
        self.given: dict[str, float] = own["given"]
        self.now: dict[str, float] = {}
        """What this session has spent."""
        self.charged = started

    @contextlib.contextmanager
    def spending(self, stage: str) -> Iterator[None]:
        """Charge the time until the end of this block, and since the last one, to `stage`."""
        try:
            yield
        finally:
            now = time.monotonic()
            for spent in (self.spent, self.now):
                spent[stage] = spent.get(stage, 0.0) + now - self.charged
            self.charged = now
            self._write()

    def left(self) -> float:
        """Seconds of the planned time that no stage has spent yet."""
        assert self.minutes is not None
        return self.minutes * 60 * WHOLE - sum(self.spent.values()) - (time.monotonic() - self.charged)

    def share_out(self, text: str, shares: Mapping[str, float], reserve: float) -> None:
        """Give what is left, but for `reserve`, to the training stages by their shares; once for a `text`, by its
        digest, whatever is resumed.
        """
        if self.text not in (None, text):
            self.spent, self.given = dict(self.now), {}
        self.text = text
        if self.minutes is None or self.given:
            return
        self.given = {stage: round((self.left() - reserve) * share, 1) for stage, share in shares.items()}
        if min(self.given.values()) < 3:
            self.kept.pop(self.recipe, None)  # the next attempt does not pay for this one
            folders.write_json(self.path, self.kept)
            raise UserError(
                f"{self.minutes:g} minutes leave no time for training: give more minutes, or less text",
                f"{self.minutes:g} 分钟没有给训练留下时间：请给更多分钟，或更少的文本",
            )
        self._write()

    def timed(self, stage: str, settings: TrainingSettings) -> TrainingSettings:
        """Training settings with the seconds that the clock has given to this stage."""
        return settings.model_copy(update={"seconds": self.given[stage]}) if self.given else settings

    def _write(self) -> None:
        spent = {stage: round(seconds, 2) for stage, seconds in self.spent.items()}
        self.kept[self.recipe] = {"text": self.text, "spent": spent, "given": self.given}
        folders.write_json(self.path, self.kept)


def _deciding(recipe: Recipe) -> dict[str, Any]:
    """What of a recipe a weight depends on."""
    said = recipe.model_dump(mode="json", exclude=_WITHOUT)
    said["chat"]["training"] = recipe.chat.training.deciding()
    return {**said, "pretrain": recipe.pretrain.deciding()}


def run(recipe: Recipe, folder: Path, events: Events, *, started: float) -> dict[str, Any]:
    """Carry out every stage of `recipe` in `folder` -> the card. Raises Interrupted when asked to stop."""
    if recipe.minutes is None:
        for place, training in recipe.trainings.items():
            require_length(training, place)
    for training in recipe.trainings.values():
        require_packages(training.watch)
    check_conversations(recipe.chat)  # a missing file or a bad line is found now, not hours from now
    chatting = bool(recipe.chat.sources)
    trained = ("pretrain", "chat") if chatting else ("pretrain",)
    paths = {stage: folder / stage for stage in ("corpus", "tokenizer", "tokens", *trained, "report")}
    with folders.locked(folder):
        for stage, path in paths.items():  # now, and not when the stages before it are done
            (training_folder.refuse_others if stage in trained else folders.refuse_others)(path)
        budget = Budget(folder, recipe, started)
        with _recipe_of(folder, recipe):
            with budget.spending("plan"):
                pass
            with budget.spending("corpus"):
                _title(events, "corpus")
                corpus_stage.run(recipe.corpus, paths["corpus"], events, embedded=embedded_documents)
            with budget.spending("tokenizer"):
                _title(events, "tokenizer")
                tokenizer_stage.run(recipe.tokenizer, paths["corpus"], paths["tokenizer"], events)
            with budget.spending("tokens"):
                _title(events, "tokens")
                shards.run(recipe.tokens, paths["corpus"], paths["tokenizer"], paths["tokens"], events)
            shares = {"pretrain": 1 - recipe.chat.share, "chat": recipe.chat.share} if chatting else {"pretrain": 1.0}
            train, heldout = (text_bytes(paths["corpus"], part) for part in ("documents", "heldout"))
            reserve = report.expected_seconds(recipe, train, heldout)
            budget.share_out(folders.summary_digest(paths["tokens"]), shares, reserve)
        with budget.spending("pretrain"):
            _title(events, "pretrain")
            settings = budget.timed("pretrain", recipe.pretrain)
            longest = max(training.length for training in recipe.trainings.values())
            model = recipe.model.model_copy(update={"max_length": recipe.model.max_length or longest})
            stages.pretrain(model, settings, paths["tokens"], paths["tokenizer"], paths["pretrain"], events)
        if chatting:
            with budget.spending("chat"):
                _title(events, "chat")
                chat = recipe.chat.model_copy(update={"training": budget.timed("chat", recipe.chat.training)})
                stages.finetune_chat(chat, paths["pretrain"] / "model", paths["chat"], events)
        with budget.spending("report"):
            _title(events, "report")
            card = report.run(recipe, folder, events, spent=budget.spent, charged=budget.charged)
    total = sum(budget.spent.values())
    events.say(f"finished in {duration(total)}", f"完成，用时 {duration(total, chinese=True)}")
    return card


@contextlib.contextmanager
def _recipe_of(folder: Path, recipe: Recipe) -> Iterator[None]:
    """recipe.toml says what is run here; where it turns out to be a mistake, what it said before comes back."""
    path, said = folder / "recipe.toml", recipe_text(recipe)
    before = path.read_text(encoding="utf-8") if path.exists() else None
    if before not in (None, said) and not (folder / folders.CLOCK).exists():
        raise UserError(
            f"{path} would be overwritten by the run in its folder: give another folder with -o",
            f"{path} 会被写入同一文件夹的运行覆盖：请用 -o 另给一个文件夹",
        )
    folders.write_file(path, said)
    try:
        yield
    except UserError:
        if before is None:
            path.unlink()
        else:
            folders.write_file(path, before)
        raise


def _title(events: Events, stage: str) -> None:
    events.say(*(f"▸ {stage_name(stage, chinese=chinese)}" for chinese in (False, True)))
