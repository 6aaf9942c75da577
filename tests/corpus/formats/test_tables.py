"""Tables: the columns are those of the first line; a row that does not fit them is set aside."""

import gzip
import os
import tracemalloc

import pyarrow
import pyarrow.parquet
import pytest

from zaohua.corpus.formats.items import Found, Noted, Unreadable
from zaohua.corpus.formats.settings import ReadingSettings
from zaohua.corpus.reading import read
from zaohua.corpus.sources import inventory


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("a.csv", 'id,text\n1,"one, ""two"""\n2,"three\nfour"\n'),
        ("a.csv", 'id;text\r\n1;one, "two"\r\n2;"three\nfour"\r\n'),
        ("a.csv", '\ufeffid\ttext\n1\t"one, ""two"""\n2\t"three\nfour"'),
    ],
)
def test_quotes_and_line_ends_in_fields(items_of, name, table):
    first, second = items_of(name, table)
    assert (first.text, first.line, first.fields) == ('one, "two"', 2, {"id": "1"})
    assert (second.text, second.line) == ("three\nfour", 3)


def test_tabs_separate_without_quotes(items_of):
    first, second, third = items_of("a.tsv", 'text\tlabel\n"open quote\t1\n"all ""quoted"""\t2\nplain\t3')
    assert [item.text for item in (first, second, third)] == ['"open quote', 'all "quoted"', "plain"]


def test_the_encoding_is_recognised_and_the_only_column_is_the_text(items_of):
    found = items_of(
        "a.csv.gz", gzip.compress("评论\n今天天气很好，我们去公园散步。\n这里的花开得真漂亮！".encode("gbk"))
    )
    assert [item.text for item in found] == ["今天天气很好，我们去公园散步。", "这里的花开得真漂亮！"]


def test_rows_that_do_not_fit_are_set_aside_with_their_line(items_of):
    table = 'id,text\n1,good\n2,too,many\n\n3\n4,"also\ngood"\n5,"never\nclosed'
    found = items_of("a.csv", table, largest_document=1024)
    assert [item.text for item in found if not isinstance(item, Unreadable)] == ["good", "also\ngood", "never\nclosed"]
    assert [(item.line, item.reason) for item in found if isinstance(item, Unreadable)] == [
        (3, "3 fields in a table of 2 columns"),
        (5, "1 fields in a table of 2 columns"),
    ]


def test_a_quote_that_never_closes_does_not_swallow_the_file(items_of):
    rows = "".join(f"{n},text {n}\n" for n in range(400))
    found = items_of("a.csv", f'id,text\n0,"open\n{rows}', largest_document=1024)
    assert "not a table (field larger than field limit" in found[0].reason
    assert found[0].line == 2
    assert len(found) > 200


def test_an_empty_table_gives_nothing(items_of):
    assert items_of("a.csv", "") == items_of("b.csv", "id,text\n") == []


def parquet(tmp_path, rows: int = 30, group: int = 7) -> bytes:
    table = pyarrow.table({"text": [f"row {n}" for n in range(rows)], "url": ["https://example.org/"] * rows})
    pyarrow.parquet.write_table(table, tmp_path / "made", row_group_size=group)
    return (tmp_path / "made").read_bytes()


def test_parquet_rows_are_numbered_through(items_of, tmp_path):
    found = items_of("a.parquet", parquet(tmp_path))
    assert [(item.text, item.line) for item in found] == [(f"row {n}", n + 1) for n in range(30)]
    assert found[0].url == "https://example.org/"


def test_truncated_and_damaged_parquet_is_set_aside(items_of, tmp_path):
    data = parquet(tmp_path)
    for broken in (data[:-9], data[:40], b"PAR1", b"", data[:20] + bytes(90) + data[110:]):
        found = items_of("a.parquet", broken)
        assert isinstance(found[-1], Unreadable), broken[:20]
        assert "Parquet" in found[-1].reason


