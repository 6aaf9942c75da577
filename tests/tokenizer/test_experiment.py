"""The experiment of recipes/tokenizer: its arms, the rule that its table gives, going on where it stopped."""

import json
import math
import shutil
import sys
from pathlib import Path

import pytest
from real import real

sys.path.insert(0, str(Path(__file__).parents[2] / "recipes" / "tokenizer"))

import arms
import experiment
import findings
import pace

MB = {"zh": 20, "en": 40}


def arm(text: str, share: float, ids: int, bits: float) -> dict:
    numbers = dict.fromkeys(findings.COLUMNS, 1.0) | {"ids": ids, "bits_per_byte": bits, "learning": None}
    return {
        "text": text,
        "share": share,
        "vocabulary": f"bpe run {ids}",
        "seed": 0,
        "corpus_bytes": share * MB[text] * 1e6,
        **numbers,
    }


def made_by(ids_at_ten_megabytes: float, exponent: float, width: float = 0.01) -> list[dict]:
    found = []
    for text, height in (("zh", 1.0), ("en", 0.7)):
        for share in (1.0, 0.1, 0.01):
            best = ids_at_ten_megabytes * (share * MB[text] / 10) ** exponent
            for ids in experiment.SIZES[share]:
                found.append(arm(text, share, ids, math.exp(height + share + width * math.log2(ids / best) ** 2)))
    return found


@pytest.mark.parametrize("rule", [(5000, 0.4), (8192, 1 / 3), (20_000, 0.0)])
def test_the_fit_finds_the_rule_that_the_arms_follow(rule):
    assert findings.fitted(made_by(*rule)) == pytest.approx(rule, rel=1e-6, abs=1e-6)


def test_nothing_is_fitted_where_the_arms_do_not_tell():
    assert findings.fitted([each for each in made_by(5000, 0.4) if each["share"] == 1]) is None
    assert findings.fitted([each for each in made_by(5000, 0.4) if each["ids"] == 8192]) is None
    assert findings.fitted(made_by(5000, 0.4, width=-0.01)) is None
    assert findings.fitted([]) is None


def test_every_arm_comes_once_and_what_decides_the_default_comes_first():
    chosen = experiment.arguments([])
    found = list(arms.arms(chosen))
    keys = [each.key for each in found]
    assert len(set(keys)) == len(keys)
    assert keys[:3] == [f"{text} 1 | bpe run 8192 | seed 0" for text in ("zh", "en", "mixed")]
    sizes = {(each.text, each.share, each.vocabulary.name) for each in found}
    for text in arms.TEXTS:
        for share in chosen.shares:
            assert {(text, share, f"bpe run {size}") for size in arms.SIZES[share]} <= sizes
    for rule in arms.RULES:
        assert {text for text, _, name in sizes if name.startswith(f"bpe {rule} ")} == {"zh", "mixed"}
    assert {name for text, _, name in sizes if text == "en"} >= {"minimind 6400", "SentencePiece unigram 8192"}


def test_the_page_tells_what_there_is_and_what_is_missing():
    found = {str(n): each for n, each in enumerate(made_by(5000, 0.4))}
    found["zh 1 | other"] = {"text": "zh", "share": 1.0, "vocabulary": "other", "seed": 0, "missing": "no such file"}
    asked = {"minutes": 2.0, "dim": 192, "layers": 4, "length": 256, "precision": "fp32"}
    machine, measured = {"begun": "today", "cores": 2, "cuda": False, "torch": "2"}, {"fixed": 0.2, "an_id": 24e-6}
    content = {"asked": asked, "machine": machine, "pace": measured, "arms": found}
    lines = findings.page(content)
    assert any("200 ms and 24.0 ms more for each thousand ids" in line for line in lines)
    assert [line for line in lines if line.startswith("## ")] == [
        "## zh, 20.0 MB", "## en, 40.0 MB", "## How many ids for how much text", "## Not measured"
    ]  # fmt: skip
    first = lines[lines.index("## zh, 20.0 MB") + 4]
    assert first.startswith("| bpe run 8192 | 8,192 | ")  # the nearest to 5,000 * 2 ** 0.4
    assert first.count("|") == len(findings.COLUMNS) + 3
    assert "- zh 1 · other: no such file" in lines
    assert any(line.startswith("Fitted: 5,000 ids at 10 MB, times (bytes / 10 MB) ^ 0.40.") for line in lines)
    few = findings.page({**content, "arms": {"0": found["0"]}})
    assert any(line.startswith("Fitted: none") for line in few)


def test_minutes_are_steps_at_the_pace_of_the_vocabulary_s_size():
    chosen = experiment.arguments(["--smoke"])
    found = pace.measured(chosen)
    assert pace.seconds(found, 50_000) > pace.seconds(found, 512) > 0
    assert pace.seconds({"fixed": 0.2, "an_id": 1e-5}, 10_000) == pytest.approx(0.3)


@pytest.mark.slow
def test_it_goes_on_where_it_stopped(tmp_path, monkeypatch):
    place = tmp_path / "corpus/zh/web"
    place.mkdir(parents=True)
    shutil.copy(real("corpus/zh/web/clue_sampled.txt"), place / "clue.txt")
    monkeypatch.setattr(arms, "DATA", tmp_path)
    monkeypatch.setattr(experiment, "DATA", tmp_path)
    folder, common = tmp_path / "runs", ["--smoke", "--texts", "zh", "--folder", str(tmp_path / "runs")]
    experiment.main([*common, "--arms", "2"])
    before = json.loads((folder / "smoke.json").read_text())["arms"]
    assert list(before) == ["zh 0.03 | bpe run 1024 | seed 0", "zh 0.03 | GPT-2's rule 1024 | seed 0"]
    assert all(1 < each["bits_per_byte"] < 10 for each in before.values())
    experiment.main([*common, "--arms", "2"])
    after = json.loads((folder / "smoke.json").read_text())["arms"]
    assert {key: after[key] for key in before} == before
    assert "no file or folder" in after["zh 0.03 | minimind 6400 | seed 0"]["missing"]
    assert len(after) == 4
    assert not (folder / "arm").exists()
    experiment.main([*common, "--table"])
    assert "| bpe run 1024 | 1,024 | " in (folder / "result.md").read_text()
    with pytest.raises(SystemExit, match="name another --output"):
        experiment.main([*common, "--arms", "0", "--precision", "bf16"])


@pytest.mark.slow
def test_a_share_is_of_every_source_and_the_heldout_text_is_that_of_all_shares(tmp_path):
    from zaohua.corpus import stage
    from zaohua.corpus.documents import read_documents
    from zaohua.corpus.settings import CorpusSettings
    from zaohua.events import Events
    from zaohua.tokenizer.texts import text_bytes

    sources = tuple(str(real(name)) for name in ("corpus/zh/web", "corpus/zh/classics/三国演义.txt"))
    corpus = stage.run(CorpusSettings(sources=sources), tmp_path / "corpus", Events(console=False))
    tenth, half = (experiment.part_of(corpus, share, tmp_path / str(share)) for share in (0.1, 0.5))
    assert [each.text for each in read_documents(tenth, "heldout")] == [
        each.text for each in read_documents(half, "heldout")
    ]
    for part, share in ((tenth, 0.1), (half, 0.5)):
        assert text_bytes(part, "documents") == pytest.approx(share * text_bytes(corpus, "documents"), rel=0.05)
        assert {each.source for each in read_documents(part, "documents")} == set(sources)
