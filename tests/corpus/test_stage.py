"""The corpus stage from files to folder: what is kept, set aside, held out, counted; and every way to refuse."""

import contextlib
import gzip
import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
import zstandard

from zaohua import folders
from zaohua.corpus import finishing, pieces, stage, web
from zaohua.corpus import plan as planning
from zaohua.corpus.client import Answer
from zaohua.corpus.documents import read_documents
from zaohua.corpus.engine import local, merging, schedule
from zaohua.corpus.engine import task as tasks
from zaohua.corpus.engine.cluster import UnreachableError
from zaohua.corpus.glance import glance
from zaohua.corpus.plan import Plan
from zaohua.corpus.settings import CorpusSettings
from zaohua.corpus.sources import Entry, inventory
from zaohua.events import Events
from zaohua.settings import UserError, check

EVENTS = Events(console=False)
PLAIN = {"rules": {"preset": "none"}, "duplicates": "exact"}
"""Made-up texts repeat themselves and one another more than a person's do."""
LONG = "\n".join(f"第{n}行：小猫坐在第{n}张垫子上，the cat sat on mat {n}." for n in range(200))


def make(tmp_path: Path, *sources: str | Path, **settings) -> Path:
    named = {"sources": list(map(str, sources)) or [str(tmp_path / "texts")]}
    return stage.run(check(CorpusSettings, named | PLAIN | settings), tmp_path / "corpus", EVENTS)


def write(tmp_path: Path, name: str, content: str | bytes) -> Path:
    path = tmp_path / "texts" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def texts(corpus: Path, *parts: str) -> dict[str, str]:
    return {document.id: document.text for part in parts or ("documents",) for document in read_documents(corpus, part)}


def both(corpus: Path) -> dict[str, str]:
    """Every text as it was before a part was held out, those that were held out whole behind the others."""
    found = texts(corpus)
    for name, text in texts(corpus, "heldout").items():
        found[name.removesuffix("#tail")] = found.get(name.removesuffix("#tail"), "") + text
    return found


def removed(corpus: Path, kind: str) -> list[dict]:
    return [
        row
        for path in sorted((corpus / "removed").glob("*"))
        for row in pyarrow.parquet.read_table(path).to_pylist()
        if row["rule"] == kind
    ]


def numbered(count: int) -> list[str]:
    return [f"document {n} 第{n}篇文档 says {n * n} and is long enough to be kept" for n in range(count)]


def records(count: int, field: str = "text") -> str:
    return "".join(json.dumps({field: text, "n": n}) + "\n" for n, text in enumerate(numbered(count)))


def test_every_kind_of_file_gives_its_texts(tmp_path):
    lines = numbered(500)
    write(tmp_path, "a.txt", lines[0] + "\r\n" + LONG)
    write(tmp_path, "b/c.md", "# " + lines[1])
    write(tmp_path, "d.txt.gz", gzip.compress(lines[2].encode("gb18030")))
    write(tmp_path, "e.jsonl", json.dumps({"content": lines[3]}))
    write(tmp_path, "f.jsonl.zst", zstandard.compress(json.dumps({"paragraphs": [lines[4], "二"]}).encode()))
    write(tmp_path, "g.json", json.dumps([{"text": lines[5]}, {"text": lines[6]}]))
    pyarrow.parquet.write_table(pyarrow.table({"body": lines[7:9]}), tmp_path / "texts" / "h.parquet")
    write(tmp_path, "i.jsonl.gz", gzip.compress(json.dumps({"text": lines[9]}).encode("utf-16")))
    found = both(make(tmp_path))
    assert found == {
        "texts/a.txt": lines[0] + "\n" + LONG,
        "texts/b/c.md": "# " + lines[1],
        "texts/d.txt.gz": lines[2],
        "texts/e.jsonl:1": lines[3],
        "texts/f.jsonl.zst:1": lines[4] + "\n二",
        "texts/g.json:1": lines[5],
        "texts/g.json:2": lines[6],
        "texts/h.parquet:1": lines[7],
        "texts/h.parquet:2": lines[8],
        "texts/i.jsonl.gz:1": lines[9],
    }
    manifest = folders.manifest_of(tmp_path / "corpus")
    assert set(manifest["found"]["text_fields"]) == {"content", "paragraphs", "text", "body"}
    assert folders.problems(tmp_path / "corpus") == []


