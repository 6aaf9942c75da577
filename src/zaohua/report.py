"""The report stage: a finished run measured beside its baselines, its samples, its card and a page to look inside."""

import datetime
import json
import platform
import random
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from zaohua import folders, microworld
from zaohua.checkpoint.model_folder import LoadedModel, load_model, tokenizer_of
from zaohua.corpus.documents import read_documents
from zaohua.data.packing import Rows
from zaohua.data.shards import Part, TokenStore
from zaohua.evaluation import baselines, card, memorisation, world
from zaohua.evaluation.perplexity import bits_per_byte, summed_loss, text_bits
from zaohua.events import Events
from zaohua.generation.decode import generate
from zaohua.generation.settings import Sampling
from zaohua.generation.text import ends_of, never_written
from zaohua.inspection.html import inspect
from zaohua.model.presets import PRESETS
from zaohua.model.size import parameter_count
from zaohua.model.transformer import Transformer
from zaohua.objectives.causal import Causal
from zaohua.recipe import Recipe, ReportSettings
from zaohua.settings import UserError
from zaohua.sources import world_of
from zaohua.tokenizer.chat import render
from zaohua.tokenizer.tokenizer import Tokenizer

STORY_TOKENS = 500
"""Room for one story of an embedded world; a longer one counts as broken off."""
DRAWN_AT_ONCE = 100
LOOKED_BACK = 100_000_000
"""Bytes of training text at most that the baselines read and copies are looked for in, so that a report ends."""
PREDICTED = 20_000_000
"""Bytes of held-out text at most that the model is measured on."""
CODE = 2
"""Raised by hand when the same models would get another card."""
GREEDY = Sampling(temperature=0.0, max_new_tokens=24)


def expected_seconds(recipe: Recipe, text: int, heldout: int) -> float:
    """About how long a run's report takes: compressing grows with all bytes, predicting with those held out.

    Measured on two cores with models of some three million parameters (LOG, 2026-11-21).
    """
    config = PRESETS[recipe.model.preset] if recipe.model.preset else recipe.model
    size = max(1.0, (12 * config.layers * config.dim**2 + 6000 * config.dim) / 3.5e6)
    drawn = 0.1 * recipe.report.stories + 0.05 * recipe.report.questions * bool(recipe.chat.sources)
    read = 2.2e-6 * min(text, LOOKED_BACK) + 15e-6 * size * min(heldout, PREDICTED)
    return 12 + read + recipe.report.samples + (drawn if _world(recipe) else 0)


def run(recipe: Recipe, folder: Path, events: Events, *, spent: dict[str, float], charged: float) -> dict[str, Any]:
    """Measure the run in `folder` -> its card, kept in `folder`/report beside a page to look inside the model."""
    pretrained = folder / "pretrain" / "model"
    chat = folder / "chat" / "model" if recipe.chat.sources else None
    inputs = {path.parent.name: folders.digest(path / "model.safetensors") for path in (pretrained, chat) if path}
    manifest = {"stage": "report", "code": CODE, "settings": recipe.report.model_dump(mode="json"), "inputs": inputs}
    output = folder / "report"
    if folders.up_to_date(output, manifest):
        found = json.loads((output / "card.json").read_text(encoding="utf-8"))
        events.say(card.to_text(found, "zh" if events.chinese else "en"))
        return found
    loaded = load_model(pretrained)
    assert loaded.tokenizer is not None
    store = TokenStore.open(folder / "tokens", loaded.tokenizer)
    train_texts = list(_first(folder, LOOKED_BACK))
    heldout_texts = [document.text for document in read_documents(folder / "corpus", "heldout")]
    richness = _world(recipe)
    heldout = store.part("heldout")
    text = sum(part.bytes for part in store.parts.values())
    with events.progress("report", expected_seconds(recipe, text, heldout.bytes), "s") as bar:
        began = time.monotonic()

        def passed() -> None:
            nonlocal began
            bar.advance(time.monotonic() - began)
            began = time.monotonic()

        found = {
            "name": recipe.name,
            "date": datetime.date.today().isoformat(),
            "machine": f"{_processor()}, torch {torch.__version__}",
            "model": _about(loaded, pretrained),
            "heldout": _heldout(loaded, heldout, recipe.pretrain.length, folder),
            "looked_back": LOOKED_BACK if store.part("train").bytes > LOOKED_BACK else None,
        }
        passed()
        found["baselines"] = _baselines(train_texts, heldout_texts, store, loaded.tokenizer)
        passed()
        found |= _samples(loaded, recipe.report, train_texts, heldout_texts)
        passed()
        if richness:
            found["stories"] = _stories(loaded, recipe.report, richness, folder, passed)
            if chat:
                found["questions"] = _questions(load_model(chat), recipe.report, richness)
                passed()
    with folders.writing(output, manifest) as temporary:
        inspect(loaded, _excerpt(heldout_texts or train_texts), temporary / "inspect.html", name=recipe.name)
        found["spent"] = {**{k: round(v, 1) for k, v in spent.items()}}
        found["spent"]["report"] = round(found["spent"].get("report", 0) + time.monotonic() - charged, 1)
        (temporary / "card.json").write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        (temporary / "card.md").write_text(card.to_text(found, "en"), encoding="utf-8")
        (temporary / "card.zh.md").write_text(card.to_text(found, "zh"), encoding="utf-8")
    events.say("\n" + card.to_text(found, "zh" if events.chinese else "en"))
    return found


