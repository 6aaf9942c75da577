"""Pages are left out by the domains and words that a user lists, and by nothing else."""

import numpy as np
import pytest

from zaohua.corpus.addresses import read_domains, unwanted, write_domains
from zaohua.corpus.settings import AddressSettings
from zaohua.settings import UserError

LIST = "# what is not wanted\nExample.com\nspam.example.org # this one only\n\n0.0.0.0 ads.net\n淘气.cn\n"


@pytest.fixture
def domains(tmp_path) -> np.ndarray:
    (tmp_path / "list.txt").write_text(LIST, encoding="utf-8")
    write_domains(tmp_path / "list.txt", tmp_path / "domains")
    return read_domains(tmp_path / "domains")


@pytest.mark.parametrize(("url", "listed"), [
    ("https://example.com/a", "example.com"),
    ("http://user@WWW.Example.COM:8080/a?b#c", "example.com"),
    ("https://example.com./", "example.com"),
    ("https://notexample.com/", ""),
    ("https://example.com.cn/", ""),
    ("https://example.org/", ""),
    ("https://x.spam.example.org/", "spam.example.org"),
    ("https://ads.net/", "ads.net"),
    ("https://www.淘气.cn/看", "xn--4qwp1b.cn"),
    ("https://xn--4qwp1b.cn/", "xn--4qwp1b.cn"),
    ("https://other.net/example.com", ""),
    ("https://[::1", ""),
    ("no address", ""),
    ("", ""),
])  # fmt: skip
def test_a_domain_stands_for_itself_and_all_below_it(url, listed, domains):
    reason = unwanted(url, AddressSettings(), domains)
    assert reason == (f"{listed} is a listed domain" if listed else "")


def test_one_word_anywhere_is_enough_and_soft_words_count_as_words_of_which_it_takes_two():
    settings = AddressSettings(words=("Casino", "彩票"), soft_words=("free", "cheap", "win"))
    assert unwanted("https://a.com/onlinecasinos/1", settings, None) == "the address holds Casino"
    assert unwanted("https://a.com/%E5%BD%A9%E7%A5%A8", settings, None) == "the address holds 彩票"
    assert unwanted("https://a.com/free_tips/win-now", settings, None) == "the address holds free and win"
    assert unwanted("https://a.com/free/free", settings, None) == ""
    assert unwanted("https://a.com/freedom/winter", settings, None) == ""
    assert unwanted("https://a.com/", AddressSettings(), None) == ""


@pytest.mark.parametrize(("content", "says"), [
    ("# nothing\n\n", "holds no domain"),
    ("example.com/path\n", "'example.com/path' is no domain"),
    (b"\xff\xfe\x00", "not UTF-8"),
    (None, "No such file"),
])  # fmt: skip
def test_a_list_that_cannot_be_one_is_named(content, says, tmp_path):
    if content is not None:
        (tmp_path / "list.txt").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UserError, match=says):
        write_domains(tmp_path / "list.txt", tmp_path / "domains")