def test_bad_lines_and_files_are_set_aside_with_their_place_and_the_rest_goes_on(tmp_path):
    good = numbered(80)
    lines = [json.dumps({"text": text}, ensure_ascii=False).encode() for text in good]
    lines[3:3] = [b'{"text": "half', b'{"title": "no text"}', b'{"text": "\xff\xfe broken"}', b"[" * 5000]
    write(tmp_path, "a.jsonl", b"\n".join(lines))
    write(tmp_path, "b.txt", LONG.encode() + b"\nbroken \xff\xfe line\n" + "最后一行。".encode())
    write(tmp_path, "c.txt", b"\x89PNG\0\0\0\x01" * 100)
    write(tmp_path, "d.png", b"\x89PNG\0\0\0\x01" * 100)
    write(tmp_path, "e.jsonl.gz", gzip.compress(records(50).encode())[:200])
    write(tmp_path, "f.parquet", b"PAR1 not really")
    write(tmp_path, "g.json", "{")
    write(tmp_path, "h.txt.zst", b"not zstandard")
    corpus = make(tmp_path)
    bad = removed(corpus, "unreadable")
    assert {row["id"] for row in bad} >= {f"texts/a.jsonl:{n}" for n in (4, 5, 6, 7)} | {"texts/b.txt:201"}
    places = [json.loads(row["meta"]) for row in bad]
    assert {place["file"] for place in places if not place.get("line")} >= {f"texts/{name}" for name in
        ("c.txt", "d.png", "e.jsonl.gz", "f.parquet", "g.json", "h.txt.zst")}  # fmt: skip
    assert all(row["reason"] for row in bad)
    assert next(row["text"] for row in bad if row["id"] == "texts/a.jsonl:4") == '{"text": "half\n'
    assert r"\xff\xfe" in next(row["text"] for row in bad if row["id"] == "texts/b.txt:201")
    found = both(corpus)
    assert [found[f"texts/a.jsonl:{n}"] for n in [1, 2, 3, *range(8, 85)]] == good
    assert found["texts/b.txt"] == LONG + "\n最后一行。"


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        ("line", ["one line long", "two line long", "three is long"]),
        ("blank_line", ["one line long\ntwo line long", "three is long"]),
    ],
)
def test_a_file_may_be_cut_into_documents(tmp_path, documents, expected):
    write(tmp_path, "a.txt", "one line long\r\ntwo line long\r\n\r\n \r\nthree is long\r\n")
    write(tmp_path, "z.txt", LONG)
    found = both(make(tmp_path, documents=documents))
    assert sorted(text for name, text in found.items() if name.startswith("texts/a.txt:")) == sorted(expected)


def test_utf16_lines_are_lines(tmp_path):
    write(tmp_path, "a.txt", LONG.encode("utf-16"))
    found = both(make(tmp_path, documents="line"))
    assert [found[f"texts/a.txt:{n}"] for n in range(1, 201)] == LONG.split("\n")


def test_duplicates_are_removed_whatever_their_case_spacing_and_punctuation(tmp_path):
    write(tmp_path, "a.txt", LONG)
    write(tmp_path, "b.txt", LONG.upper().replace("，", ", "))
    write(tmp_path, "c.txt", LONG + "！")
    write(tmp_path, "d.txt", LONG + " and more")
    corpus = make(tmp_path)
    assert set(both(corpus)) == {"texts/a.txt", "texts/d.txt"}
    assert [(row["id"], row["kept"]) for row in removed(corpus, "duplicates")] == [
        ("texts/b.txt", "texts/a.txt"),
        ("texts/c.txt", "texts/a.txt"),
    ]


def test_short_texts_are_removed(tmp_path):
    write(tmp_path, "a.txt", LONG)
    write(tmp_path, "b.txt", "  太短了  \n")
    corpus = make(tmp_path)
    assert [row["id"] for row in removed(corpus, "short")] == ["texts/b.txt"]


def test_whole_documents_are_held_out_when_none_is_large(tmp_path):
    write(tmp_path, "a.jsonl", records(1000))
    corpus = make(tmp_path)
    kept, heldout = texts(corpus, "documents"), texts(corpus, "heldout")
    assert len(kept) + len(heldout) == 1000
    assert not kept.keys() & heldout.keys()
    share = sum(map(len, heldout.values())) / sum(map(len, both(corpus).values()))
    assert abs(share - 0.1) < 0.005


def test_documents_keep_their_side_when_others_come(tmp_path):
    write(tmp_path, "a.jsonl", records(1000))
    before = set(texts(make(tmp_path), "heldout"))
    write(tmp_path, "0.jsonl", records(2000).split("\n", 1500)[-1])
    after = set(texts(make(tmp_path), "heldout"))
    assert len(before & after) > 0.9 * len(before)


def test_the_end_of_a_large_document_is_held_out_at_a_paragraph(tmp_path):
    paragraphs = [f"第{n}段。" + "他走了一里路，又走了一里路。" * 10 for n in range(300)]
    write(tmp_path, "a.txt", "\n\n".join(paragraphs))
    corpus = make(tmp_path)
    kept, tail = texts(corpus, "documents")["texts/a.txt"], texts(corpus, "heldout")["texts/a.txt#tail"]
    assert kept + tail == "\n\n".join(paragraphs)
    assert tail.startswith("第")
    assert kept.endswith("\n\n")
    assert abs(len(tail) / len(kept + tail) - 0.1) < 0.01


def test_a_text_without_lines_is_cut_at_a_sentence(tmp_path):
    write(tmp_path, "a.txt", "他走了一里路，又走了一里路。她没有看见他！" * 300)
    assert texts(make(tmp_path), "heldout")["texts/a.txt#tail"][:2] in ("他走", "她没")


