"""The report's page shows what the folder holds, loads nothing, runs no text, and stays small."""

import base64
import hashlib
import random
import re
from html.parser import HTMLParser

import pytest

from zaohua.corpus.report import page as page_module
from zaohua.corpus.report import write_report
from zaohua.corpus.report.survey import survey

from .conftest import document, dropped, report_of

HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(1)>{{style}}<!--\u2028\u202eevil'\"&amp;\x00</details>"
)
TAGS = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "header",
        "nav",
        "main",
        "section",
        "article",
        "figure",
        "script",
    ),
    *(
        "p",
        "span",
        "i",
        "b",
        "div",
        "h2",
        "h3",
        "small",
        "code",
        "bdi",
        "blockquote",
        "ul",
        "li",
        "a",
        "details",
        "summary",
    ),
    *("svg", "path", "rect", "g", "text", "tspan", "table", "thead", "tbody", "tr", "th", "td", "del", "ins", "mark"),
    *("input", "label", "button", "select", "option", "output"),
}


class Reader(HTMLParser):
    """The elements, attributes and text of a page."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.text, self.open = [], [], [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, *each) for each in attributes]
        if tag not in ("meta", "input"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, *each) for each in attributes]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_comment(self, data):
        raise AssertionError("a comment")

    def handle_data(self, data):
        self.text.append(data)


def written(folder, report, **settings):
    write_report(folder, report, **settings)
    return (folder / "report.html").read_text(encoding="utf-8")


def some(count=40):
    draw = random.Random(0)
    words = ["the", "cat", "sat", "on", "a", "mat", "小猫", "坐在", "垫子上", "了"]
    texts = [" ".join(draw.choices(words, k=draw.randrange(3, 200))) for _ in range(count)]
    sources = ["web", "books", "chat"]
    return {
        "documents": [
            document(
                f"d{n}", text, sources[n % 3], language="en" if n % 2 else "zh", script="Latn" if n % 2 else "Hans"
            )
            for n, text in enumerate(texts)
        ],
        "heldout": [document(f"h{n}", "held out <EMAIL> " + text, sources[n % 2]) for n, text in enumerate(texts[:5])],
        "removed": [
            *(dropped(f"r{n}", text * 2, "letters", "web", "low", n / 100, 0.25) for n, text in enumerate(texts[:24])),
            *(dropped(f"n{n}", texts[n] + " end", "near_duplicates", "books", kept=f"d{n}") for n in range(12)),
            *(dropped(f"e{n}", text, "duplicates", "web", kept=f"h{n}") for n, text in enumerate(texts[:3])),
        ],
    }


CLUSTERS = {"clusters": 15, "exact": 3, "near": 12, "sizes": {"2": 14, "7": 1}}


def test_every_number_of_a_rule_is_there(corpus):
    parts = some()
    page = written(corpus(parts), report_of(parts, clusters=CLUSTERS))
    block = re.search(r"<code>letters</code>.*?</summary>", page)
    assert block is not None
    size = sum(len(row["text"].encode()) for row in parts["removed"] if row["rule"] == "letters")
    assert "24 texts" in block[0]
    assert "24 篇" in block[0]
    assert f"{size / 1000:.3g} KB" in block[0]
    section = page[page.index('id="rules"') : page.index('id="shape"')]
    assert section.count("<article>") == 10
    assert "0.25" in section


def test_a_repeat_stands_beside_what_it_repeats_wherever_that_is_now(corpus):
    parts = {
        "documents": [document("kept", "one two three four five six")],
        "heldout": [document("held", "甲乙丙丁戊己庚辛")],
        "removed": [
            dropped("a", "one two 3 four five six", "near_duplicates", kept="kept"),
            dropped("b", "甲乙丙丁戊已庚辛", "near_duplicates", kept="held"),
            dropped("c", "a quiz answer, said again", "near_duplicates", kept="quiz"),
            dropped("quiz", "a quiz answer, said", "contaminated", reason="holds texts of quiz: a quiz"),
            dropped("d", "lost", "duplicates", kept="nowhere"),
        ],
    }
    page = written(corpus(parts), report_of(parts, clusters=CLUSTERS))
    assert "one two <del>3</del> four" in page
    assert "one two <ins>three</ins> four" in page
    assert "甲乙丙丁戊<del>已</del>庚辛" in page
    assert "甲乙丙丁戊<ins>己</ins>庚辛" in page
    assert "said<del> again</del>" in page
    assert page.count("The one that was kept fell to another rule later.") == 1


def test_of_two_documents_with_one_id_the_one_that_is_repeated_is_shown(corpus):
    parts = {
        "documents": [document("x", "something else altogether")],
        "heldout": [document("x", "the same words again", "books")],
        "removed": [dropped("y", "the same words agaim", "near_duplicates", kept="x")],
    }
    assert "the same words agai<ins>n</ins>" in written(corpus(parts), report_of(parts, clusters=CLUSTERS))


def test_text_from_outside_is_inert_wherever_it_comes_from(corpus):
    name = HOSTILE.replace("\x00", "")
    parts = {
        "documents": [document(name, HOSTILE * 30, name, language=name, script=name, url=name, cluster_size=3)],
        "heldout": [document("h", f"<EMAIL>{HOSTILE}", name)],
        "removed": [
            dropped(name, HOSTILE, "letters", name, name, 0.1, 0.2),
            dropped(name + "2", HOSTILE, name, name, name, 0.1, 0.2),
            dropped("n", HOSTILE + "x", "near_duplicates", name, kept=name),
            dropped("c", HOSTILE, "contaminated", name, name),
        ],
    }
    more = {
        "changed": {f"evaluation: {name}": 1, f"repaired: {name}": 2, f"masked: {name}": 1, "masked: EMAIL": 1},
        "evaluations": {"unchecked": [[name, name]], "common": [[11, name]], "unread": [[name, name]]},
        "clusters": CLUSTERS,
    }
    page = written(corpus(parts), report_of(parts, **more))
    plain = written(corpus(some(), name="plain"), report_of(some(), clusters=CLUSTERS))
    reader = Reader(page)
    assert reader.open == []
    assert set(reader.tags) <= TAGS
    assert reader.tags.count("script") == Reader(plain).tags.count("script") == 1
    assert page.count("<!--") == 0
    for tag, key, value in reader.attributes:
        assert not key.startswith("on")
        assert key not in ("style", "src", "srcset", "action", "formaction"), (tag, value)
        assert key != "href" or value.startswith("#")
    assert "\u202e" not in page
    assert "\u2028" not in page
    assert "\x00" not in page
    assert "‹202e›evil" in "".join(reader.text)


def test_the_page_loads_nothing_and_its_policy_allows_only_its_own_script_and_style(corpus):
    page = written(corpus(some()), report_of(some(), clusters=CLUSTERS))
    assert not re.search(r"https?:|@import|url\(|innerHTML", page)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'")
    for tag, directive in (("script", "script-src"), ("style", "style-src")):
        source = re.search(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        assert source is not None
        digest = base64.b64encode(hashlib.sha256(source[1].encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy[1]


def test_everything_is_said_in_both_languages(corpus):
    page = written(corpus(some()), report_of(some(), clusters=CLUSTERS, changed={"masked: EMAIL": 5}))
    assert page.count('class="zh"') == page.count('class="en"') > 100
    assert len(re.findall('<tspan class="zh">', page)) == len(re.findall('<tspan class="en">', page)) > 0


def test_the_page_is_the_same_however_the_rows_lie_in_files(corpus, tmp_path):
    parts, report = some(), report_of(some(), clusters=CLUSTERS, changed={"masked: EMAIL": 5})
    one = written(corpus(parts), report)
    assert one.count("<mark>&lt;EMAIL&gt;</mark>") == 5
    assert written(corpus(parts, 7, "seven"), report) == one
    shuffled = {name: random.Random(1).sample(rows, len(rows)) for name, rows in parts.items()}
    folder = corpus(shuffled, 3, "shuffled")
    assert written(folder, report) == one
    surveys = []
    for number in (2, 0, 1):
        surveys.append(tmp_path / f"survey{number}")
        files = [folder / part / f"part-{number}.parquet" for part in parts]
        survey(files, {"parts": list(parts)}, [surveys[-1]])
    assert written(folder, report, surveys=surveys) == one


@pytest.mark.slow
def test_the_page_stays_small_whatever_the_corpus(corpus):
    from zaohua.corpus.rules import RULES

    evil = "&<" * 3000
    parts = {
        "documents": [document(f"{n}{evil[:900]}", evil, f"source {n}", language="zh") for n in range(800)],
        "removed": [
            *(dropped(f"{rule}{n}", evil, rule, reason=evil, value=1, limit=2) for rule in RULES for n in range(12)),
            *(dropped(f"n{n}", f"{evil}{n}", "near_duplicates", kept=f"{n}{evil[:900]}") for n in range(12)),
        ],
    }
    page = written(corpus(parts), report_of(parts, clusters=CLUSTERS))
    assert 1_000_000 < len(page.encode()) < 3_000_000


def test_bytes_are_told_by_source_and_in_all(corpus):
    parts = {
        "documents": [document("a", "x" * 5000), document("b", "y" * 2000, "books")],
        "heldout": [document("c", "z" * 300)],
        "removed": [dropped("d", "w" * 777, "letters"), dropped("e", "v" * 200, "empty", "books")],
    }
    page = written(corpus(parts), report_of(parts))
    cards = re.findall(r'<p class="big">(.*?)</p>', page)
    assert cards == ["20 B", "7 KB", "300 B", "977 B", "0"]
    row = re.search(r'<td class="name"><bdi class="name">web</bdi></td>.*?</tr>', page)
    assert row is not None
    assert re.findall(r"(\d+)<small>(.*?)</small>", row[0]) == [("1", "5 KB"), ("1", "300 B"), ("1", "777 B")]


def test_removed_texts_may_lie_in_a_folder_for_each_rule(corpus):
    parts = {"documents": [document("a", "text")], "removed": [dropped("d", "gone", "letters")]}
    folder = corpus(parts)
    (folder / "removed" / "letters").mkdir()
    (folder / "removed" / "part-0.parquet").rename(folder / "removed" / "letters" / "part-0.parquet")
    assert "gone" in written(folder, report_of(parts))


def test_a_corpus_from_which_nothing_was_removed_has_a_report(corpus):
    parts = {"documents": [document("a", "text")], "heldout": [document("b", "other")], "removed": []}
    page = written(corpus(parts), report_of(parts))
    assert "Nothing was removed." in page
    assert "No text repeats another." in page


def test_texts_are_looked_up_where_the_range_of_ids_says_that_they_may_be(corpus, monkeypatch):
    parts = {"documents": [document(f"d{n:03}", f"text {n}") for n in range(100)], "heldout": [], "removed": []}
    folder = corpus({**parts, "documents": sorted(parts["documents"], key=lambda row: row["id"])})
    assert page_module.texts_of(folder, {"d042", "d099", "x"}) == {"d042": ["text 42"], "d099": ["text 99"]}
    monkeypatch.setattr(page_module, "_look", lambda *_: pytest.fail("no id lies in that range"))
    assert page_module.texts_of(folder, {"x", "a"}) == {}
