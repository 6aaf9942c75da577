"""The kind of a file is told by how its name ends."""

import pytest

from zaohua.corpus.formats.kinds import ends_of


@pytest.mark.parametrize(
    ("name", "kind", "compression"),
    [
        ("a.txt", "text", ""),
        ("A.TXT.GZ", "text", "gz"),
        ("a.b.jsonl.zst", "records", "zst"),
        ("zhwiki-latest-pages-articles.xml.bz2", "wikipedia", "bz2"),
        ("a.tgz", "tar", "gz"),
        ("a.tar.xz", "tar", "xz"),
        ("CC-MAIN.warc.wet.gz", "warc", "gz"),
        ("a.gz", "unknown", "gz"),
        ("txt", "unknown", ""),
        (".txt", "unknown", ""),
        ("a.png", "unknown", ""),
        ("a.tsv", "tsv", ""),
        ("", "unknown", ""),
    ],
)
def test_names(name, kind, compression):
    assert ends_of(name) == (kind, compression)