def evaluate(model: Path, text: Path, seen: Path | None, events: Events) -> None:
    """Print the model's bits per byte on a text file beside the compressors', which may have seen another."""
    loaded = load_model(model)
    tokenizer = tokenizer_of(loaded)
    content, before = read_text(text), read_text(seen) if seen else ""
    if not content.strip():
        raise UserError(f"{text} is empty: give a text to predict")
    events.say(f"{model}: {text_bits(loaded.model, tokenizer, content):.3f} bits/byte on {text}")
    for name, bits in baselines.bits_by_compressor(before.encode(), content.encode()).items():
        after = f" · after seeing {seen} {bits['seen']:.3f}" if seen else ""
        events.say(f"{name}: alone {bits['alone']:.3f}{after}")
    if seen:
        mark = tokenizer.end_of_text
        first, second = (np.array([mark, *tokenizer.encode(each), mark]) for each in (before, content))
        bits = baselines.ngram_bits(first, second, tokenizer.vocab_size, len(content.encode()))
        events.say(f"n-gram model of {seen}, order 5: {bits:.3f}")


def evaluate_run(model: Path, folder: Path, events: Events) -> None:
    """Print the same of a run's model on the text that its run held out."""
    if not (folder / "tokens" / folders.MANIFEST).is_file():
        raise UserError(f"{folder} is no folder of a run, so it holds no text to measure on: give a text file")
    loaded = load_model(model)
    tokenizer = tokenizer_of(loaded)
    store = TokenStore.open(folder / "tokens", tokenizer)
    heldout = _heldout(loaded, store.part("heldout"), loaded.model.config.max_length, folder)
    events.say(f"{model}: {heldout['bits_per_byte']:.3f} bits/byte on {heldout['bytes']:,} bytes held out")
    texts = [document.text for document in read_documents(folder / "corpus", "heldout")]
    for name, bits in _baselines(list(_first(folder, LOOKED_BACK)), texts, store, tokenizer).items():
        alone = f"alone {bits['alone']:.3f} · " if "alone" in bits else ""
        events.say(f"{name}: {alone}after seeing the training text {bits['seen']:.3f}")


def read_text(path: Path) -> str:
    """A UTF-8 file's text; raises UserError where it is none."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): give a text file") from None
    except UnicodeDecodeError:
        raise UserError(
            f"{path} is not UTF-8: run it through `zaohua corpus` first, which recognises encodings"
        ) from None


def one_line(model: Transformer, tokenizer: Tokenizer, prompt: Sequence[int]) -> str:
    """A short sample while training."""
    return _write(model, tokenizer, [list(prompt)], Sampling(temperature=0.8, max_new_tokens=48, seed=0))[0]


def _write(model: Transformer, tokenizer: Tokenizer, prompts: Sequence[list[int]], sampling: Sampling) -> list[str]:
    """What the model writes after each prompt, as text."""
    ends = ends_of(tokenizer)
    never = never_written(tokenizer, model.config.vocab_size, ends)
    written = generate(model, list(prompts), sampling, end_ids=ends, forbidden=never)
    return [tokenizer.decode(ids) for ids in written]


def _processor() -> str:
    """What the model computes on."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"{platform.machine()}, {torch.get_num_threads()} threads"


def _about(loaded: LoadedModel, folder: Path) -> dict[str, Any]:
    config, about = loaded.model.config, json.loads((folder / "zaohua.json").read_text(encoding="utf-8"))
    family = json.loads((folder / "config.json").read_text(encoding="utf-8"))["model_type"]
    return {
        "parameters": parameter_count(config),
        "family": family,
        "layers": config.layers,
        "dim": config.dim,
        "vocab_size": config.vocab_size,
        "steps": about["steps"],
        "tokens": about["tokens"],
    }


