"""Words added to a vocabulary: how they are read from a list, and cut out of a text before the engine sees the rest."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

from zaohua.settings import UserError
from zaohua.tokenizer.characters import in_word

_HANZI = re.compile("[\u2e80-\u2fdf\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd]")
_LONGEST = 64  # characters
_COMMENT = re.compile(r"(?:^|\s)#.*")
_COLUMN = re.compile(r"\t|\D[\s,，]+\d+(?:\.\d+)?(?:\s+[a-z]+)?$")  # a frequency, and the part of speech behind it


class AddedWords:
    """Words and their ids. The leftmost is taken, of several the longest, as `tokenizers` does with added tokens.

    A word in `single` counts only where no letter, mark or digit touches it. If one does, the text of the word is
    passed over whole: a shorter word in it is not looked for.
    """

    def __init__(self, ids: Mapping[str, int], single: Collection[str]) -> None:
        self.ids, self.single = dict(ids), frozenset(single)
        self._lengths: dict[str, list[int]] = {}
        for word in ids:
            lengths = self._lengths.setdefault(word[0], [])
            if len(word) not in lengths:
                lengths.append(len(word))
        for lengths in self._lengths.values():
            lengths.sort(reverse=True)
        self._starts = re.compile("[" + "".join(map(re.escape, self._lengths)) + "]") if ids else None

    def __bool__(self) -> bool:
        return bool(self.ids)

    def encode(self, text: str, plain: Callable[[str], list[int]]) -> list[int]:
        """The ids of a text: the words' own, and between them what `plain` gives for the rest, part by part."""
        ids: list[int] = []
        start = 0
        for first, end in self._found(text):
            if start < first:
                ids += plain(text[start:first])
            ids.append(self.ids[text[first:end]])
            start = end
        if start < len(text):
            ids += plain(text[start:])
        return ids

    def _found(self, text: str) -> Iterator[tuple[int, int]]:
        place = 0
        while self._starts and (candidate := self._starts.search(text, place)):
            first = candidate.start()
            place = first + 1
            for length in self._lengths[text[first]]:
                if text[first : first + length] in self.ids:
                    place = first + length
                    if self._stands_alone(text, first, place):
                        yield first, place
                    break

    def _stands_alone(self, text: str, first: int, end: int) -> bool:
        if text[first:end] not in self.single:
            return True
        return not (first and in_word(text[first - 1])) and not (end < len(text) and in_word(text[end]))


def read_words(path: Path) -> list[str]:
    """The words of a list, one a line; empty lines, repeated words and comments are passed over: what follows a # that
    begins a line or stands after white space.

    Raises UserError for a file that is no UTF-8 text, holds no word, a line too long for one, or a second column.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"{path} cannot be read as UTF-8 text ({error}): give a list with one word a line",
            f"无法把 {path} 作为 UTF-8 文本读取（{error}）：请给出每行一个词的列表",
        ) from None
    words: dict[str, None] = {}
    for number, line in enumerate(lines, 1):
        word = _COMMENT.sub("", line).strip()
        if not word:
            continue
        if len(word) > _LONGEST:
            raise UserError(
                f"line {number} of {path} has {len(word)} characters: give one word a line",
                f"{path} 第 {number} 行有 {len(word)} 个字符：请每行只写一个词",
            )
        if _COLUMN.search(word):
            raise UserError(
                f"line {number} of {path} has more than a word: {word!r}; give one word a line, no frequency",
                f"{path} 第 {number} 行不止一个词：{word!r}；请每行只写一个词，不要词频",
            )
        words[word] = None
    if not words:
        raise UserError(
            f"{path} holds no word: give a list with one word a line", f"{path} 里没有词：请给出每行一个词的列表"
        )
    return list(words)


def is_single(word: str) -> bool:
    """Whether a word counts only where it stands alone: so does one without hanzi, lest `cat` cut `category`."""
    return not _HANZI.search(word)
