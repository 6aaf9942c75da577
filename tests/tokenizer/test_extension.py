"""A larger vocabulary: old texts keep their ids, new words get one each, other programs agree."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from real import real
from strings import hard_strings, text_of

from zaohua.settings import UserError
from zaohua.tokenizer.definition import SPECIALS
from zaohua.tokenizer.extension import extend, grow, with_chat
from zaohua.tokenizer.foreign import import_vocabulary
from zaohua.tokenizer.settings import TokenizerSettings
from zaohua.tokenizer.tokenizer import Tokenizer
from zaohua.tokenizer.training import train_tokenizer
from zaohua.tokenizer.words import AddedWords, read_words

WORDS = ["人工智能", "我想", "我", "想要", "transformer", "GPT-4", "我想要", "new york", "new"]
HARD = hard_strings(300, seed=8)


@pytest.fixture(scope="module")
def larger(tokenizer):
    return extend(tokenizer, WORDS)


def test_new_words_have_the_ids_after_all_others(tokenizer, larger):
    ids = larger.tokenizer.words.ids
    assert list(ids.values()) == list(range(tokenizer.vocab_size, tokenizer.vocab_size + len(ids)))
    assert larger.tokenizer.specials == tokenizer.specials
    assert larger.tokenizer.vocab_size == tokenizer.vocab_size + len(ids)
    assert [larger.tokenizer.token_bytes[index].decode() for index in ids.values()] == list(ids)
    assert larger.pieces == {index: tokenizer.encode(word) for word, index in ids.items()}


def test_texts_without_the_words_keep_their_ids(tokenizer, larger):
    texts = [text for text in HARD if not any(word in text for word in larger.tokenizer.words.ids)]
    assert len(texts) > 250
    assert [larger.tokenizer.encode(text) for text in texts] == [tokenizer.encode(text) for text in texts]


@given(parts=st.lists(st.sampled_from([*WORDS, *HARD[:50], " ", "category", "s", "é"]), max_size=8))
def test_every_text_comes_back(larger, parts):
    text = "".join(parts)
    assert larger.tokenizer.decode(larger.tokenizer.encode(text)) == text


def test_the_longest_word_is_taken_and_words_of_letters_stand_alone(larger):
    tokenizer, ids = larger.tokenizer, larger.tokenizer.words.ids
    assert tokenizer.encode("我想要人工智能") == [ids["我想要"], ids["人工智能"]]
    assert tokenizer.encode("transformer") == [ids["transformer"]]
    assert ids["transformer"] not in tokenizer.encode("transformers")
    assert ids["transformer"] in tokenizer.encode("(transformer)")
    assert ids["new"] not in tokenizer.encode("new yorker")  # the longer word is passed over whole


def test_large_batches_get_the_same_ids(larger):
    texts = [text_of(seed, 60) + WORDS[seed % len(WORDS)] + "。" for seed in range(400)]
    assert sum(map(len, texts)) > 50_000
    assert larger.tokenizer._bulk is not None
    assert larger.tokenizer.encode_batch(texts) == [larger.tokenizer.encode(text) for text in texts]


def test_what_is_known_already_is_not_added_again(tokenizer, larger):
    assert "我" not in larger.tokenizer.words.ids or len(tokenizer.encode("我")) > 1
    again = extend(larger.tokenizer, [*WORDS, "图书馆", "<|end|>", ""])
    assert again.pieces == {}
    assert again.tokenizer.vocab_size == larger.tokenizer.vocab_size


def test_a_larger_tokenizer_is_saved_and_loaded(larger, tmp_path):
    larger.tokenizer.save(tmp_path)
    again = Tokenizer.load(tmp_path)
    assert again.digest == larger.tokenizer.digest
    assert again.encode("我想要 new york。") == larger.tokenizer.encode("我想要 new york。")


@pytest.mark.slow
def test_transformers_gives_the_same_ids(larger, tmp_path):
    transformers = pytest.importorskip("transformers")
    larger.tokenizer.save(tmp_path)
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path)
    texts = [
        f"{a}{b}{c}"
        for a in ("", "x", "我", " ", "é", "_")
        for b in WORDS
        for c in ("", "s", "想", "。", "\u0301", "1")
    ]
    assert theirs([*texts, *HARD])["input_ids"] == [larger.tokenizer.encode(text) for text in [*texts, *HARD]]


def test_a_list_of_words_is_read_line_by_line(tmp_path):
    path = tmp_path / "中文词汇.txt"
    path.write_text("\ufeff# 词表\n人工智能\n\n  我想  \n人工智能\r\n# 完\nnew york\n", encoding="utf-8")
    assert read_words(path) == ["人工智能", "我想", "new york"]


def test_a_comment_may_stand_behind_a_word(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("人工智能  # 行业词\n图书馆\t# 5 次 # 多\nC#\nC# 语言\n  # 空\n人工智能 #\n", encoding="utf-8")
    assert read_words(path) == ["人工智能", "图书馆", "C#", "C# 语言"]


@pytest.mark.parametrize("line", ["人工智能 5", "人工智能\t5", "人工智能 5 n", "人工智能\tn", "人工智能,5", "AI 0.5"])
def test_a_second_column_is_refused_with_its_line(tmp_path, line):
    path = tmp_path / "words.txt"
    path.write_text(f"图书馆\n2024\n1,000\nGPT-4\n{line}\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"line 5 of .* more than a word"):
        read_words(path)


@pytest.mark.parametrize(
    ("content", "named"),
    [(b"# only\n\n", "holds no word"), (b"\xff\xfe", "UTF-8"), (b"ok\n" + b"x" * 65, "line 2 .*65 characters")],
)
def test_a_list_that_is_none_is_refused(tmp_path, content, named):
    path = tmp_path / "words.txt"
    path.write_bytes(content)
    with pytest.raises(UserError, match=named):
        read_words(path)
    with pytest.raises(UserError, match="cannot be read"):
        read_words(tmp_path / "nothing")


def test_many_words_are_found_in_linear_time():
    words = AddedWords({chr(0x4E00 + n % 5000) + chr(0x5000 + n): n for n in range(20_000)}, ())
    assert len(words.encode("一" * 100_000, lambda text: [0] * len(text))) == 100_000


def test_our_special_tokens_are_added_to_a_vocabulary_that_lacks_them():
    gpt2 = import_vocabulary(real("tokenizers/gpt2"))
    larger = with_chat(gpt2)
    assert larger.tokenizer.specials == {token: 50_256 + n for n, token in enumerate(SPECIALS)}
    assert larger.tokenizer.end_of_text == 50_256
    assert larger.tokenizer.chat_template
    assert larger.tokenizer.encode("Hello <|end|>") == gpt2.encode("Hello <|end|>")
    assert larger.pieces[50_258] == gpt2.encode("user")


@pytest.fixture(scope="module")
def grown(tokenizer):
    new = [text_of(seed, 300).replace("学习", "研究生命起源").replace("the", "although") for seed in range(30)]
    return new, grow(tokenizer, new, 60)


def test_a_grown_vocabulary_needs_fewer_tokens_for_the_new_text_and_as_many_for_the_old(tokenizer, grown):
    new, larger = grown
    assert larger.tokenizer.vocab_size == tokenizer.vocab_size + 60
    assert larger.tokenizer.specials == tokenizer.specials
    count = sum(map(len, map(tokenizer.encode, new)))
    assert sum(map(len, map(larger.tokenizer.encode, new))) < 0.9 * count
    tokens = {token.decode(errors="replace") for token in larger.tokenizer.token_bytes[tokenizer.vocab_size :]}
    assert any("研究" in token for token in tokens)
    assert not any("\ufffd" in token and len(token) > 1 for token in tokens)
    old = [text for text in HARD if not any(token in text for token in tokens)]
    assert [larger.tokenizer.encode(text) for text in old] == [tokenizer.encode(text) for text in old]


def test_a_new_id_replaces_the_pieces_that_spell_it(tokenizer, grown):
    _, larger = grown
    for index, pieces in larger.pieces.items():
        assert b"".join(tokenizer.token_bytes[piece] for piece in pieces) == larger.tokenizer.token_bytes[index]


def test_both_engines_and_the_folder_agree_on_a_grown_vocabulary(grown, tmp_path):
    new, larger = grown
    larger.tokenizer.save(tmp_path)
    again = Tokenizer.load(tmp_path)
    texts = [*new, *HARD]
    expected = [larger.tokenizer.encode(text) for text in texts]
    assert [again.encode(text) for text in texts] == expected
    assert [larger.tokenizer._bulk.encode_ordinary(text) for text in texts] == expected
    assert [larger.tokenizer.decode(ids) for ids in expected] == texts
    special = json.loads((tmp_path / "tokenizer.json").read_text())["added_tokens"][0]
    assert special["id"] == larger.tokenizer.end_of_text


def test_what_is_no_byte_level_bpe_cannot_grow(texts):
    unigram = train_tokenizer(texts, TokenizerSettings(kind="unigram"))
    with pytest.raises(UserError, match="cannot grow by merges"):
        grow(unigram, texts, 10)