def test_the_tail_of_each_file_is_held_out_at_a_line(tmp_path):
    write(tmp_path, "a.txt", LONG)
    write(tmp_path, "b.jsonl", records(100))
    corpus = make(tmp_path, split="tail")
    kept, heldout = texts(corpus, "documents"), texts(corpus, "heldout")
    assert kept["texts/a.txt"] + heldout["texts/a.txt#tail"] == LONG
    assert heldout["texts/a.txt#tail"].startswith("第18")
    assert kept["texts/a.txt"].endswith("\n")
    numbers = sorted(int(name.split(":")[1].removesuffix("#tail")) for name in heldout if "b.jsonl" in name)
    assert numbers == list(range(numbers[0], 101))
    assert 89 <= numbers[0] <= 92


def test_an_embedded_world_brings_its_own_heldout_part(tmp_path):
    def embedded(source, part):
        for n, text in enumerate(numbered(60)):
            if (n % 6 == 0) == (part == "test"):
                yield f"{n}", text, "en"

    chosen = CorpusSettings(sources=("world:small",))
    corpus = stage.run(chosen, tmp_path / "corpus", EVENTS, embedded=embedded)
    assert set(texts(corpus, "heldout")) == {f"world:small/{n}" for n in range(0, 60, 6)}
    assert len(texts(corpus, "documents")) == 50
    assert next(read_documents(corpus, "heldout")).meta == {
        "file": "world:small/0", "language": "en", "script": "Latn"
    }  # fmt: skip


def test_counts_add_up_by_source(tmp_path):
    write(tmp_path, "a.jsonl", records(100) + records(1) + "{\n")
    other = tmp_path / "other.txt"
    other.write_text(LONG)
    corpus = make(tmp_path, tmp_path / "texts", other)
    report = json.loads((corpus / "report.json").read_text())
    first, second = report["sources"][str(tmp_path / "texts")], report["sources"][str(other)]
    assert first["documents"] + first["heldout_documents"] == 100
    assert report["removed"]["sources"] == {str(tmp_path / "texts"): {"duplicates": 1, "unreadable": 1}}
    assert second["characters"] + second["heldout_characters"] == len(LONG)
    assert report["total"]["bytes"] == sum(len(text.encode()) for text in texts(corpus).values())


def test_the_same_files_give_the_same_bytes(tmp_path):
    write(tmp_path, "a.jsonl", records(300))
    write(tmp_path, "b.txt", LONG)
    digests = []
    for name in ("one", "two"):
        corpus = stage.run(CorpusSettings(sources=(str(tmp_path / "texts"),)), tmp_path / name, EVENTS)
        digests.append(folders.summary_digest(corpus))
    assert digests[0] == digests[1]


def test_unchanged_sources_are_not_read_again_and_changed_ones_are(tmp_path, monkeypatch):
    path = write(tmp_path, "a.txt", LONG)
    corpus = make(tmp_path)
    before = folders.manifest_of(corpus)
    with monkeypatch.context() as patched:
        patched.setattr(stage, "carry_out", None)
        assert folders.manifest_of(make(tmp_path)) == before
    path.write_text(LONG + "\n新的一行。")
    assert folders.manifest_of(make(tmp_path)) != before
    assert folders.manifest_of(make(tmp_path, salt="x"))["settings"]["salt"] == "x"


def test_files_are_read_once_and_our_own_and_hidden_ones_never(tmp_path):
    write(tmp_path, "a.txt", LONG)
    write(tmp_path, ".hidden/b.txt", LONG + "b")
    chosen = CorpusSettings(sources=(str(tmp_path / "texts"), str(tmp_path / "texts" / "*.txt")))
    for output in (tmp_path / "texts" / "corpus", tmp_path / "again"):
        stage.run(chosen, output, EVENTS)
        assert list(both(output)) == ["texts/a.txt"]
        assert json.loads((output / "report.json").read_text())["total"]["files"] == 1


def test_text_is_never_replaced_by_the_corpus_made_of_it(tmp_path):
    path = write(tmp_path, "deep/a.txt", LONG)
    with pytest.raises(UserError, match="give another folder with -o"):
        stage.run(CorpusSettings(sources=(str(path),)), tmp_path / "texts", EVENTS)
    assert path.read_text() == LONG


@pytest.mark.parametrize("what", ["evaluations", "domains"])
def test_what_the_corpus_is_made_with_is_never_replaced_by_it(tmp_path, what):
    write(tmp_path, "a.txt", LONG)
    kept = make(tmp_path) / "mine.txt"
    kept.write_text("example.org\n")
    settings = {"evaluations": [str(kept)]} if what == "evaluations" else {"addresses": {"domains": str(kept)}}
    with pytest.raises(UserError, match=r"mine\.txt lies in .*, where the corpus is to be written"):
        make(tmp_path, heldout=0.2, **settings)
    assert kept.exists()


