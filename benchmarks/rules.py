"""Quality rules beside datatrove's: the same decisions? how many documents a second on one core?

    ZAOHUA_DATATROVE=PYTHON python -P benchmarks/rules.py [--documents 400] [--repeats 5]

ZAOHUA_DATATROVE is the Python of an environment with `datatrove[processing] spacy jieba`; without it the comparison is
skipped, which is said. Texts come from ZAOHUA_DATA (default ../shared/data): web pages, encyclopedia, C4, novels in
pieces, news, documentation. Both sides get the same texts, one process each, turn by turn; times are CPU seconds.
Decisions are compared filter by filter, first with datatrove's own words given to our rules, then with ours.
The last table is what the default preset drops of every source.
"""

# pyright: reportMissingImports=false

import argparse
import gzip
import json
import os
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

FILTERS = ("repetition", "quality", "fineweb", "c4")
DATA = Path(os.environ.get("ZAOHUA_DATA", Path(__file__).parent.parent.parent / "shared" / "data"))


def chunks(text: str, size: int) -> Iterator[str]:
    """The text in pieces of some `size` characters, cut at line ends."""
    piece: list[str] = []
    for line in text.replace("\r\n", "\n").split("\n"):
        piece.append(line)
        if sum(map(len, piece)) >= size:
            yield "\n".join(piece)
            piece = []
    yield "\n".join(piece)