def _heldout(loaded: LoadedModel, part: Part, length: int, folder: Path) -> dict[str, Any]:
    """In rows as long as those that it was trained on."""
    rows = Rows(part, length)
    limit = -(-len(rows) * PREDICTED // part.bytes) if part.bytes > PREDICTED else None
    nats, targets = summed_loss(Causal(loaded.model), rows, limit=limit)
    measured = round(part.bytes * targets / rows.targets)
    manifest = folders.manifest_of(folder / "corpus") or {}
    return {
        "bits_per_byte": round(bits_per_byte(nats, measured), 4),
        "bytes": measured,
        "split": manifest.get("split", ""),
    }


def _baselines(train: list[str], heldout: list[str], store: TokenStore, tokenizer: Tokenizer) -> dict[str, Any]:
    before, after = "\n".join(train).encode(), "\n".join(heldout).encode()
    found: dict[str, Any] = {
        name: {key: round(value, 4) for key, value in bits.items()}
        for name, bits in baselines.bits_by_compressor(before, after).items()
    }
    tokens = [store.part(name).tokens for name in ("train", "heldout")]
    limit = round(len(tokens[0]) * min(1.0, LOOKED_BACK / max(store.part("train").bytes, 1)))
    bits = baselines.ngram_bits(
        tokens[0][0:limit], tokens[1][0 : len(tokens[1])], tokenizer.vocab_size, store.part("heldout").bytes
    )
    return found | {"ngram": {"seen": round(bits, 4)}}


def _samples(loaded: LoadedModel, settings: ReportSettings, train: list[str], heldout: list[str]) -> dict[str, Any]:
    """Texts from nothing where the corpus has many documents, else continuing the first words of unseen paragraphs."""
    tokenizer = loaded.tokenizer
    assert tokenizer is not None
    starts = [""] * settings.samples
    if len(train) < 50 and heldout:
        paragraphs = [p.strip() for text in heldout for p in text.split("\n") if len(p.strip()) > 20]
        starts = [
            p[:12] for p in random.Random(settings.seed).sample(paragraphs, min(settings.samples, len(paragraphs)))
        ]
    sampling = Sampling(temperature=settings.temperature, max_new_tokens=settings.sample_tokens, seed=settings.seed)
    prompts = [[tokenizer.end_of_text, *tokenizer.encode(start)] for start in starts]
    written = _write(loaded.model, tokenizer, prompts, sampling) if prompts else []
    texts = [start + text for start, text in zip(starts, written, strict=True)]
    source = "\n".join(train)
    copies = [memorisation.longest_copy(text, source) for text in written]
    return {
        "samples": texts,
        "temperature": settings.temperature,
        "longest_copy": max(copies, key=len, default=""),
    }


def _stories(
    loaded: LoadedModel, settings: ReportSettings, richness: str, folder: Path, passed: Callable[[], None]
) -> dict[str, Any]:
    tokenizer = loaded.tokenizer
    assert tokenizer is not None
    room = min(STORY_TOKENS, loaded.model.config.max_length - 1)

    def draw(number: int) -> list[str]:
        sampling = Sampling(temperature=settings.temperature, max_new_tokens=room, seed=settings.seed + 1 + number)
        written = _write(loaded.model, tokenizer, [[tokenizer.end_of_text]] * DRAWN_AT_ONCE, sampling)
        passed()
        return written

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
    tokenizer = loaded.tokenizer
    assert tokenizer is not None
    found = {}
    for language in ("en", "zh"):
        stream = microworld.examples("question", richness=richness, language=language, part="test")
        asked = [next(stream) for _ in range(settings.questions)]
        prompts = [
            render(tokenizer, [{"role": "user", "content": f"{q['story']}\n{q['question']}"}], add_reply=True).ids
            for q in asked
        ]
        fits = [place for place, ids in enumerate(prompts) if len(ids) < loaded.model.config.max_length]
        written = _write(loaded.model, tokenizer, [prompts[place] for place in fits], GREEDY) if fits else []
        answers = dict(zip(fits, written, strict=True))  # a story too long for the model stays unanswered
        found[language] = world.answer_scores(asked, [answers.get(place, "") for place in range(len(asked))])
    return found


def _first(folder: Path, limit: int) -> Iterator[str]:
    """The training texts in order, until they come to `limit` bytes."""
    for document in read_documents(folder / "corpus", "documents"):
        yield document.text
        limit -= len(document.text.encode())
        if limit <= 0:
            return


def _excerpt(texts: list[str]) -> str:
    """A beginning short enough to look at."""
    return texts[0][:300] if texts else ""


def _world(recipe: Recipe) -> str | None:
    """The richness of the embedded world, where the run's text is one's alone."""
    specs = recipe.corpus.sources
    return world_of(specs[0])[0] if len(specs) == 1 and specs[0].startswith("microworld:") else None
