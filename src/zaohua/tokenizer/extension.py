"""A vocabulary made larger: by words of a list, or by merges learned on new text. What it knew keeps its ids.

A text without any of the new words, or without any of the new joins, gets the ids that it got before.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from zaohua.settings import UserError
from zaohua.tokenizer.characters import characters
from zaohua.tokenizer.definition import CHAT_TEMPLATE, SPECIALS, added
from zaohua.tokenizer.merges import LONGEST_TOKEN, spelled
from zaohua.tokenizer.tokenizer import Tokenizer
from zaohua.tokenizer.words import is_single

_FIRST = 0x10000  # the code point that stands for id 0 while merges of ids are learned
_BREAK = "\n"


class Extended(NamedTuple):
    """The larger tokenizer, and for each new id the old ids that its text had before."""

    tokenizer: Tokenizer
    pieces: dict[int, list[int]]


def extend(tokenizer: Tokenizer, words: Iterable[str]) -> Extended:
    """The tokenizer with a token for each of the words that has none yet.

    A word without hanzi counts only where it stands alone, so that `cat` does not cut `category`; one of hanzi
    wherever it stands, the longest first, so that 我想 hides 我 and 想.
    """
    known = {*tokenizer.words.ids, *tokenizer.specials}
    new = [word for word in dict.fromkeys(map(characters, words)) if word and word not in known]
    pieces = {word: tokenizer.encode(word) for word in new}
    new = [word for word in new if len(pieces[word]) > 1 or tokenizer.decode(pieces[word]) != word]
    start = tokenizer.vocab_size
    entries = [added(word, start + n, special=False, single_word=is_single(word)) for n, word in enumerate(new)]
    return Extended(
        _with(tokenizer, added_tokens=[*tokenizer.definition["added_tokens"], *entries]),
        {start + n: pieces[word] for n, word in enumerate(new)},
    )


def with_chat(tokenizer: Tokenizer) -> Extended:
    """The tokenizer with those of our special tokens that it lacks, so that it can end texts and hold conversations."""
    missing = [token for token in SPECIALS if token not in tokenizer.specials]
    start = tokenizer.vocab_size
    entries = [added(token, start + n, special=True) for n, token in enumerate(missing)]
    larger = _with(tokenizer, added_tokens=[*tokenizer.definition["added_tokens"], *entries])
    larger.chat_template = tokenizer.chat_template or CHAT_TEMPLATE
    return Extended(larger, {start + n: tokenizer.encode(token.strip("<|>")) for n, token in enumerate(missing)})


def grow(tokenizer: Tokenizer, texts: Sequence[str], count: int) -> Extended:
    """The tokenizer with up to `count` more merges, learned on texts from the tokens that it makes of them now.

    Raises UserError for a vocabulary that is no byte-level BPE with its merges in the order of their ids.
    """
    if tokenizer._bulk is None or tokenizer.definition["model"].get("ignore_merges"):
        raise UserError(
            "this vocabulary cannot grow by merges: only a byte-level BPE whose merges have the order of their ids can; "
            "give it words with --words instead"
        )
    model = tokenizer.definition["model"]
    names: dict[bytes, str] = {tokenizer.form.spell(token): token for token in model["vocab"]}
    vocabulary = dict(model["vocab"])
    for token in tokenizer.definition["added_tokens"]:  # they keep their ids, and the new ones follow
        vocabulary[token["content"]] = token["id"]
    merges = list(model["merges"])
    pieces: dict[int, list[int]] = {}
    made = {index: [index] for index in range(tokenizer.vocab_size)}
    ids_of = {tokenizer.token_bytes[index]: index for index in made if tokenizer.token_bytes[index]}
    for left, right in _joins(tokenizer, texts, count):
        spellings = [b"".join(tokenizer.token_bytes[ord(c) - _FIRST] for c in part) for part in (left, right)]
        first, second = spellings
        whole = first + second
        if len(pieces) >= count:
            break
        name = spelled(whole)
        if first not in ids_of or second not in ids_of or whole in names or name in vocabulary:
            continue
        if len(whole) > LONGEST_TOKEN or not _is_whole(whole):
            continue
        index = len(vocabulary)
        made[index] = made[ids_of[first]] + made[ids_of[second]]
        pieces[index] = made[index]
        names[whole], ids_of[whole], vocabulary[name] = name, index, index
        merges.append([spelled(first), spelled(second)])
    return Extended(_with(tokenizer, model={**model, "vocab": vocabulary, "merges": merges}), pieces)


def _with(tokenizer: Tokenizer, **changes: Any) -> Tokenizer:
    return Tokenizer(tokenizer.definition | changes, tokenizer.chat_template, tokenizer.preparation)


def _is_whole(token: bytes) -> bool:
    """Whether a token is whole characters, or the beginning of a single one."""
    try:
        token.decode()
    except UnicodeDecodeError as error:
        return error.start == 0 and error.end == len(token) and token[0] >= 0xC0
    return True


def _joins(tokenizer: Tokenizer, texts: Sequence[str], count: int) -> list[list[str]]:
    """Merges learned on the tokens of texts, each token a character, within the pieces that the text is cut into."""
    from json import loads

    from tokenizers import Tokenizer as Engine
    from tokenizers import models, pre_tokenizers, trainers

    cut = tokenizer._engine.pre_tokenizer
    assert cut is not None
    written: dict[str, str] = {}

    def as_ids(text: str) -> str:
        parts = []
        for piece, _ in cut.pre_tokenize_str(text):
            if piece not in written:
                tokens = tokenizer._engine.model.tokenize(piece)
                written[piece] = "".join(chr(_FIRST + token.id) for token in tokens)
            parts.append(written[piece])
        return _BREAK.join(parts)

    sample = [as_ids(characters(text)) for text in texts]
    engine = Engine(models.BPE())
    engine.pre_tokenizer = pre_tokenizers.Split(_BREAK, "removed")  # pyright: ignore[reportAttributeAccessIssue]
    trainer = trainers.BpeTrainer(
        vocab_size=len({c for text in sample for c in text}) + 2 * count,  # some join parts of characters: left out
        min_frequency=2,
        show_progress=False,
        special_tokens=[],
    )
    engine.train_from_iterator(sample, trainer)
    return loads(engine.to_str())["model"]["merges"]
