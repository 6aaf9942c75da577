"""The report stage: a finished run measured beside its baselines, its samples, its card and a page to look inside."""

import datetime
import platform
import random
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch

from zaohua import folders, microworld
from zaohua.checkpoint.model_folder import LoadedModel, load_model, tokenizer_of
from zaohua.corpus.documents import read_documents
from zaohua.evaluating import extent_of, measured, reading_seconds, shape_of, texts_of
from zaohua.evaluation import card, memorisation, world
from zaohua.events import Events
from zaohua.generation.settings import Sampling
from zaohua.generation.text import written
from zaohua.inspection.html import inspect
from zaohua.model.size import parameter_count
from zaohua.recipe import Recipe, ReportSettings
from zaohua.sources import is_world, world_of
from zaohua.tokenizer.chat import render
from zaohua.tokenizer.texts import text_bytes

STORY_TOKENS = 500
"""Room for one story of an embedded world; a longer one counts as broken off."""
DRAWN_AT_ONCE = 100
CODE = 6
"""Raised by hand when the same models would get another card."""
GREEDY = Sampling(temperature=0.0, max_new_tokens=24)


def expected_seconds(recipe: Recipe, train: int, heldout: int) -> float:
    """About how long a run's report takes on two cores: compressing grows with all bytes, predicting with those held
    out, a sample with the text that copies are looked for in (LOG, 2026-11-21).
    """
    extent = extent_of(recipe)
    back, predicted = min(train, extent.back), min(heldout, extent.predicted)
    drawn = 0.1 * recipe.report.stories + 0.05 * recipe.report.questions * bool(recipe.chat.sources)
    read = reading_seconds(shape_of(recipe), back, predicted)
    return 12 + read + recipe.report.samples * (1 + 1e-7 * back) + (drawn if _world(recipe) else 0)


def run(recipe: Recipe, folder: Path, events: Events, *, spent: dict[str, float], charged: float) -> dict[str, Any]:
    """Measure the run in `folder` -> its card, kept in `folder`/report beside a page to look inside the model."""
    pretrained = folder / "pretrain" / "model"
    chat = folder / "chat" / "model" if recipe.chat.sources else None
    inputs = {path.parent.name: folders.digest(path / "model.safetensors") for path in (pretrained, chat) if path}
    manifest = {"stage": "report", "code": CODE, "settings": recipe.report.model_dump(mode="json"), "inputs": inputs}
    output = folder / "report"
    if folders.up_to_date(output, manifest):
        found = folders.read_json(
            output / "card.json",
            f"delete {output} and run the same command again",
            f"请删除 {output}，再运行同一命令",
        )
        events.say(card.to_text(found, "zh" if events.chinese else "en"))
        return found
    loaded = load_model(pretrained)
    train_texts, heldout_texts = texts_of(folder, extent_of(recipe))
    richness = _world(recipe)
    train, heldout = (text_bytes(folder / "corpus", part) for part in ("documents", "heldout"))
    with events.progress_in_time("report", expected_seconds(recipe, train, heldout)) as passed:
        found = {
            "name": recipe.name,
            "date": datetime.date.today().isoformat(),
            "machine": f"{_processor()}, torch {torch.__version__}",
            "model": _about(loaded),
            **measured(loaded, folder, recipe.pretrain.length, train_texts, heldout_texts, passed),
        }
        found |= _samples(loaded, recipe.report, train_texts, heldout_texts)
        passed()
        if richness:
            found["stories"] = _stories(loaded, recipe.report, richness, folder, passed)
            if chat:
                found["questions"] = _questions(load_model(chat), recipe.report, richness)
                passed()
    with folders.writing(output, manifest) as temporary:
        inspect(loaded, _excerpt(heldout_texts or train_texts), temporary / "inspect.html", name=recipe.name)
        found["spent"] = {stage: round(seconds, 1) for stage, seconds in spent.items()}
        found["spent"]["report"] = round(found["spent"].get("report", 0) + time.monotonic() - charged, 1)
        folders.write_json(temporary / "card.json", found)
        (temporary / "card.md").write_text(card.to_text(found, "en"), encoding="utf-8")
        (temporary / "card.zh.md").write_text(card.to_text(found, "zh"), encoding="utf-8")
    events.say("\n" + card.to_text(found, "zh" if events.chinese else "en"))
    return found