def test_what_we_did_not_write_is_refused_before_anything_is_done(tmp_path, monkeypatch):
    write(tmp_path, "a.txt", LONG)
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "thesis.txt").write_text("years of work")
    monkeypatch.setattr(stage, "gathered", lambda *_: pytest.fail("it began"))
    with pytest.raises(UserError, match="holds something that zaohua did not write: give another folder with -o"):
        make(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus", "texts"]


def test_a_glance_samples_all_files_and_counts_all_bytes(tmp_path):
    for n in range(10):
        write(tmp_path, f"{n}.jsonl", records(3000, "content"))
    sample, size, documents = glance(CorpusSettings(sources=(str(tmp_path / "texts"),)), None, limit=50_000)
    true = 10 * sum(len(text.encode()) for text in numbered(3000))
    assert 40_000 < sum(len(text.encode()) for text in sample) < 60_000
    assert abs(size / true - 1) < 0.5
    assert abs(documents / 30_000 - 1) < 0.5
    assert not (tmp_path / "corpus").exists()


@pytest.mark.parametrize("packed", [True, False])
def test_a_glance_counts_no_record_that_it_only_held(packed, tmp_path):
    draw = random.Random(0)
    texts = [" ".join(str(draw.randrange(10**6)) for _ in range(2000)) for _ in range(300)]
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts).encode()
    path = write(tmp_path, "a.jsonl.gz" if packed else "a.jsonl", gzip.compress(lines) if packed else lines)
    _, size, documents = glance(CorpusSettings(sources=(str(path),)), None, limit=50_000)
    assert abs(size / sum(map(len, texts)) - 1) < 0.1
    assert abs(documents / 300 - 1) < 0.1


@pytest.mark.parametrize(
    ("files", "settings", "said"),
    [
        ({}, {}, "there is no file or folder"),
        ({"sub/.keep": ""}, {}, "holds no files"),
        ({"a.png": b"\0" * 99, "b.txt": b"\0\x01" * 99}, {}, "no text was found .*give files of"),
        ({"a.txt": "short"}, {}, "no text was found"),
        ({"a.txt": "一篇很短的文章。" * 20}, {}, "160 characters of text, too little"),
        ({"a.txt": LONG}, {"encoding": "big5"}, r"a\.txt is not in the encoding big5 that was declared"),
        ({"a.txt": LONG}, {"encoding": "ascii", "documents": "line"}, r"a\.txt is not in the encoding ascii .*line 1"),
        ({"a.jsonl": json.dumps({"x": LONG})}, {}, "no text was found .*text_field"),
        ({"a.jsonl": json.dumps({"text": LONG})}, {"text_field": "body"}, "no text was found .*body"),
    ],
)
def test_what_cannot_become_a_corpus_is_refused_and_nothing_is_left(tmp_path, files, settings, said):
    for name, content in files.items():
        write(tmp_path, name, content)
    with pytest.raises(UserError, match=said):
        make(tmp_path, **settings)
    assert {path.name for path in tmp_path.iterdir()} <= {"texts"}


def functions_done(monkeypatch) -> list[str]:
    """The functions of the tasks that are done from now on, as they are."""
    done = []
    perform = local.perform
    monkeypatch.setattr(local, "perform", lambda job: done.append(job.task.function) or perform(job))
    return done


def test_a_setting_at_fault_costs_no_work_that_was_done(tmp_path, monkeypatch):
    write(tmp_path, "a.jsonl", records(80))
    with pytest.raises(UserError, match=r"nothing could be held out at 0\.001: give a larger"):
        make(tmp_path, heldout=0.001)
    done = functions_done(monkeypatch)
    make(tmp_path)
    assert "weigh" in done
    assert "clean" not in done
    assert {path.name for path in tmp_path.iterdir()} == {"texts", "corpus"}


def test_a_passing_fault_costs_no_work_that_was_done(tmp_path, monkeypatch):
    write(tmp_path, "a.jsonl", records(80))

    def full(*_):
        raise UserError("the disk is full", "磁盘已满")

    with monkeypatch.context() as patched:
        patched.setattr(finishing, "divide", full)
        with pytest.raises(UserError, match="the disk is full"):
            make(tmp_path)
    done = functions_done(monkeypatch)
    make(tmp_path)
    assert "divide" in done
    assert not {"clean", "weigh"} & set(done)


@pytest.mark.parametrize(("error", "left"), [(UnreachableError, {".corpus.work"}), (UserError, set())])
def test_what_was_read_of_the_files_outlives_a_cluster_that_does_not_answer(tmp_path, monkeypatch, error, left):
    write(tmp_path, "a.jsonl", records(80))

    def none(*_):
        raise error("no Ray cluster answers", "没有 Ray 集群应答")

    monkeypatch.setattr("zaohua.corpus.plan.runner_for", none)
    with pytest.raises(error, match="no Ray cluster answers"):
        make(tmp_path, run={"runner": "ray"})
    assert {path.name for path in tmp_path.iterdir()} == {"texts"} | left


