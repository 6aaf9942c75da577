"""Tokenizers side by side: what the rows of the table are called."""

import pytest

from zaohua import extending, folders
from zaohua.corpus.documents import DOCUMENT, Table
from zaohua.events import Events
from zaohua.settings import UserError
from zaohua.tokenizer.settings import TokenizerSettings
from zaohua.tokenizer.training import train_tokenizer

QUIET = Events(console=False)


def corpus_of(sources, folder):
    with folders.writing(folder, {"stage": "corpus", "settings": {}, "inputs": {}}) as temporary:
        (temporary / "heldout").mkdir()
        with Table(temporary / "heldout" / "part-0000.parquet", DOCUMENT) as table:
            for source in sources:
                table.add({"id": source, "text": "the cat sat on a mat\n" * 9, "source": source, "meta": "{}"})
        folders.write_json(temporary / "report.json", {"sources": {source: {} for source in sources}})
    return folder


def test_what_we_did_not_write_is_refused_before_anything_is_read(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("years of work")
    missing = tmp_path / "missing"
    for work in (
        lambda: extending.bring(missing, tmp_path / "out", QUIET, kind=None, cut=None),
        lambda: extending.run(missing, tmp_path / "out", QUIET, words=missing, merges=0, corpus=None, chat=False),
    ):
        with pytest.raises(UserError, match="holds something that zaohua did not write"):
            work()


@pytest.mark.parametrize(
    ("sources", "names"),
    [
        (["texts/zh.txt", "texts/en.txt"], ["zh.txt", "en.txt"]),
        (["a/zh", "b/zh"], ["a/zh", "b/zh"]),
        (["a/zh.txt", "a/zh.md"], ["zh.txt", "zh.md"]),
        (["microworld:small", "/data/novels/"], ["microworld:small", "novels"]),
    ],
)
def test_each_source_has_rows_of_its_own(tmp_path, capsys, sources, names):
    train_tokenizer(["the cat sat on a mat\n" * 500], TokenizerSettings(vocab_size=270)).save(tmp_path / "tokenizer")
    corpus = corpus_of(sources, tmp_path / "corpus")
    extending.compare(corpus, [tmp_path / "tokenizer"], None, dim=None, layers=12)
    rows = [line.split(" |")[0] for line in capsys.readouterr().out.splitlines()]
    assert [row for row in rows if row.startswith("| bytes per token, ") and not row.endswith((" all", " latin"))] == [
        f"| bytes per token, {name}" for name in names
    ]