def records(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a .jsonl file, packed or not."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def pages(archive: Path, extract: Callable[[str], str | None]) -> Iterator[str]:
    """The text of every page in an archive of HTML."""
    with tarfile.open(archive) as file:
        for member in file:
            if member.isfile() and member.name.endswith((".html", ".htm")):
                opened = file.extractfile(member)
                assert opened is not None
                if text := extract(opened.read().decode("utf-8", "replace")):
                    yield text


def visible_text(page: str) -> str:
    """All text that a page shows, menus included: dirtier than what an extractor gives."""
    from resiliparse.extract.html2text import extract_plain_text

    return extract_plain_text(page)


def main_text(page: str) -> str | None:
    """The text that an extractor takes to be a page's own."""
    import trafilatura

    return trafilatura.extract(page)


def english(limit: int) -> dict[str, list[str]]:
    """English texts by source."""
    corpus, web = DATA / "corpus" / "en", DATA / "web"
    novels = [piece for path in sorted((corpus / "novels").glob("*.txt"))
              for piece in chunks(path.read_text(encoding="utf-8", errors="replace"), 4000)]  # fmt: skip
    return {
        "wiki": list(chunks((corpus / "web/wiki_demo.txt").read_text(encoding="utf-8"), 2500))[:limit],
        "wikitext": list(chunks((corpus / "wikitext2_valid.txt").read_text(encoding="utf-8"), 2500))[:limit],
        "c4": [record["text"] for record in records(corpus / "web/c4_demo.jsonl")][:limit],
        "novels": novels[:: max(len(novels) // limit, 1)][:limit],
        "plays": list(chunks((corpus / "plays/tinyshakespeare.txt").read_text(encoding="utf-8"), 2500))[:limit],
        "stories": list(chunks((corpus / "tinystories_sample.txt").read_text(encoding="utf-8"), 800))[:limit],
        "pages, all text": [*pages(web / "readability/readability.tar.gz", visible_text),
                            *pages(web / "trafilatura/trafilatura_cache.tar.gz", visible_text)][:limit],
        "pages, main text": [*pages(web / "readability/readability.tar.gz", main_text),
                             *pages(web / "trafilatura/trafilatura_cache.tar.gz", main_text)][:limit],
    }  # fmt: skip


def chinese(limit: int) -> dict[str, list[str]]:
    """Chinese texts by source."""
    corpus, web = DATA / "corpus" / "zh", DATA / "web"
    classics = [piece for path in sorted((corpus / "classics").glob("*.txt"))
                for piece in chunks(path.read_text(encoding="utf-8", errors="replace"), 1500)]  # fmt: skip
    mixed = (corpus / "web/clue_sampled.txt").read_text(encoding="utf-8").split("\n")
    return {
        "news and comments": mixed[:: max(len(mixed) // limit, 1)][:limit],
        "classics": classics[:: max(len(classics) // limit, 1)][:limit],
        "oi_wiki": [record["text"] for record in records(corpus / "tech/oi_wiki.jsonl.gz")][:limit],
        "d2l": [record["text"] for record in records(corpus / "tech/d2l_zh.jsonl.gz")][:limit],
        "react": [record["text"] for record in records(corpus / "tech/react_zh.jsonl.gz")][:limit],
        "news pages, all text": list(pages(web / "gne_zh_news/gne_html.tar.gz", visible_text))[:limit],
        "news pages, main text": list(pages(web / "gne_zh_news/gne_html.tar.gz", main_text))[:limit],
    }


def short(limit: int) -> dict[str, list[str]]:
    """Texts of a line or a few, which only the default preset is for."""
    poems = [["\n".join(record["paragraphs"]) for record in records(DATA / "corpus/zh/poems" / name)]
             for name in ("tang.jsonl.gz", "yuanqu.jsonl.gz")]  # fmt: skip
    alpaca = json.loads(gzip.decompress((DATA / "chat/zh/alpaca_chinese.json.gz").read_bytes()))
    replies = [record.get("output", "") for record in alpaca]
    questions = [record["question"] for record in records(DATA / "qa/en/gsm8k_train.jsonl.gz")]
    pairs = (DATA / "translation/en-zh/tatoeba_cmn.txt").read_text(encoding="utf-8").split("\n")
    lines = [line for pair in pairs for line in pair.split("\t")[:2]]
    named = {"Tang poems": poems[0], "Yuan songs": poems[1], "zh replies": replies, "en questions": questions,
             "en and zh sentences": lines}  # fmt: skip
    return {name: [text for text in texts if text.strip()] for name, texts in named.items()}


# ---- datatrove's side, run by its own Python -------------------------------------------------------------------------


def their_filters(language: str) -> dict[str, Any]:
    """datatrove's filters, as its FineWeb and FineWeb-2 scripts set them."""
    from datatrove.pipeline.filters import (
        C4QualityFilter,
        FineWebQualityFilter,
        GopherQualityFilter,
        GopherRepetitionFilter,
    )

    if language == "eng":
        return {"repetition": GopherRepetitionFilter(), "quality": GopherQualityFilter(),
                "c4": C4QualityFilter(filter_no_terminal_punct=False), "fineweb": FineWebQualityFilter()}  # fmt: skip
    stop_words = list("的年在月是和日了於·為有被人中为他與後也而由")
    return {
        "repetition": GopherRepetitionFilter(
            language=language, dup_para_frac=0, dup_line_char_frac=0, dup_para_char_frac=0, dup_line_frac=0.287,
            top_n_grams=((2, 0.256), (3, 0.201), (4, 0.171)),
            dup_n_grams=((5, 0.198), (6, 0.182), (7, 0.167), (8, 0.154), (9, 0.140), (10, 0.127)),
        ),
        "fineweb": FineWebQualityFilter(
            language=language, line_punct_thr=0.106, short_line_thr=999, char_duplicates_ratio=0.1, new_line_ratio=0.178
        ),
        "quality": GopherQualityFilter(
            language=language, min_avg_word_length=1, max_avg_word_length=5, max_non_alpha_words_ratio=0.735,
            stop_words=stop_words, min_stop_words=2,
        ),
    }  # fmt: skip


def their_decisions(language: str, texts: list[str]) -> list[dict[str, Any]]:
    """For each text its words, each filter's reason or "", and what C4 made of it."""
    from datatrove.data import Document
    from datatrove.utils.text import split_into_words

    filters, found = their_filters(language), []
    for text in texts:
        row: dict[str, Any] = {"words": split_into_words(text, language)}
        for name, each in filters.items():
            document = Document(text=text, id="")
            verdict = each.filter(document)
            row[name] = verdict[1] if isinstance(verdict, tuple) else ""
            if name == "c4":
                row["c4_text"] = document.text
        found.append(row)
    return found


def their_seconds(language: str, texts: list[str]) -> float:
    """CPU seconds of the chain, each text until a filter drops it."""
    from datatrove.data import Document

    filters = list(their_filters(language).values())

    def chain(text: str) -> None:
        document = Document(text=text, id="")
        for each in filters:
            if each.filter(document) is not True:
                return

    return seconds(chain, texts)


# ---- both sides ------------------------------------------------------------------------------------------------------


def seconds(work: Callable[[str], Any], texts: list[str]) -> float:
    """CPU seconds for all texts, after a few to load what is loaded late."""
    for text in texts[:20]:
        work(text + " ")
    start = time.process_time()
    for text in texts:
        work(text)
    return time.process_time() - start


def our_seconds(language: str, texts: list[str]) -> float:
    """CPU seconds of our preset, each text until a rule drops it."""
    from zaohua.corpus.presets import PRESETS
    from zaohua.corpus.rules import judge

    preset = PRESETS["fineweb" if language == "eng" else "fineweb2-zh"]
    return seconds(lambda text: judge(text, preset), texts)


def worker() -> None:
    """One process of either side: `rules.py --worker JOB LANGUAGE FILE` prints JSON."""
    _, _, job, language, file = sys.argv
    texts = json.loads(Path(file).read_text(encoding="utf-8"))
    work = {"decide": their_decisions, "their_time": their_seconds, "our_time": our_seconds}[job]
    print("RESULT " + json.dumps(work(language, texts)))


def ask(python: str, job: str, language: str, file: str) -> Any:
    """A worker's answer."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "RAYON_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    done = subprocess.run(
        [python, "-P", __file__, "--worker", job, language, file],
        env={**os.environ, **threads}, text=True, stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    return json.loads(next(line for line in done.stdout.splitlines() if line.startswith("RESULT "))[7:])


def our_presets(language: str) -> dict[str, dict[str, Any]]:
    """The limits of our preset, by the filter of datatrove that has them."""
    from zaohua.corpus.presets import PRESETS

    rules = PRESETS["fineweb" if language == "eng" else "fineweb2-zh"]["rules"]
    kinds = {
        "fineweb": ("punctuated_lines", "short_lines", "repeated_line_characters", "newlines_per_word"),
        "c4": ("c4_lines", "lorem_ipsum", "curly_brackets", "sentences"),
        "quality": ("words", "mean_word_length", "hashes_per_word", "ellipses_per_word", "bullet_lines",
                    "ellipsis_lines", "alphabetic_words", "english_stop_words", "chinese_stop_words"),
    }  # fmt: skip
    named = {name for names in kinds.values() for name in names} | {"language"}
    kinds["repetition"] = tuple(name for name in rules if name not in named)
    return {kind: {name: rules[name] for name in names if name in rules} for kind, names in kinds.items()}


def compare(language: str, texts: list[str], theirs: list[dict[str, Any]]) -> None:
    """Print the agreement of decisions, and the texts on which they differ."""
    from zaohua.corpus.rules import Kept, judge

    mode = "words" if language == "eng" else "rjieba"
    for kind in FILTERS:
        if kind not in theirs[0]:
            continue
        rules = our_presets(language)[kind]
        for label in ("same words", "our words"):
            differ: Counter[str] = Counter()
            edited = 0
            for text, row in zip(texts, theirs, strict=True):
                words = row["words"] if label == "same words" and kind != "c4" else mode
                verdict = judge(text, {"words": words, "languages": (), "rules": rules})  # type: ignore[typeddict-item]
                ours = "" if isinstance(verdict, Kept) else verdict.rule
                if bool(ours) != bool(row[kind]):
                    differ[f"{row[kind] or 'kept'} | {ours or 'kept'}"] += 1
                elif kind == "c4" and isinstance(verdict, Kept):
                    edited += verdict.text != row["c4_text"]
            same = 1 - differ.total() / len(texts)
            print(f"  {kind:11} {label:11} {same:8.2%} of {len(texts)}", dict(differ.most_common(6)) or "",
                  f"{edited} edited otherwise" if edited else "")  # fmt: skip


def dropped_by_default(sources: dict[str, list[str]]) -> None:
    """Print what the default preset drops of every source."""
    from zaohua.corpus.presets import PRESETS
    from zaohua.corpus.rules import Dropped, judge

    for name, texts in sources.items():
        start = time.process_time()
        verdicts = [judge(text, PRESETS["default"]) for text in texts]
        taken = time.process_time() - start
        reasons = Counter(verdict.rule for verdict in verdicts if isinstance(verdict, Dropped))
        size = sum(len(text.encode()) for text in texts) / 1e6
        print(f"  {name:24} {len(texts):6} documents, {reasons.total():5} dropped {dict(reasons) or '':} "
              f"({size / max(taken, 1e-9):.1f} MB/s)")  # fmt: skip


def main() -> None:
    """Compare, then time, then count what the default drops."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--documents", type=int, default=400, help="documents of each source")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    if not DATA.exists():
        sys.exit(f"SKIPPED: no texts at {DATA}; set ZAOHUA_DATA")
    peer = os.environ.get("ZAOHUA_DATATROVE", "")
    for language, sources in (("eng", english), ("cmn", chinese)):
        named = sources(arguments.documents)
        texts = [text for group in named.values() for text in group if text.strip()]
        print(f"{language}: {len(texts)} documents, {sum(len(t.encode()) for t in texts) / 1e6:.1f} MB")
        if not peer:
            print("  SKIPPED the comparison: set ZAOHUA_DATATROVE to the Python of an environment with datatrove")
        else:
            with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
                json.dump(texts, file)
                file.flush()
                compare(language, texts, ask(peer, "decide", language, file.name))
                ours, theirs = [], []
                for _ in range(arguments.repeats):
                    theirs.append(ask(peer, "their_time", language, file.name))
                    ours.append(ask(sys.executable, "our_time", language, file.name))
            rates = [len(texts) / statistics.median(taken) for taken in (ours, theirs)]
            ratios = sorted(their / our for our, their in zip(ours, theirs, strict=True))
            print(f"  zaohua {rates[0]:,.0f} documents/s, datatrove {rates[1]:,.0f}; times as fast: median "
                  f"{statistics.median(ratios):.1f}, from {ratios[0]:.1f} to {ratios[-1]:.1f}")  # fmt: skip
        dropped_by_default(named)
    dropped_by_default(short(arguments.documents))


if __name__ == "__main__":
    worker() if "--worker" in sys.argv else main()