@pytest.mark.parametrize("how", ["denied", "vanished"])
def test_a_file_that_cannot_be_read_is_set_aside_and_the_run_goes_on(tmp_path, monkeypatch, how):
    write(tmp_path, "a.jsonl", records(80))
    bad = write(tmp_path, "b.txt", LONG)
    digest = tasks._digest

    def denied(path):
        if path == bad:
            if how == "vanished":
                bad.unlink()
            raise PermissionError(13, "Permission denied", str(path)) if how == "denied" else FileNotFoundError(path)
        return digest(path)

    if how == "denied":
        bad.chmod(0)
    monkeypatch.setattr(tasks, "_digest", denied)
    corpus = make(tmp_path)
    assert len([name for name in both(corpus) if "a.jsonl" in name]) == 80
    if how == "vanished" or os.geteuid():  # who may read everything reads it
        assert [row["id"] for row in removed(corpus, "unreadable")] == ["texts/b.txt"]


def test_a_link_to_itself_is_set_aside(tmp_path, monkeypatch):
    good = Entry("texts", write(tmp_path, "a.txt", LONG), "texts/a.txt")
    loop = tmp_path / "texts" / "b.txt"
    loop.symlink_to("b.txt")
    monkeypatch.setattr(stage, "gathered", lambda *_: ([good, Entry("texts", loop, "texts/b.txt")], []))
    assert [row["id"] for row in removed(make(tmp_path), "unreadable")] == ["texts/b.txt"]


def test_names_that_are_not_utf_8_are_spelled_out(tmp_path, monkeypatch):
    entries = [Entry("texts", write(tmp_path, "a.jsonl", records(80)), "texts/a.jsonl")]
    for name in (b"caf\xe9.txt", b"caf\xe9.png"):
        path = os.fsdecode(os.fsencode(tmp_path / "texts") + b"/" + name)
        try:
            Path(path).write_text(LONG)
        except OSError:
            pytest.skip("this file system has UTF-8 names only")
        entries.append(Entry("texts", Path(path), f"texts/{os.fsdecode(name)}"))
    monkeypatch.setattr(stage, "gathered", lambda *_: (entries, []))
    corpus = make(tmp_path)
    assert "texts/caf\\udce9.txt" in both(corpus)
    assert [row["id"] for row in removed(corpus, "unreadable")] == ["texts/caf\\udce9.png"]


def test_a_changed_evaluation_file_is_noticed(tmp_path):
    for n in range(6):
        write(tmp_path, f"{n}.txt", story(n))
    asked = tmp_path / "exam.txt"
    for n in (2, 4):
        asked.write_text(story(n)[200:420])
        corpus = make(tmp_path, evaluations=[str(asked)])
        assert [row["id"] for row in removed(corpus, "contaminated")] == [f"texts/{n}.txt"]


def test_pages_of_listed_domains_and_words_are_left_out_and_a_changed_list_is_noticed(tmp_path):
    urls = ["https://a.com/1", "https://b.org/2", "https://www.b.org/3", "https://c.net/casino", "", "https://d.net/5"]
    lines = [{"text": story(n), "url": url} for n, url in enumerate(urls)]
    write(tmp_path, "pages.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    listed = tmp_path / "domains.txt"
    for domain, gone in (("b.org", [2, 3, 4]), ("a.com", [1, 4])):
        listed.write_text(f"{domain}\n")
        corpus = make(tmp_path, addresses={"domains": str(listed), "words": ["casino"]})
        found = removed(corpus, "address")
        assert sorted(row["id"] for row in found) == [f"texts/pages.jsonl:{n}" for n in gone]
        assert {row["reason"] for row in found} == {f"{domain} is a listed domain", "the address holds casino"}
        assert len(both(corpus)) == 6 - len(gone)
    listed.unlink()
    with pytest.raises(UserError, match=r"domains.txt cannot be read"):
        make(tmp_path, addresses={"domains": str(listed)})


def test_a_sitemap_without_pages_is_a_line_and_alone_a_sentence(tmp_path, monkeypatch):
    url = "https://example.org/sitemap.xml"
    monkeypatch.setattr(web.Web, "page", lambda _, url, largest: Answer(url, 200, (), b"<urlset></urlset>"))
    named = (
        r"no text was found in https://example\.org/sitemap\.xml \(.*: a sitemap that names no pages of example\.org"
    )
    with pytest.raises(UserError, match=named):
        make(tmp_path, url, web={"allowed": True})
    corpus = make(tmp_path, url, write(tmp_path, "a.txt", LONG), web={"allowed": True})
    (row,) = removed(corpus, "unreadable")
    assert row["id"].startswith("example.org/sitemap.xml")
    assert row["reason"] == "a sitemap that names no pages of example.org"
    assert both(corpus) == {"a.txt": LONG}


@pytest.mark.parametrize("name", ["exam.jsonl", "exam.json", "exam.csv", "exam.parquet"])
def test_questions_and_answers_are_looked_for_as_they_come(tmp_path, name):
    for n in range(6):
        write(tmp_path, f"{n}.txt", story(n))
    rows = [{"number": n, "question": story(n)[200:420], "answer": "a red apple"} for n in (2, 4)]
    asked = tmp_path / name
    match asked.suffix:
        case ".jsonl":
            asked.write_text("".join(json.dumps(row) + "\n" for row in rows))
        case ".json":
            asked.write_text(json.dumps(rows))
        case ".csv":
            asked.write_text(
                "number,question,answer\n" + "".join(",".join(map(str, row.values())) + "\n" for row in rows)
            )
        case ".parquet":
            pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), asked)
    corpus = make(tmp_path, evaluations=[str(asked)])
    assert {row["id"] for row in removed(corpus, "contaminated")} == {"texts/2.txt", "texts/4.txt"}


