"""Records of JSON: one a line, or in a list of any length; the text field is told or found."""

import gzip
import json
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zaohua.corpus.formats import records
from zaohua.corpus.formats.items import Noted, Unreadable
from zaohua.corpus.formats.settings import ReadingSettings
from zaohua.corpus.reading import read
from zaohua.corpus.sources import inventory

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(JSON, max_size=8), st.integers(1, 9), st.sampled_from([None, 1]))
def test_values_come_one_by_one_however_the_text_is_cut(values, step, indent):
    for text in (json.dumps(values, indent=indent), "\n".join(map(json.dumps, values))):
        if text.startswith("[") and text != json.dumps(values, indent=indent):
            continue  # values one behind the other whose first is a list cannot be told from a list
        blocks = iter([text[at : at + step] for at in range(0, len(text), step)])
        found = list(records._values(blocks, 1000))
        assert found == ([*enumerate(values, 1)] if text else [Unreadable("not JSON (the file is empty)")])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.text('ab字\\"\n', min_size=1, max_size=9), min_size=1, max_size=9),
    st.sampled_from(["utf-8", "gb18030", "utf-16"]),
)
def test_a_list_and_lines_give_the_same_texts(items_of, lines, encoding):
    content = [{"text": f"多少字才认得出这是什么编码 {line}", "n": 1} for line in lines]  # three hanzi are not enough
    of_list = items_of("a.json", json.dumps(content, ensure_ascii=False).encode(encoding))
    of_lines = items_of("a.jsonl", "\n".join(json.dumps(each, ensure_ascii=False) for each in content).encode(encoding))
    assert [(item.text, item.line, item.fields) for item in of_list] == [
        (item.text, item.line, item.fields) for item in of_lines
    ]


def test_what_was_read_before_a_mistake_is_kept(items_of):
    good, bad = items_of("a.json", '[{"text": "kept"}, {"text": oops}, {"text": "lost"}]' + " " * 50)
    assert good.text == "kept"
    assert "not JSON" in bad.reason
    good, bad = items_of("b.json", '[{"text": "kept"}, {"text": "cut o')
    assert (good.text, "not JSON" in bad.reason) == ("kept", True)
    good, bad = items_of("c.json", '[{"text": "kept"}')
    assert (good.text, bad.reason) == ("kept", "not JSON (the list has no end)")
    data = "".join(json.dumps({"text": f"line {n}"}) + "\n" for n in range(50)).encode()
    found = items_of("d.jsonl.gz", gzip.compress(data, 0)[:-20])
    assert [item.text for item in found[:-1]] == [f"line {n}" for n in range(len(found) - 1)]
    assert len(found) > 40
    assert "damaged or cut-off" in found[-1].reason


def test_a_value_over_the_limit_ends_the_file(items_of):
    good, bad = items_of("a.json", json.dumps([{"text": "kept"}, {"text": "x" * 9000}]), largest_document=2048)
    assert good.text == "kept"
    assert "a value of 9,012 characters" in bad.reason
    good, bad = items_of("a.json", json.dumps([{"text": "kept"}, {"text": "x" * 2**21}]), largest_document=2048)
    assert "a value of more than 2,048 characters" in bad.reason


def test_few_large_records_are_enough_to_tell_the_field(tmp_path):
    (tmp_path / "a.jsonl").write_text((json.dumps({"text": "x" * 2**20}) + "\n") * 40)
    (entry,) = inventory([str(tmp_path)])
    tracemalloc.start()
    assert sum(len(item.text) for item in read(entry, ReadingSettings(), Noted())) == 40 * 2**20
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30 * 2**20


def test_nesting_without_end_is_a_reason(items_of):
    assert "recursion" in items_of("a.json", "[" * 100_000)[0].reason
    assert "recursion" in items_of("a.jsonl", "[" * 100_000 + '\n{"text": "x"}')[0].reason


@pytest.mark.parametrize(
    ("record", "text"),
    [
        ({"text": "a"}, "a"),
        ({"title": "t", "content": "a"}, "a"),
        ({"正文": "a"}, "a"),
        ({"paragraphs": ["a", "b"]}, "a\nb"),
        ("a", "a"),
    ],
)
def test_usual_fields_are_known(texts_of, record, text):
    assert texts_of("a.jsonl", json.dumps(record)) == [text]


def test_a_field_is_named_when_it_is_unusual_and_addresses_are_kept(items_of):
    (item,) = items_of("a.jsonl", json.dumps({"answer": "a", "url": "https://example.org/"}), text_field="answer")
    assert (item.text, item.url, item.fields) == ("a", "https://example.org/", {"url": "https://example.org/"})
    (bad,) = items_of("b.jsonl", json.dumps({"answer": "a"}))
    assert "name it with text_field" in bad.reason
