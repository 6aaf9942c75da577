"""What is looked for of evaluation files: all that a record says, however it is nested; what is not read is counted."""

import json
from pathlib import Path

import pytest

from zaohua.corpus.evaluations import evaluation_items, unread
from zaohua.corpus.settings import CorpusSettings
from zaohua.settings import UserError, check

ARTICLE = "The old captain sailed from the harbour at night. " * 3
QUESTION, OPTIONS = "Where did the captain sail from?", ["From the harbour", "From the moon", "从山上"]
PARTS = ["the old captain sailed", "where did the captain sail from", "from the moon", "从山上"]


def settings(tmp_path: Path, name: str, content: str) -> CorpusSettings:
    (tmp_path / name).write_text(content, encoding="utf-8")
    return check(CorpusSettings, {"evaluations": [str(tmp_path / name)]})


@pytest.mark.parametrize(
    "record",
    [
        {"article": ARTICLE, "question": QUESTION, "options": OPTIONS, "answer": "A", "number": 3},
        {"passage": ARTICLE, "questions": [{"question": QUESTION, "choices": dict(zip("ABC", OPTIONS, strict=True))}]},
        {"story_so_far": ARTICLE, "question": QUESTION, "options": OPTIONS},
        {
            "data": [
                {"paragraphs": [{"context": ARTICLE, "qas": [{"question": QUESTION, "answers": [{"text": OPTIONS}]}]}]}
            ]
        },
        [ARTICLE, [QUESTION, OPTIONS]],
    ],
    ids=["RACE", "C3", "no usual field", "SQuAD", "list"],
)
@pytest.mark.parametrize("name", ["exam.jsonl", "exam.json"])
def test_all_strings_of_a_record_are_looked_for_in_one_row(tmp_path, name, record):
    given = json.dumps(record if name == "exam.jsonl" else [record])
    keys = [item.key for item in evaluation_items(settings(tmp_path, name, given))]
    longest = max(keys, key=len)
    places = [longest.find(part) for part in PARTS]
    assert -1 not in places
    assert places == sorted(places)
    assert unread(settings(tmp_path, name, given)) == []


def test_a_text_is_looked_for_alone_too_so_that_a_name_beside_it_hides_no_short_one(tmp_path):
    given = json.dumps({"text": "日照香炉生紫烟遥看瀑布挂前川", "title": "望庐山瀑布"})
    assert [item.key for item in evaluation_items(settings(tmp_path, "poems.jsonl", given))] == [
        "日照香炉生紫烟遥看瀑布挂前川",
        "日照香炉生紫烟遥看瀑布挂前川望庐山瀑布",
    ]


def test_what_cannot_be_looked_for_is_told_of(tmp_path):
    deep = "[" * 400 + "]" * 400
    lines = ['{"text": "a question long enough"}', '{"text": "half', '{"number": 5}', deep, "[" * 9000]
    given = settings(tmp_path, "exam.jsonl", "\n".join(lines))
    assert len(evaluation_items(given)) == 1
    assert [(place, reason.partition(" (")[0]) for place, reason in unread(given)] == [
        ("exam.jsonl:2", "not JSON"),
        ("exam.jsonl:3", "no text in the record"),
        ("exam.jsonl:4", "no text in the record"),
        ("exam.jsonl:5", "not JSON"),
    ]
    with pytest.raises(UserError, match="holds no text to look for"):
        evaluation_items(settings(tmp_path, "exam.jsonl", lines[1]))