def test_a_sample_reads_no_file_whole_before_it_begins(tmp_path, monkeypatch):
    write(tmp_path, "a.jsonl", records(300))
    read = []
    monkeypatch.setattr(tasks, "_digest", lambda path, old=tasks._digest: read.append(path.name) or old(path))
    make(tmp_path, sample=100)
    assert "a.jsonl" not in read


def test_tasks_name_whole_paths_whatever_folder_this_is(tmp_path, monkeypatch):
    write(tmp_path, "a.txt", LONG)
    monkeypatch.chdir(tmp_path)
    plan = Plan(CorpusSettings(sources=("texts",)), inventory(["texts"]), [], None, Path("work"), "", {})
    assert json.loads(plan.cleaned[0].settings["piece"])["files"][0][0] == str(tmp_path / "texts/a.txt")
    assert plan.work == tmp_path / "work"


class Together(local.InProcess):
    """Begins as many tasks as it is given, ends the first, and remembers what was under way together."""

    slots = 9

    def __init__(self) -> None:
        super().__init__()
        self.waiting: dict[int, tasks.Job] = {}
        self.seen: list[list[tasks.Task]] = []

    def start(self, number, job):
        self.waiting[number] = job
        self.seen.append([job.task for job in self.waiting.values()])

    def wait(self):
        number = next(iter(self.waiting))
        super().start(number, self.waiting.pop(number))
        return super().wait()


@pytest.mark.parametrize(("memory", "most"), [(100_000_000, 1), (900_000_000, 2), (10**10, 5)])
def test_no_more_tasks_run_at_once_than_the_memory_holds_that_may_be_taken(tmp_path, monkeypatch, memory, most):
    runner = Together()
    monkeypatch.setattr(planning, "runner_for", lambda *_: contextlib.nullcontext(runner))
    for n in range(5):
        write(tmp_path, f"{n}/a.jsonl", records(80))
    sources = [tmp_path / "texts" / str(n) for n in range(5)]
    make(tmp_path, *sources, run={"memory": memory}, boilerplate={"documents": 3}, duplicates="near")
    cleaning = [sum(task.function == "clean" for task in together) for together in runner.seen]
    assert max(cleaning) == most
    assert all(task.memory > 0 for together in runner.seen for task in together)
    assert all(sum(task.memory for task in together) <= memory for together in runner.seen if len(together) > 1)


@pytest.mark.parametrize("split", ["auto", "tail"])
def test_large_files_in_pieces_and_files_brought_together_give_the_same_documents(tmp_path, monkeypatch, split):
    write(tmp_path, "a.jsonl", records(900))
    write(tmp_path, "b.jsonl", records(70) + records(30))
    settings = {"split": split, "boilerplate": {"documents": 1, "min_characters": 1}, "duplicates": "exact"}
    whole = make(tmp_path, **settings)
    expected = [texts(whole, part) for part in ("documents", "heldout")]
    counts = json.loads((whole / "report.json").read_text())
    shutil.rmtree(whole)
    monkeypatch.setattr(pieces, "SIZE", 5000)
    monkeypatch.setattr(merging, "MERGED", 3)
    done = functions_done(monkeypatch)
    cut = make(tmp_path, **settings)
    assert [texts(cut, part) for part in ("documents", "heldout")] == expected
    assert json.loads((cut / "report.json").read_text()) == counts
    assert done.count("cut_file") == 2
    assert {"merged_sketches", "merged_weights", "merged_lines"} <= set(done)
    assert done.count("join_names") > 4


def test_files_that_were_cut_are_not_cut_again(tmp_path, monkeypatch):
    write(tmp_path, "a.jsonl", records(300))
    monkeypatch.setattr(pieces, "SIZE", 5000)

    def full(*_):
        raise UserError("the disk is full", "磁盘已满")

    with monkeypatch.context() as patched:
        patched.setattr(planning.cleaning, "clean", full)
        with pytest.raises(UserError, match="the disk is full"):
            make(tmp_path)
    done = functions_done(monkeypatch)
    make(tmp_path)
    assert "clean" in done
    assert "cut_file" not in done


def test_ray_without_workers_is_refused():
    with pytest.raises(UserError, match="Ray needs workers"):
        check(CorpusSettings, {"run": {"runner": "ray", "workers": 0}})


