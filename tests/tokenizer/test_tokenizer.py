"""Text to ids and back without loss; special tokens that text cannot forge; files that load whole or not at all."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strings import hard_strings, text_of

from zaohua.settings import UserError
from zaohua.tokenizer.definition import DEFINITION, SPECIALS, STYLE
from zaohua.tokenizer.tokenizer import Tokenizer

any_text = st.text() | st.lists(st.sampled_from(hard_strings(200))).map("".join)


@given(text=any_text)
def test_decoding_gives_the_text_back(tokenizer, text):
    assert tokenizer.decode(tokenizer.encode(text)) == text


@given(data=st.binary())
def test_every_byte_has_an_id(tokenizer, data):
    ids = [tokenizer.token_bytes.index(bytes([byte])) for byte in data]
    assert tokenizer.decode(ids) == data.decode("utf-8", "replace")


def test_a_lone_surrogate_becomes_the_replacement_character_and_a_pair_its_character(tokenizer):
    assert tokenizer.decode(tokenizer.encode("a\ud800b")) == "a\ufffdb"
    assert tokenizer.decode(tokenizer.encode("\ud83d\ude00")) == "😀"
    assert tokenizer.encode_batch(["a\ud800b"]) == [tokenizer.encode("a\ufffdb")]


@given(text=any_text, special=st.sampled_from(SPECIALS))
def test_text_never_yields_a_special_id(tokenizer, text, special):
    spelled = text + special + text
    ids = tokenizer.encode(spelled)
    assert max(ids) < min(tokenizer.specials.values())
    assert tokenizer.decode(ids) == spelled


def test_special_tokens_have_the_last_ids(tokenizer):
    size = tokenizer.vocab_size
    assert list(tokenizer.specials.items()) == [(token, size - 6 + n) for n, token in enumerate(SPECIALS)]
    assert tokenizer.end_of_text == size - 6
    assert tokenizer.token_bytes[-6:] == [b""] * 6
    assert len(tokenizer.token_bytes) == size == 500


def test_special_tokens_are_left_out_or_spelled(tokenizer):
    ids = [tokenizer.end_of_text, *tokenizer.encode("hi"), tokenizer.specials["<|end|>"]]
    assert tokenizer.decode(ids) == "hi"
    assert tokenizer.decode(ids, skip_specials=False) == "<|endoftext|>hi<|end|>"


@pytest.mark.parametrize("index", [-1, 500])
def test_an_id_outside_the_vocabulary_is_an_error(tokenizer, index):
    with pytest.raises(ValueError, match=f"id {index}"):
        tokenizer.decode([index])


def test_both_engines_give_the_same_ids(tokenizer):
    strings = hard_strings(3000) + [text_of(seed, 300) for seed in range(100, 140)]
    one_by_one = [tokenizer.encode(text) for text in strings]
    assert sum(map(len, strings)) > 50_000
    assert tokenizer.encode_batch(strings) == one_by_one
    assert [tokenizer._bulk.encode_ordinary(text) for text in strings] == one_by_one


@given(text=any_text)
def test_both_engines_give_the_same_ids_for_any_text(tokenizer, text):
    assert tokenizer._bulk.encode_ordinary(text) == tokenizer.encode(text)


def test_a_large_batch_takes_the_fast_engine_and_a_small_one_does_not(tokenizer, monkeypatch):
    class Engine:
        def encode_ordinary(self, text):
            return ["bulk", text[0]]

    monkeypatch.setitem(tokenizer.__dict__, "_bulk", Engine())
    assert tokenizer.encode_batch([letter * 10_000 for letter in "abcdefghi"]) == [
        ["bulk", letter] for letter in "abcdefghi"
    ]
    assert tokenizer.encode_batch(["a"]) == [tokenizer.encode("a")]


def test_a_saved_tokenizer_loads_equal(tokenizer, tmp_path):
    tokenizer.save(tmp_path)
    again = Tokenizer.load(tmp_path)
    assert again.digest == tokenizer.digest
    assert again.token_bytes == tokenizer.token_bytes
    assert again.chat_template == tokenizer.chat_template
    assert [again.encode(text) for text in hard_strings(50)] == [tokenizer.encode(text) for text in hard_strings(50)]


def test_the_digest_follows_the_vocabulary_and_not_the_formatting(tokenizer, tmp_path):
    tokenizer.save(tmp_path)
    path = tmp_path / DEFINITION
    path.write_text(json.dumps(json.loads(path.read_text())))
    assert Tokenizer.load(tmp_path).digest == tokenizer.digest
    definition = json.loads(path.read_text())
    vocabulary = definition["model"]["vocab"]
    first, second = list(vocabulary)[:2]
    vocabulary[first], vocabulary[second] = vocabulary[second], vocabulary[first]
    path.write_text(json.dumps(definition))
    assert Tokenizer.load(tmp_path).digest != tokenizer.digest


def break_json(text):
    return text[: len(text) // 2]


def change(**changes):
    return lambda text: json.dumps(json.loads(text) | changes)


def in_model(**changes):
    return lambda text: json.dumps(
        (content := json.loads(text)) | {"model": content["model"] | changes},
    )


def with_expression(expression):
    def changed(text):
        content = json.loads(text)
        content["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = expression
        return json.dumps(content)

    return changed


@pytest.mark.parametrize(
    "damage",
    [
        break_json,
        lambda text: "[]",
        lambda text: "{}",
        change(added_tokens=[]),
        change(normalizer={"type": "NFKC"}),
        change(pre_tokenizer=None),
        in_model(type="WordPiece"),
        in_model(merges=[]),
        in_model(merges=[["a", "b"]] * 238),
        in_model(vocab={"a": 0}),
        with_expression("(a+)+$"),
    ],
)
def test_a_damaged_definition_is_refused_in_one_sentence(tokenizer, tmp_path, damage):
    tokenizer.save(tmp_path)
    path = tmp_path / DEFINITION
    path.write_text(damage(path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(UserError, match=r"tokenizer\.json"):
        Tokenizer.load(tmp_path)


@pytest.mark.parametrize("name", [DEFINITION, STYLE])
def test_a_missing_file_is_named(tokenizer, tmp_path, name):
    tokenizer.save(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(UserError, match=name):
        Tokenizer.load(tmp_path)


def test_a_config_without_a_chat_template_is_refused(tokenizer, tmp_path):
    tokenizer.save(tmp_path)
    (tmp_path / STYLE).write_text("{}")
    with pytest.raises(UserError, match="chat_template"):
        Tokenizer.load(tmp_path)
