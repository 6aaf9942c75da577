"""Made-up text of both languages, and strings that tokenizers stumble over."""

import random

WORDS = """the cat sat on a mat and didn't see that we're late it's fine they'll come I'd say you've won
他们 今天 在 图书馆 学习 中文 小猫 坐在 垫子 上 没有 看见 我们 已经 迟到 了 天气 很好 下雨 吗
， 。 ！ ？ 、 ： ； “ ” —— …… . , ! ? ; : ( ) - 3 14 2024 ０ １ ① 😀 👩‍👩‍👧 é café مرحبا שלום こんにちは 안녕하세요"""
ENGLISH, CHINESE, MARKS = (line.split(" ") for line in WORDS.split("\n"))
MARKS += ["\n", "\n\n"]

PIECES = [
    *ENGLISH,
    *CHINESE,
    *MARKS,
    " ",
    "  ",
    "\t",
    "\r\n",
    "\u3000",
    "e\u0301",
    "'",
    "’s",
    "𠮷",
    "〇",
    "々",
    "\u200d",
]


def text_of(seed: int, length: int) -> str:
    """Words of both languages with marks between them, the same for the same seed."""
    chance = random.Random(seed)
    words = []
    for _ in range(length):
        words.append(chance.choice(chance.choice((ENGLISH, CHINESE, MARKS))))
        words.append(" " if chance.random() < 0.5 else "")
    return "".join(words)


def hard_strings(count: int, seed: int = 7) -> list[str]:
    """Short strings of pieces that tokenizers are known to stumble over."""
    chance = random.Random(seed)
    return ["".join(chance.choices(PIECES, k=chance.randrange(1, 12))) for _ in range(count)]