def test_texts_in_scripts_without_spaces_are_compared_by_code_points(tmp_path):
    rng = random.Random(3)
    for name, letters in (
        ("thai", range(0xE01, 0xE2F)),
        ("khmer", range(0x1780, 0x17A3)),
        ("rare", range(0x20000, 0x20400)),
    ):
        text = "".join(chr(rng.choice(letters)) for _ in range(3000))
        write(tmp_path, f"{name}.txt", text)
        write(tmp_path, f"{name}-again.txt", text[:2900] + text[100])
    corpus = make(tmp_path, duplicates="near", mojibake=False)
    assert {(row["id"], row["kept"]) for row in removed(corpus, "near_duplicates")} == {
        (f"texts/{name}.txt", f"texts/{name}-again.txt") for name in ("thai", "khmer", "rare")
    }


def test_an_unknown_encoding_is_refused_by_name():
    with pytest.raises(UserError, match="unknown encoding 'utf9'"):
        check(CorpusSettings, {"encoding": "utf9"})


def test_holding_out_nothing_is_refused():
    with pytest.raises(UserError, match=r"^heldout is 0.0; it must be greater than or equal to 0.001"):
        check(CorpusSettings, {"heldout": 0.0})


def test_no_source_is_refused(tmp_path):
    with pytest.raises(UserError, match="no text was given"):
        stage.run(CorpusSettings(), tmp_path / "corpus", EVENTS)


def test_a_glob_without_a_match_is_refused(tmp_path):
    with pytest.raises(UserError, match="matches no files"):
        make(tmp_path, tmp_path / "*.txt")


PEOPLE = ("Anna", "Ben", "Clara", "Dan", "Eve", "Finn", "Greta", "Hugo", "Ida", "Jack", "Kim", "Lena", "Max", "Nina")
DEEDS = ("sang a song for", "gave a red apple to", "walked to the market with", "lost a game of chess against",
         "wrote a long letter to", "painted a portrait of", "baked a cake with", "told a strange story to")  # fmt: skip


def story(seed: int, sentences: int = 30) -> str:
    """A text that shares words with others and no long stretch."""
    rng = random.Random(seed)
    days = (rng.randrange(400) for _ in range(sentences))
    return " ".join(f"On day {day} {rng.choice(PEOPLE)} {rng.choice(DEEDS)} {rng.choice(PEOPLE)}." for day in days)


def test_a_nearly_equal_text_is_removed_and_names_the_one_it_repeats(tmp_path):
    for n in range(6):
        write(tmp_path, f"{n}.txt", story(n))
    write(tmp_path, "z.txt", story(3).replace("day", "DAY", 1) + " The end of it.")
    corpus = make(tmp_path, duplicates="near")
    assert [(row["id"], row["kept"]) for row in removed(corpus, "near_duplicates")] == [("texts/z.txt", "texts/3.txt")]
    sizes = {
        d.id: d.meta.get("cluster_size") for part in ("documents", "heldout") for d in read_documents(corpus, part)
    }
    assert sizes["texts/3.txt"] == 2
    assert sizes["texts/4.txt"] is None
    assert removed(make(tmp_path, duplicates="none"), "near_duplicates") == []


def test_a_rule_says_what_it_measured_against_which_limit(tmp_path):
    write(tmp_path, "a.txt", story(1, 60))
    write(tmp_path, "b.txt", "http://a.example/b " * 40)
    (row,) = removed(make(tmp_path, rules={"preset": "default"}), "link_characters")
    assert row["id"] == "texts/b.txt"
    assert row["value"] > row["limit"] == 0.6
    assert "link_characters is " in row["reason"]


def test_a_misspelt_rule_is_named_with_the_nearest_right_one(tmp_path):
    with pytest.raises(UserError, match="link_characters"):
        make(tmp_path, rules={"preset": "default", "overrides": {"link_charcters": 0.5}})


def test_only_wanted_languages_stay(tmp_path):
    write(tmp_path, "a.txt", story(1, 60))
    write(tmp_path, "b.txt", "他昨天去了市场，买了一些苹果，然后回家给妈妈做饭。" * 120)
    corpus = make(tmp_path, languages=["zh"])
    assert {row["id"] for row in removed(corpus, "language")} == {"texts/a.txt"}


def test_what_identifies_a_person_is_masked_unless_asked_not_to(tmp_path):
    write(tmp_path, "a.txt", story(1, 60) + "\nWrite to anna@mail.example.org today.")
    assert "<EMAIL>" in both(make(tmp_path))["texts/a.txt"]
    assert "anna@mail.example.org" in both(make(tmp_path, privacy=False))["texts/a.txt"]


def test_lines_of_many_documents_are_cut_out(tmp_path):
    for n in range(8):
        write(tmp_path, f"{n}.txt", f"Read more on our pages\n{story(n)}")
    found = both(make(tmp_path, boilerplate={"documents": 5}))
    assert len(found) == 8
    assert not any("Read more" in text for text in found.values())


def test_a_text_with_more_copies_than_common_lines_may_have_is_kept_once(tmp_path):
    for n in range(8):
        write(tmp_path, f"{n}.txt", "\n".join(story(0, 200).split(". ")) + "." * n)
    write(tmp_path, "other.txt", story(1, 100))
    found = both(make(tmp_path, boilerplate={"documents": 5}))
    assert set(found) == {"texts/0.txt", "texts/other.txt"}
    assert len(found["texts/0.txt"].splitlines()) == 200