def _processor() -> str:
    """What the model computes on."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    information = Path("/proc/cpuinfo")
    lines = information.read_text(encoding="utf-8").splitlines() if information.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    name = named[0] if named else platform.processor() or platform.machine()
    return f"{name}, {torch.get_num_threads()} threads"


def _about(loaded: LoadedModel) -> dict[str, Any]:
    config = loaded.model.config
    return {
        "parameters": parameter_count(config),
        "family": loaded.family,
        "layers": config.layers,
        "dim": config.dim,
        "vocab_size": config.vocab_size,
        "steps": loaded.about["steps"],
        "tokens": loaded.about["tokens"],
        **loaded.about.get("speed", {}),
    }


def _samples(loaded: LoadedModel, settings: ReportSettings, train: list[str], heldout: list[str]) -> dict[str, Any]:
    """Texts from nothing where the corpus has many documents, else continuing the first words of unseen paragraphs."""
    tokenizer = tokenizer_of(loaded)
    starts = [""] * settings.samples
    if len(train) < 50 and heldout:
        paragraphs = [p.strip() for text in heldout for p in text.split("\n") if len(p.strip()) > 20]
        starts = [
            p[:12] for p in random.Random(settings.seed).sample(paragraphs, min(settings.samples, len(paragraphs)))
        ]
    sampling = Sampling(temperature=settings.temperature, max_new_tokens=settings.sample_tokens, seed=settings.seed)
    prompts = [[tokenizer.end_of_text, *tokenizer.encode(start)] for start in starts]
    added = written(loaded.model, tokenizer, prompts, sampling) if prompts else []
    texts = [start + text for start, text in zip(starts, added, strict=True)]
    source = "\n".join(train)
    copies = [memorisation.longest_copy(text, source) for text in added]
    return {
        "samples": texts,
        "temperature": settings.temperature,
        "longest_copy": max(copies, key=len, default=""),
    }


def _stories(
    loaded: LoadedModel, settings: ReportSettings, richness: str, folder: Path, passed: Callable[[], None]
) -> dict[str, Any]:
    tokenizer = tokenizer_of(loaded)
    room = min(STORY_TOKENS, loaded.model.config.max_length - 1)

    def draw(number: int) -> list[str]:
        sampling = Sampling(temperature=settings.temperature, max_new_tokens=room, seed=settings.seed + 1 + number)
        texts = written(loaded.model, tokenizer, [[tokenizer.end_of_text]] * DRAWN_AT_ONCE, sampling)
        passed()
        return texts

    drawn = world.draw_by_language(draw, settings.stories, ("en", "zh"))
    texts = set().union(*drawn.values())
    trained = {each.text for each in read_documents(folder / "corpus", "documents") if each.text in texts}
    return {
        language: world.story_scores(
            texts,
            partial(microworld.check, richness=richness, language=language),
            trained,
            lambda text, language=language: len(microworld.sentences(text, language)),
        )
        for language, texts in drawn.items()
    }


def _questions(loaded: LoadedModel, settings: ReportSettings, richness: str) -> dict[str, Any]:
    tokenizer = tokenizer_of(loaded)
    found = {}
    for language in ("en", "zh"):
        stream = microworld.examples("question", richness=richness, language=language, part="test")
        asked = [next(stream) for _ in range(settings.questions)]
        prompts = [
            render(tokenizer, [{"role": "user", "content": f"{q['story']}\n{q['question']}"}], add_reply=True).ids
            for q in asked
        ]
        fits = [place for place, ids in enumerate(prompts) if len(ids) < loaded.model.config.max_length]
        found_answers = written(loaded.model, tokenizer, [prompts[place] for place in fits], GREEDY) if fits else []
        answers = dict(zip(fits, found_answers, strict=True))  # a story too long for the model stays unanswered
        found[language] = world.answer_scores(asked, [answers.get(place, "") for place in range(len(asked))])
    return found


def _excerpt(texts: list[str]) -> str:
    """A beginning short enough to look at."""
    return texts[0][:300] if texts else ""


def _world(recipe: Recipe) -> str | None:
    """The richness of the embedded world, where the run's text is one's alone."""
    specs = recipe.corpus.sources
    return world_of(specs[0])[0] if len(specs) == 1 and is_world(specs[0]) else None
