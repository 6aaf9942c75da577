"""Wrapped prose is joined again, in both languages; verse, lists, tables, code and dialogue keep their lines."""

import gzip
import json
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tokenizer.real import real

from zaohua.corpus.normalize import normalize
from zaohua.corpus.rejoin import columns, rejoin, wrapping
from zaohua.microworld import corpus


def prose(language: str, paragraphs: int = 12, seed: int = 0) -> list[str]:
    """Paragraphs of several stories each."""
    told = corpus(richness="full", languages=(language,), size=paragraphs * 4000, seed=seed)
    return [" ".join(next(told)[1] for _ in range(3)).replace("\n", " ") for _ in range(paragraphs)]


def wrapped(paragraph: str, width: int) -> str:
    """A paragraph as editors wrap it: at spaces, or after a hanzi unless a mark follows."""
    if paragraph.isascii():
        return "\n".join(textwrap.wrap(paragraph, width, break_long_words=False, break_on_hyphens=False))
    lines, line = [], ""
    for character in paragraph.replace(" ", ""):
        if len(line) >= width and character not in "，。！？；：”’」』":
            lines.append(line)
            line = ""
        line += character
    return "\n".join([*lines, line])


@pytest.mark.parametrize("width", [55, 72, 100])
def test_wrapped_english_is_joined_exactly(width):
    text = "\n\n".join(prose("en"))
    assert rejoin("\n\n".join(wrapped(paragraph, width) for paragraph in text.split("\n\n"))) == text


@pytest.mark.parametrize("width", [20, 34, 50])
@pytest.mark.parametrize(("between", "indent"), [("\n\n", ""), ("\n", "\u3000\u3000"), ("\n", "  ")])
def test_wrapped_chinese_is_joined_exactly(width, between, indent):
    text = [indent + paragraph.replace(" ", "") for paragraph in prose("zh")]
    lines = between.join(indent + wrapped(paragraph.strip(), width) for paragraph in text)
    assert rejoin(lines) == between.join(text)


def test_chinese_wrapped_by_characters_and_not_by_columns_is_joined():
    text = ["  " + paragraph.replace(" ", "").replace("的", "GPT") for paragraph in prose("zh")]
    lines = ["  " + line if not place else line for paragraph in text for place, line in
             enumerate(paragraph[2:][start : start + 36] for start in range(0, len(paragraph) - 2, 36))]  # fmt: skip
    found = wrapping(lines)
    assert found is not None
    assert found.measure is len


@given(width=st.integers(50, 110), seed=st.integers(0, 20))
@settings(max_examples=15)
def test_joining_twice_is_joining_once(width, seed):
    once = rejoin("\n\n".join(wrapped(paragraph, width) for paragraph in prose("en", 6, seed)))
    assert rejoin(once) == once


def test_hyphens_and_dashes_at_line_ends_take_no_space():
    lines = wrapped(" ".join(prose("en", 4)), 52).split("\n")
    lines[5:5] = [
        "and there was the old dog sleeping under the well--",
        "known tree, and the children had waited for a half-",
        "hour passed",
    ]
    joined = rejoin("\n".join(lines))
    assert "well--known tree" in joined
    assert "half-hour" in joined


def test_lists_tables_code_and_headings_inside_wrapped_prose_keep_their_lines():
    kept = [
        "CHAPTER I",
        "- an item that is rather long and goes on and on up to the width",
        "- a second item that is long too and also goes on to the width",
        "1. the first of the things that are numbered, long enough to be full",
        "2. the second of the things that are numbered",
        "| name of the thing | what it is made of     | what it weighs |",
        "| a cup             | clay                   | some ounces    |",
        "    for each in range(10): print(each)  # indented and long enough to be",
        "    return each",
        "    Roses are red,",
        "    violets are blue.",
    ]
    paragraphs = [wrapped(paragraph, 68) for paragraph in prose("en")]
    text = "\n\n".join([*paragraphs[:6], "\n".join(kept), *paragraphs[6:]])
    lines = rejoin(text).split("\n")
    assert [line for line in kept if line not in lines] == []
    assert len(lines) < text.count("\n") / 2


VERSE = "\n".join(
    f"Shall I compare thee to a summer's day {n},\nThou art more lovely and more temperate," for n in range(40)
)
CODE = "\n".join(
    f"def function_{n}(first, second):\n    value = first * {n * n} + second\n    return value\n" for n in range(40)
)
POEM = "\n".join("床前明月光，\n疑是地上霜。\n举头望明月，\n低头思故乡。" for _ in range(40))
LIST = "\n".join(f"第{n}项内容说明文字" for n in range(80))
DIALOGUE = "\n".join(f"“你说什么{'呢' * (n % 7)}？”\n“我说{'好' * (n % 11)}。”" for n in range(60))
RAGGED = "\n".join("notes of a meeting taken down in a hurry and without marks"[: 28 + 7 * n % 31] for n in range(80))
EQUAL = "\n".join("这一行有十二个字正好一样长" for _ in range(60))


@pytest.mark.parametrize(
    "text", [VERSE, CODE, POEM, LIST, DIALOGUE, EQUAL, RAGGED, "", "one line", "a\nb\n", "\n" * 100, "x" * 10_000]
)
def test_what_was_not_wrapped_stays(text):
    assert rejoin(text) == text


def test_columns_of_hanzi_are_two():
    assert [columns(text) for text in ("abc", "中文", "中a，“", "“a”")] == [3, 4, 7, 3]


@pytest.mark.slow
def test_real_novels_are_joined_and_plays_poems_and_tech_texts_are_not():
    novels = sorted(real("corpus/en/novels").glob("*.txt"))
    texts = [normalize(path.read_text(encoding="utf-8")) for path in novels]
    assert sum(wrapping(text.split("\n")) is not None for text in texts) >= len(texts) - 1
    names = ("plays/tinyshakespeare.txt", "wikitext2_valid.txt", "tinystories_sample.txt")
    others = [normalize((real("corpus/en") / name).read_text(encoding="utf-8")) for name in names]
    for name in ("poems/tang.jsonl.gz", "tech/oi_wiki.jsonl.gz", "tech/d2l_zh.jsonl.gz", "tech/react_zh.jsonl.gz"):
        with gzip.open(real(f"corpus/zh/{name}"), "rt", encoding="utf-8") as file:
            rows = [json.loads(line) for line, _ in zip(file, range(500), strict=False)]
        others += [normalize(row.get("text") or "\n".join(row["paragraphs"])) for row in rows]
    changed = [text for text in others if rejoin(text) != text]
    assert len(changed) <= 0.005 * len(others)