def test_a_text_of_common_lines_alone_is_set_aside_whole(tmp_path):
    for n in range(8):
        write(tmp_path, f"{n}.txt", f"Read more on our pages\nSubscribe to our letter\n{story(n)}")
    write(tmp_path, "menu.txt", "Read more on our pages\nSubscribe to our letter")
    (row,) = removed(make(tmp_path, boilerplate={"documents": 5}), "boilerplate")
    assert (row["id"], row["text"]) == ("texts/menu.txt", "Read more on our pages\nSubscribe to our letter")


@pytest.mark.parametrize(
    ("changed", "redone"),
    [
        ({"salt": "x"}, {"weigh", "divide", "join_names", "finish", "survey"}),
        ({"privacy": False}, {"finish", "survey"}),
        ({"split": "tail"}, {"divide", "finish", "survey"}),
        ({"decontaminate": {"words": 7}}, set()),
        ({"rules": {"preset": "default"}}, {"clean"}),
    ],
)
def test_a_changed_setting_redoes_the_tasks_that_read_it_and_those_after_them(tmp_path, monkeypatch, changed, redone):
    write(tmp_path, "a.jsonl", records(100))
    plans = []
    for given in (PLAIN, PLAIN | changed):
        chosen = check(CorpusSettings, {"sources": [str(tmp_path / "texts")]} | given)
        work = tmp_path / str(len(plans))
        plan = Plan(chosen, inventory(chosen.sources), [], None, work, "", {})
        keys = schedule._Plan(plan.tasks, plan.functions, work, dict.fromkeys(plan.tasks[0].inputs, "a")).keys
        plans.append({key: task.function for key, task in zip(keys, plan.tasks, strict=True)})
    new = {plans[1][key] for key in plans[1].keys() - plans[0].keys()}
    assert new == (redone if "clean" not in redone else set(plans[1].values()))


def test_evaluation_texts_are_kept_out_and_named(tmp_path):
    for n in range(6):
        write(tmp_path, f"{n}.txt", story(n))
    asked = tmp_path / "exam.txt"
    asked.write_text(story(2)[200:420])
    corpus = make(tmp_path, evaluations=[str(asked)])
    (row,) = removed(corpus, "contaminated")
    assert row["id"] == "texts/2.txt"
    assert "exam.txt" in row["reason"]


def test_lines_of_evaluation_files_that_are_not_read_are_in_the_report(tmp_path):
    for n in range(6):
        write(tmp_path, f"{n}.txt", story(n))
    asked = tmp_path / "exam.jsonl"
    record = {"article": "a passage", "qas": [{"question": story(2)[200:420]}]}
    asked.write_text(json.dumps(record) + '\n{"article": "hal')
    corpus = make(tmp_path, evaluations=[str(asked)])
    assert [row["id"] for row in removed(corpus, "contaminated")] == ["texts/2.txt"]
    ((place, reason),) = json.loads((corpus / "report.json").read_text())["evaluations"]["unread"]
    assert place == "exam.jsonl:2"
    assert reason in (corpus / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_no_byte_depends_on_the_number_of_workers(tmp_path):
    for n in range(12):
        write(tmp_path, f"{n}.txt", story(n % 10, 40))
    digests = set()
    for workers in (0, 1, 2):
        corpus = make(tmp_path, duplicates="near", boilerplate={"documents": 3}, run={"workers": workers})
        digests.add(folders.summary_digest(corpus))
        shutil.rmtree(corpus)
    assert len(digests) == 1


PEAK = """
import json, re, sys
from pathlib import Path
from zaohua.corpus import plan, stage
from zaohua.corpus.settings import CorpusSettings
from zaohua.events import Events

chosen = CorpusSettings(sources=(sys.argv[1],), run={"workers": 0})
stage.run(chosen, Path(sys.argv[2]), Events(console=False))
peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]
print(json.dumps([int(peak) * 1024, plan.TASK_MEMORY]))
"""
"""A run of the stage alone in its process. (ru_maxrss would begin with what the process that started it had taken.)"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the kernel tells no peak of memory")
@pytest.mark.slow
def test_a_large_text_takes_no_more_memory_than_its_task_may(tmp_path):
    rng = random.Random(0)
    words = ["".join(rng.choices("abcdefghijklmnopqrst", k=rng.randrange(2, 12))) for _ in range(20_000)]
    lines = (" ".join(rng.choices(words, k=20)) + ".\n" for _ in range(180_000))
    path = write(tmp_path, "book.txt", "".join(lines))
    assert path.stat().st_size > 20_000_000
    done = subprocess.run(
        [sys.executable, "-c", PEAK, str(path), str(tmp_path / "corpus")], capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr[-3000:]
    peak, allowed = json.loads(done.stdout)
    assert len(texts(tmp_path / "corpus")) == 4
    assert peak < allowed, f"{peak / 1e6:.0f} MB"
    print(f"{peak / 1e6:.0f} MB")
