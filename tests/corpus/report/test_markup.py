"""Markup escapes what is no markup, and numbers are those that were given."""

from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zaohua.corpus.report.markup import count, counted, share, size, tag


class Reader(HTMLParser):
    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.tags, self.text, self.attributes = [], "", {}
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes |= dict(attributes)

    def handle_data(self, data):
        self.text += data


@example("<b onclick=x>&amp;</p>", '"><i>')
@given(st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp"))), st.text())
def test_any_text_is_text(content, value):
    reader = Reader(tag("p", content, title=value))
    assert reader.tags == ["p"]
    assert reader.text == content
    assert set(reader.attributes) == {"title"}


@given(st.text())
def test_what_acts_on_the_text_around_it_is_shown_by_its_number(content):
    page = tag("p", content)
    assert not set(page) & set(
        "\0\x1b\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u2028\u2029\ufeff"
    )
    assert page.encode()


def test_lone_surrogates_can_be_written():
    assert tag("p", "a\ud800b") == "<p>a\\ud800b</p>"


def test_joiners_of_emoji_and_of_scripts_stay():
    assert tag("p", "👩\u200d💻 می\u200cخواهم") == "<p>👩\u200d💻 می\u200cخواهم</p>"


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 KB"), (1234, "1.23 KB"), (99_940, "99.9 KB"), (99_960, "100 KB"),
     (999_600, "1 MB"), (2.5e9, "2.5 GB"), (3e12, "3 TB"), (1e15, "1,000 TB")],
)  # fmt: skip
def test_sizes_read_well(number, shown):
    assert size(number) == shown


def test_shares_and_counts_read_well():
    assert [share(1, 3), share(1, 10_000), share(0, 5), share(0, 0)] == [
        "33.3\u00a0%",
        "<\u00a00.1\u00a0%",
        "0\u00a0%",
        "0\u00a0%",
    ]
    assert count(1_234_567) == "1,234,567"
    assert [counted(1, "texts"), counted(2000, "texts")] == ["1 text", "2,000 texts"]