def test_a_text_in_parquet_has_the_size_of_any_document(items_of, tmp_path):
    pyarrow.parquet.write_table(pyarrow.table({"text": ["kept", "x" * 5000]}), tmp_path / "made")
    good, bad = items_of("a.parquet", (tmp_path / "made").read_bytes(), largest_document=2048)
    assert good.text == "kept"
    assert (bad.reason, bad.line) == ("a value of 5,000 characters (largest_document)", 2)


def test_parquet_that_repeats_a_text_without_end_is_set_aside(items_of, tmp_path):
    pyarrow.parquet.write_table(pyarrow.table({"text": ["word " * 200] * 5000}), tmp_path / "made")
    data = (tmp_path / "made").read_bytes()
    *good, bad = items_of("a.parquet", data, largest_document=2048)
    assert bad.reason.startswith("unpacks to more than 250 times its size")
    assert len(good) == 250 * len(data) // 1000


def test_packed_parquet_is_not_read(items_of, tmp_path):
    assert "unpack it" in items_of("a.parquet.gz", gzip.compress(parquet(tmp_path)))[0].reason


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (pyarrow.array([1, None], pyarrow.timestamp("ns")), "1970-01-01 00:00:00.000000001"),
        (pyarrow.array([0, None], pyarrow.timestamp("us", "UTC")), "1970-01-01 00:00:00.000000Z"),
        (pyarrow.array([1, None], pyarrow.timestamp("us", "Nowhere/Land")), None),
        (pyarrow.array([2**60, None], pyarrow.timestamp("us")), "<value out of range: 1152921504606846976>"),
        (pyarrow.array([1, None], pyarrow.duration("ns")), "1"),
        (pyarrow.array([b"\xff", None]), None),
        (pyarrow.array([b"abc", None]), "abc"),
        (pyarrow.array([[1], None], pyarrow.list_(pyarrow.timestamp("ns"))), None),
        (pyarrow.array([True, None]), True),
    ],
)
def test_the_text_is_read_beside_any_other_column(items_of, tmp_path, column, said):
    pyarrow.parquet.write_table(pyarrow.table({"text": ["one", "two"], "other": column}), tmp_path / "made")
    first, second = items_of("a.parquet", (tmp_path / "made").read_bytes())
    assert (first.text, first.fields, second.text, second.fields) == ("one", {"other": said}, "two", {"other": None})


def test_text_as_bytes_is_text_and_a_broken_string_costs_its_row(items_of, tmp_path):
    pyarrow.parquet.write_table(pyarrow.table({"text": ["字".encode(), b"two"]}), tmp_path / "made")
    assert [item.text for item in items_of("a.parquet", (tmp_path / "made").read_bytes())] == ["字", "two"]
    offsets = pyarrow.array([0, 1, 4], pyarrow.int32()).buffers()[1]
    broken = pyarrow.StringArray.from_buffers(2, offsets, pyarrow.py_buffer(b"\xffabc"))
    pyarrow.parquet.write_table(pyarrow.table({"text": broken}), tmp_path / "made")
    bad, good = items_of("b.parquet", (tmp_path / "made").read_bytes())
    assert "no text in the record" in bad.reason
    assert "xff" in bad.text
    assert good.text == "abc"


def test_a_row_group_of_any_size_is_read_in_bounded_memory(items_of, tmp_path):
    text = os.urandom(2**10).hex()
    rows = (f"{n}{text[n % 999 :]}" for n in range(2**14))
    table = pyarrow.table({"text": pyarrow.array(rows)})
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet", compression="none", use_dictionary=False)
    assert pyarrow.parquet.ParquetFile(tmp_path / "a.parquet").num_row_groups == 1
    del table, rows
    tracemalloc.start()
    for item in read(inventory([str(tmp_path / "a.parquet")])[0], ReadingSettings(), Noted()):
        assert isinstance(item, Found)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12 * 2**20 < (tmp_path / "a.parquet").stat().st_size
