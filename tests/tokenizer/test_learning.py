"""Each kind of vocabulary: its size, what it loses, its tokens' borders, and that other programs read it alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strings import hard_strings, text_of

from zaohua.settings import UserError
from zaohua.tokenizer import learning, merges
from zaohua.tokenizer.settings import TokenizerSettings
from zaohua.tokenizer.splitting import WORD_BORDER, bordered, pattern
from zaohua.tokenizer.tokenizer import Tokenizer
from zaohua.tokenizer.training import train_tokenizer

SIZES = {"bpe": 500, "unigram": 460, "wordpiece": 460, "characters": 370}
HARD = hard_strings(400, seed=21)


@pytest.fixture(scope="module", params=list(SIZES))
def made(request, texts):
    return train_tokenizer(texts, TokenizerSettings(kind=request.param, vocab_size=SIZES[request.param]))


def test_the_vocabulary_has_the_size_asked_for_and_the_special_tokens_last(made):
    assert made.vocab_size in SIZES.values()
    assert sorted(made.specials.values()) == list(range(made.vocab_size - 6, made.vocab_size))
    assert max(max(made.encode(text), default=0) for text in HARD) < made.end_of_text


def test_every_text_comes_back_where_the_kind_allows_it(made):
    assert made.lossless == (made.form.name != "wordpiece")
    texts = [*HARD, "龘\x00\U0010fffd", "<0x41>[UNK]"] if made.lossless else [text_of(900, 50)]
    assert [made.decode(made.encode(text)) for text in texts] == texts


def test_pieces_are_taken_before_characters_and_characters_before_bytes(made):
    text = text_of(901, 100)
    most = 1.2 if made.vocab_size == SIZES["characters"] else 0.8  # its rarest characters are spelled by bytes
    assert len(made.encode(text)) < most * len(text)


def test_what_wordpiece_cannot_spell_is_one_token(texts):
    made = train_tokenizer(texts, TokenizerSettings(kind="wordpiece"))
    unknown = made.definition["model"]["vocab"]["[UNK]"]
    assert made.encode("龘") == [unknown]
    assert made.encode("[UNK]") != [unknown]


@pytest.mark.parametrize("kind", ["bpe", "wordpiece", "characters"])
def test_the_same_text_gives_the_same_vocabulary(kind, texts):
    digests = {train_tokenizer(texts, TokenizerSettings(kind=kind, vocab_size=SIZES[kind])).digest for _ in range(3)}
    assert len(digests) == 1


def test_the_same_text_gives_nearly_the_same_unigrams(texts):
    """The `tokenizers` library sums in no fixed order, and says nowhere how to give it one."""
    first, second = (
        dict(train_tokenizer(texts, TokenizerSettings(kind="unigram", vocab_size=460)).definition["model"]["vocab"])
        for _ in range(2)
    )
    assert len(first.keys() ^ second.keys()) <= 8
    assert all(abs(first[token] - second[token]) < 0.1 for token in first.keys() & second.keys())


def test_a_folder_comes_back(made, tmp_path):
    made.save(tmp_path)
    again = Tokenizer.load(tmp_path)
    assert again.digest == made.digest
    assert [again.encode(text) for text in HARD] == [made.encode(text) for text in HARD]
    assert again.encode_batch(HARD * 30) == [made.encode(text) for text in HARD] * 30


@pytest.mark.slow
def test_transformers_gives_the_same_ids(made, tmp_path):
    transformers = pytest.importorskip("transformers")
    made.save(tmp_path)
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path)
    assert theirs(HARD)["input_ids"] == [made.encode(text) for text in HARD]


def is_whole_or_one_beginning(token: bytes) -> bool:
    try:
        token.decode()
    except UnicodeDecodeError:
        return len(token) == 1 or (token[0] >= 0xC0 and all(0x80 <= byte < 0xC0 for byte in token[1:]))
    return True


@pytest.mark.parametrize("rule", ["run", "four", "two", "single", "words"])
def test_no_token_holds_a_character_and_a_piece_of_another(texts, rule):
    made = train_tokenizer(texts, TokenizerSettings(vocab_size=430, hanzi=rule))
    assert all(is_whole_or_one_beginning(token) for token in made.token_bytes)


def test_merges_learned_on_bytes_do_hold_pieces_of_characters():
    """The defect that learning on characters mends: with few lead bytes, 的 is joined with the next one's first."""
    from tokenizers import Regex, decoders, models, pre_tokenizers, trainers
    from tokenizers import Tokenizer as Engine

    text = "".join("的" + chr(0x6D00 + n % 40) for n in range(4000))
    engine = Engine(models.BPE())
    split = pre_tokenizers.Split(Regex(pattern("run")), "isolated")
    engine.pre_tokenizer = pre_tokenizers.Sequence(
        [split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    engine.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    engine.train_from_iterator(
        [text], trainers.BpeTrainer(vocab_size=290, initial_alphabet=alphabet, show_progress=False)
    )
    tokens = [bytes(merges_bytes(token)) for token in engine.get_vocab()]
    assert not all(is_whole_or_one_beginning(token) for token in tokens)
    ours = train_tokenizer([text], TokenizerSettings(vocab_size=296))
    assert all(is_whole_or_one_beginning(token) for token in ours.token_bytes)


def merges_bytes(token):
    from zaohua.tokenizer.symbols import SYMBOL_BYTES

    return [SYMBOL_BYTES[symbol] for symbol in token]


def test_characters_are_chosen_by_how_often_they_stand_and_joins_by_how_often_they_are_made():
    text = "甲乙" * 500 + "。" + "丙。" * 300 + "丁。" * 2
    tokens = [left + right for left, right in merges.learn([text], 256 + 8, pattern("run"))]
    assert {"甲".encode(), "乙".encode(), "丙".encode(), "。".encode()} <= set(tokens)
    assert "丁".encode() not in tokens
    assert len(tokens) == 8


def test_no_place_is_left_empty_while_the_text_gives_tokens():
    texts = [text_of(seed, 200) for seed in range(10)]
    largest = len(merges.learn(texts, 10_000, pattern("run")))
    for size in (0, 1, 2, 3, 50, 51, 52, 53, largest - 1, largest):
        assert len(merges.learn(texts, 256 + size, pattern("run"))) == size


@given(texts=st.lists(st.text(), max_size=4))
def test_characters_are_counted_as_they_stand(texts):
    counts = merges.character_counts(texts)
    joined = "".join(texts)
    assert counts.sum() == len(joined)
    assert all(counts[ord(character)] == joined.count(character) for character in set(joined))


def test_words_are_borders_for_learning_and_not_for_text():
    pytest.importorskip("rjieba")
    marked = bordered("我们在图书馆学习, ok。")
    assert WORD_BORDER in marked
    assert marked.replace(WORD_BORDER, "") == "我们在图书馆学习, ok。"
    made = train_tokenizer(["我们在图书馆学习。" * 100], TokenizerSettings(hanzi="words", vocab_size="auto"))
    tokens = {token.decode(errors="ignore") for token in made.token_bytes}
    assert "图书馆" in tokens
    assert not any("馆学" in token or WORD_BORDER in token for token in tokens)
    whole = train_tokenizer(["我们在图书馆学习。" * 100], TokenizerSettings(vocab_size="auto"))
    assert any("馆学" in token.decode(errors="ignore") for token in whole.token_bytes)


@pytest.mark.parametrize("kind", ["unigram", "wordpiece"])
def test_rare_characters_take_no_places(kind):
    text = text_of(5, 3000)
    made = learning.learn([text + "".join(map(chr, range(0x5000, 0x5800)))], kind, 440, "run")
    vocabulary = made["model"]["vocab"]
    assert 400 < len(vocabulary) <= 440
    assert any("学习" in token for token in readable(vocabulary))
    assert not any(chr(0x5400) in token for token in readable(vocabulary))


def readable(vocabulary):
    from zaohua.tokenizer.forms import UNIGRAM

    if isinstance(vocabulary, list):
        return [UNIGRAM.spell(token).decode(errors="ignore") for token, _ in vocabulary]
    return list(vocabulary)


def test_a_size_that_the_text_does_not_give_is_refused_for_every_kind(texts):
    for kind in SIZES:
        with pytest.raises(UserError, match="the most it gives is"):
            train_tokenizer(texts, TokenizerSettings(kind=kind, vocab_size=40_000))
