"""A vocabulary made larger: by words of a list, or by merges learned on new text. What it knew keeps its ids.

A text without any of the new words, or without any of the new joins, gets the ids that it got before.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from zaohua.settings import UserError
from zaohua.tokenizer.characters import characters
from zaohua.tokenizer.definition import CHAT_TEMPLATE, SPECIALS, added
from zaohua.tokenizer.merges import LONGEST_TOKEN, joined, spelled
from zaohua.tokenizer.tokenizer import Tokenizer
from zaohua.tokenizer.words import is_single

_FIRST = 0x10000  # the code point that stands for the first unit while merges of units are learned
_BREAK = "\n"


class Extended(NamedTuple):
    """The larger tokenizer, and for each new id the old ids that its text had before."""

    tokenizer: Tokenizer
    pieces: dict[int, list[int]]


def extended(
    tokenizer: Tokenizer, *, words: Iterable[str] = (), texts: Sequence[str] = (), merges: int = 0, chat: bool = False
) -> Extended:
    """The tokenizer with our special tokens (`chat`), then more `merges` learned on texts, then words.

    The pieces of each new id are ids of the tokenizer that was given.
    """
    pieces: dict[int, list[int]] = {}
    for step in (
        with_chat if chat else None,
        (lambda before: grow(before, texts, merges)) if merges else None,
        lambda before: extend(before, words),
    ):
        if step is None:
            continue
        tokenizer, new = step(tokenizer)
        for index, old in new.items():
            pieces[index] = [first for each in old for first in pieces.get(each, [each])]
    return Extended(tokenizer, pieces)


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
            "this vocabulary cannot grow by merges: only a byte-level BPE with merges in the order of their ids can; "
            "give it words with --words instead",
            "这个词表不能靠合并扩充：只有合并按编号排列的字节级 BPE 才可以；请改用 --words 添加词",
        )
    growing = _Growing(tokenizer, count)
    spellings: dict[str, bytes] = {}  # unit -> its bytes: a token of whole characters, or the tokens of a character
    sample = _in_units(tokenizer, texts, spellings, growing)
    if not sample:
        return Extended(tokenizer, {})
    from tokenizers import pre_tokenizers

    counts = Counter("".join(sample))
    split = [unit for unit in spellings if len(growing.old[spellings[unit]]) > 1 and counts[unit] > 1]
    split.sort(key=lambda unit: (-counts[unit], unit))
    joins, uses = joined(sample, pre_tokenizers.Split(_BREAK, "removed"), len(spellings) + count)
    waiting = iter([*split, None])
    unit = next(waiting)
    for (left, right), use in zip(joins, uses, strict=True):
        while unit is not None and counts[unit] >= use:
            growing.add_character(spellings[unit])
            unit = next(waiting)
        first, second = (b"".join(map(spellings.__getitem__, part)) for part in (left, right))
        for part in (first, second):
            growing.add_character(part)
        growing.add(first, second)
    while unit is not None:
        growing.add_character(spellings[unit])
        unit = next(waiting)
    return Extended(growing.finished(), growing.pieces)


class _Growing:
    """A vocabulary while merges are added to it. What does not fit, is too long or has no parts is passed over."""

    def __init__(self, tokenizer: Tokenizer, count: int) -> None:
        model = tokenizer.definition["model"]
        self.tokenizer, self.count = tokenizer, count
        self.vocabulary: dict[str, int] = dict(model["vocab"])
        for token in tokenizer.definition["added_tokens"]:  # they keep their ids, and the new ones follow
            self.vocabulary[token["content"]] = token["id"]
        self.merges: list[Any] = list(model["merges"])
        plain = {name: index for name, index in model["vocab"].items() if name not in tokenizer.specials}
        self.ids = {tokenizer.form.spell(name): index for name, index in plain.items()}
        self.pieces: dict[int, list[int]] = {}
        self.old: dict[bytes, list[int]] = {}  # the old tokens of a text that is one unit

    def add(self, first: bytes, second: bytes) -> None:
        """A token for two that follow each other."""
        whole, name = first + second, spelled(first + second)
        if len(self.pieces) >= self.count or not {first, second} <= self.ids.keys() or whole in self.ids:
            return
        if len(whole) > LONGEST_TOKEN or name in self.vocabulary:
            return
        index = self.ids[whole] = self.vocabulary[name] = len(self.vocabulary)
        self.pieces[index] = [
            old for part in (first, second) for old in self.pieces.get(self.ids[part], [self.ids[part]])
        ]
        self.merges.append([spelled(first), spelled(second)])

    def add_character(self, character: bytes) -> None:
        """A token for a character that was several, by way of its beginnings."""
        tokens = self.old.get(character, [])
        begun = b""
        for token in (self.tokenizer.token_bytes[index] for index in tokens):
            if begun:
                self.add(begun, token)
            begun += token

    def finished(self) -> Tokenizer:
        model = self.tokenizer.definition["model"]
        return _with(self.tokenizer, model={**model, "vocab": self.vocabulary, "merges": self.merges})


def _with(tokenizer: Tokenizer, **changes: Any) -> Tokenizer:
    return Tokenizer(tokenizer.definition | changes, tokenizer.chat_template, tokenizer.preparation)


def _in_units(tokenizer: Tokenizer, texts: Sequence[str], spellings: dict[str, bytes], growing: _Growing) -> list[str]:
    """Texts with one character for each unit: a token of whole characters, or a character that several tokens spell.

    So no merge joins one character with a part of the next. Pieces that merges stay within are parted by _BREAK.
    """
    cut, model = tokenizer._engine.pre_tokenizer, tokenizer._engine.model
    assert cut is not None
    names: dict[bytes, str] = {}
    written: dict[str, str] = {}

    def units(piece: str) -> str:
        found = []
        held: list[int] = []
        for token in model.tokenize(piece):
            held.append(token.id)
            text = b"".join(tokenizer.token_bytes[index] for index in held)
            if _is_text(text):
                if text not in names:
                    names[text] = chr(_FIRST + len(names))
                    spellings[names[text]] = text
                    growing.old[text] = held
                found.append(names[text])
                held = []
        return "".join(found)

    sample = []
    for text in texts:
        parts = []
        for piece, _ in cut.pre_tokenize_str(characters(text)):
            if piece not in written:
                written[piece] = units(piece)
            parts.append(written[piece])
        sample.append(_BREAK.join(parts))
    return sample


def _is_text(token: bytes) -> bool:
    try:
        token.decode()
    except UnicodeDecodeError:
        return False
    return True
