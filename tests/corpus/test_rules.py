"""Every rule of every preset drops a made text that nothing else is wrong with, and verdicts hang on the text alone."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.corpus.presets import PRESETS
from zaohua.corpus.rules import EDITS, EMPTY, RULES, Dropped, Kept, Prepared, broken, judge, values
from zaohua.corpus.words import WORDS, WordMode

LETTERS = "abcdefghijklmnopqrstuvwxyz"
HAN = [chr(code) for code in range(0x4E00, 0x4E00 + 3000)]
_TWOS = (
    "今天天气公园散步朋友回家吃饭学校老师学生城市农村经济发展社会历史文化音乐电影故事小说作者读者问题"
    "答案时间地点人物事情方法结果原因目标计划工作生活健康医院医生护士司机火车飞机汽车道路桥梁河流山峰"
    "海洋天空太阳月亮星星春天夏天秋天冬天早晨中午晚上昨天明天苹果香蕉西瓜葡萄面包牛奶咖啡茶叶桌子椅子"
    "窗户房间厨房花园树木森林动物植物科学技术数学物理化学语言文字报纸杂志电话电脑手机网络新闻消息国家"
    "政府法律银行商店市场价格质量服务顾客公司经理工人农民军队战争和平自由平等友谊爱情家庭父母孩子兄弟"
    "姐妹邻居客人主人礼物"
)
PHRASES = [_TWOS[place : place + 2] for place in range(0, len(_TWOS), 2)]


class Maker:
    """Words, lines and texts without fault, drawn from a seed; no word comes twice unless asked for."""

    def __init__(self, seed: int, chinese: bool) -> None:
        self.random = Random(seed)
        self.chinese = chinese
        self.used: set[str] = set()
        self.stop = iter(["的", "是", "在", "和"] * 100) if chinese else iter(["the", "and", "of", "with"] * 100)
        self.left: list[str] = []

    def word(self, low: int = 3, high: int = 7) -> str:
        """A word that has not come yet."""
        if self.chinese:
            low, high = min(low, 3), min(high, 4)
        while True:
            word = "".join(self.random.choices(LETTERS, k=self.random.randint(low, high)))
            if word not in self.used:
                self.used.add(word)
                return word

    def words(self, count: int, low: int = 3, high: int = 7) -> str:
        """Words with spaces between them."""
        return " ".join(self.word(low, high) for _ in range(count))

    def line(self, count: int = 11, end: str | None = None) -> str:
        """A sentence with two stop words in it."""
        end = ("。" if self.chinese else ".") if end is None else end
        one, two, rest = next(self.stop), next(self.stop), count - count // 2 - count // 3
        return f"{self.words(count // 2)} {one} {self.words(count // 3)} {two} {self.words(rest)}{end}"

    def lines(self, count: int) -> list[str]:
        """Sentences."""
        return [self.line() for _ in range(count)]


def runs(maker: Maker, length: int) -> list[str]:
    """Lines in which runs of `length` words come again, each twice, between words that do not."""
    phrases = [maker.words(length, 4, 4) for _ in range(12)]
    return [f"{maker.word()} {phrase} {maker.words(3)}." for phrase in phrases + phrases]


def often(maker: Maker, length: int) -> list[str]:
    """Lines in which one run of `length` words comes again and again between words that do not."""
    phrase = maker.words(length, 4, 4)
    return [" ".join(f"{phrase} {maker.word()}" for _ in range(4)) + "." for _ in range(6)]


def between(lines: list[str], others: list[str]) -> list[str]:
    """Each of the first with one of the others behind it, as long as there are any."""
    return [line for index, line in enumerate(lines) for line in (line, *others[index : index + 1])]


def words_made(maker: Maker) -> dict[str, Callable[[int], str]]:
    """For each rule on words and lines a text that breaks it, thinned by so many lines without fault."""
    m = maker

    def thinned(lines: Callable[[], list[str]]) -> Callable[[int], str]:
        return lambda more: "\n".join([*m.lines(more), *lines()])

    def twice() -> list[str]:
        long = m.word(3, 3) * (12 if m.chinese else 50)
        pair = m.words(4, 4, 4)  # what is the most frequent run in place of one with the long word
        return [long, f"{pair} {m.words(4)}.", m.line(), f"{m.words(4)} {pair}", long]

    return {
        "duplicate_paragraphs": lambda more: "\n\n".join(
            between(["\n".join(m.lines(3)) for _ in range(10 + more)], [m.word()] * 9)
        ),
        "duplicate_paragraph_characters": lambda more: "\n\n".join(
            [
                " " + (lines := twice())[0],
                *m.lines(more),
                *lines[1:],
            ]  # paragraphs are alike without the space, lines not
        ),
        "duplicate_lines": lambda more: "\n".join(between(m.lines(10 + more), [m.word()] * 9)),
        "duplicate_line_characters": thinned(twice),
        **{f"top_{n}gram": thinned(lambda n=n: often(m, n)) for n in (2, 3, 4)},
        **{f"duplicate_{n}grams": thinned(lambda n=n: runs(m, n)) for n in range(5, 11)},
        "words": lambda more: "\n".join([m.line(6) for _ in range(5)]),
        "mean_word_length": lambda more: "\n".join(
            " ".join("".join(m.random.sample(LETTERS, 9 if m.chinese else 2)) for _ in range(11)) + f" {next(m.stop)}."
            for _ in range(7)
        ),
        "hashes_per_word": lambda more: "\n".join(f"{m.words(5)} # {m.words(5)} # {m.line(3)}" for _ in range(8)),
        "ellipses_per_word": lambda more: "\n".join(
            " ".join(f"{m.words(5)}..." for _ in range(3)) + f" {m.line(3)}" for _ in range(8)
        ),
        "bullet_lines": lambda more: "\n".join("- " + line for line in m.lines(12)),
        "ellipsis_lines": lambda more: "\n".join(
            [*m.lines(8), *(line + ".." for line in (m.line(end=".") for _ in range(5)))]
        ),
        "alphabetic_words": lambda more: "\n".join(
            f"{m.words(3)} {' '.join(str(m.random.randint(100, 999)) for _ in range(4))} {m.line(4)}" for _ in range(9)
        ),
        "english_stop_words": lambda more: "\n".join(f"{m.words(12)}." for _ in range(10)),
        "chinese_stop_words": lambda more: "\n".join(f"{m.words(12)}。" for _ in range(10)),
        "lorem_ipsum": lambda more: "\n".join([*m.lines(8), f"Lorem ipsum {m.line()}"]),
        "curly_brackets": lambda more: "\n".join([*m.lines(8), f"{m.word()} {{ {m.line()}"]),
        "sentences": lambda more: "\n".join(m.line(20) for _ in range(4)),
        "punctuated_lines": lambda more: "\n".join([*(m.line(end="") for _ in range(14)), m.line()]),
        "short_lines": lambda more: "\n".join([*m.lines(2), *(f"{m.words(5, 3, 3)}." for _ in range(9)), m.line(3)]),
        "repeated_line_characters": lambda more: "\n".join(
            [
                *(m.line(6) for _ in range(18)),
                *(lines := [f"{m.words(3, 4, 4)}。" for _ in range(6)]),
                m.line(6),
                *lines,
            ]
            if m.chinese
            else between(m.lines(8 + more), [f"{m.words(3, 4, 4)}."] * 2)
        ),
        "newlines_per_word": lambda more: (
            "\n\n".join(m.line(6) for _ in range(14))
            if m.chinese
            else "\n".join(
                [
                    f"the {m.word(14, 14)} and {m.word(14, 14)}.",
                    *(m.words(3, 10, 10) + end for end in ["", "", "", "", "", "", "."] * 7),
                ]
            )
        ),
    }


def prose(random: Random, words: int, parts: list[str] = PHRASES, every: int = 6) -> str:
    """Chinese words in any order with punctuation between them."""
    drawn = [random.choice(parts) for _ in range(words)]
    return "".join(
        word + ("。" if index % (2 * every) == 0 else "，" if index % every == 0 else "")
        for index, word in enumerate(drawn, 1)
    )


def characters_made(random: Random) -> dict[str, Callable[[int], str]]:
    """For each rule on Chinese characters a text that breaks it, thinned by so much text without fault."""

    def signs(sign: str) -> str:
        words = random.sample(PHRASES, 100)
        return "".join(f"{one}{two}{sign}" for one, two in zip(words[::2], words[1::2], strict=True)) + "。好。"

    def units(length: int) -> Callable[[int], str]:
        unit = "".join(random.sample(HAN, length))
        return lambda more: "".join(unit + sign for sign in random.sample(HAN, 16)) + prose(random, 26 + 5 * more)

    def doubled(length: int) -> Callable[[int], str]:
        pieces = ["".join(random.sample(PHRASES, 5))[:length] for _ in range(25)]
        return lambda more: "".join(piece + random.choice(HAN) for piece in pieces * 2) + prose(random, 26 + more)

    return {
        "bracketed_characters": lambda more: prose(random, 60) + "【" + prose(random, 20) + "】",
        "ended_sentences": lambda more: prose(random, 60).replace("。", "，"),
        "folded_characters": lambda more: prose(random, 16),
        "mean_word_length": lambda more: " ".join(random.sample(HAN, 150)) + "。一 二。",
        "hash_runs": lambda more: signs("#"),
        "ellipsis_runs": lambda more: signs("…"),
        "digits": lambda more: (
            "，".join(f"{word}{random.randint(100, 999)}" for word in random.sample(PHRASES, 40)) + "。好。"
        ),
        "read_more_lines": lambda more: "\n".join(
            prose(random, 13) + random.choice(("展开", "更多", "")) for _ in range(14)
        ),
        "marked_lines": lambda more: "\n".join("●" + prose(random, 13) for _ in range(8)),
        "punctuation": lambda more: prose(random, 60).replace("。", " ").replace("，", " "),
        "distinct_characters": lambda more: prose(random, 380, PHRASES[:28]),
        "character_entropy": lambda more: prose(random, 42, PHRASES[:6], 9),
        **{f"top_character_{n}gram": units(n) for n in (2, 3, 4)},
        **{f"covered_{n}grams": doubled(n) for n in range(5, 11)},
        "characters": lambda more: prose(random, 70),
        "mean_line_length": lambda more: "\n".join(prose(random, 4) for _ in range(40)),
        "han_characters": lambda more: prose(random, 50) + Maker(1, False).words(70),
        "repeated_13grams": lambda more: (text := prose(random, 80)) + text + prose(random, 20),
    }


def default_made(random: Random) -> dict[str, Callable[[int], str]]:
    """For each rule of the default preset a text that breaks it alone."""
    m = Maker(3, False)
    return {
        "unreadable_characters": lambda more: prose(random, 80) + "\ufffd" * 6,
        "misread_characters": lambda more: prose(random, 60) + "锛銆鐨锛銆鐨锛銆鐨",
        "letters": lambda more: " ".join(
            [*m.words(8).split(), *("".join(random.choices("+*/=<>|~^%", k=20)) for _ in range(10))]
        ),
        "top_character": lambda more: m.words(10) + "a" * 60,
        "numerals": lambda more: " ".join(str(random.randint(10**6, 10**7)) for _ in range(40)) + m.words(6),
        "long_run_characters": lambda more: "\n".join(m.lines(4)) + "".join(random.choices(LETTERS, k=300)),
        "link_characters": lambda more: (
            "\n".join(f"https://{m.word(6, 7)}.org/{m.word(7, 7)}" for _ in range(9)) + m.line()
        ),
        "markup_characters": lambda more: "".join(
            f"<{m.word()} {m.word()}='{m.word()}'>{m.word()}</{m.word()}>\n" for _ in range(14)
        ),
        "duplicate_line_characters": lambda more: "\n".join(random.choice(HAN[:50]) * 6 for _ in range(300)),
        "repeated_passages": lambda more: (text := m.words(60)) + " " + text,
        "top_passage": lambda more: ". ".join(f"Access all records of number {m.word(5, 5)}" for _ in range(30)),
    }


FOLLOWS: dict[tuple[str, str], set[str]] = {
    ("map-cc", "punctuation"): {"ended_sentences"},  # without punctuation no sentence ends
    **{("map-cc", f"covered_{n}grams"): {f"covered_{k}grams" for k in range(5, n)} for n in range(6, 11)},
}
"""What a preset's own limits make a rule never break alone: a run of 10 that comes again holds runs of 9 that do."""

CASES = [(name, rule) for name, preset in PRESETS.items() for rule in preset["rules"] if rule not in EDITS]


def candidates(name: str, rule: str) -> Iterator[str]:
    """Texts meant to break a rule, from the most to the least spoilt."""
    for more in range(60):
        chinese = PRESETS[name]["languages"] == ("zh",)
        if name == "default":
            makers = default_made(Random(more))
        elif name in ("map-cc", "chinesewebtext"):
            makers = characters_made(Random(more))
        else:
            makers = words_made(Maker(more, chinese))
        yield makers[rule](more)


@pytest.mark.parametrize(("name", "rule"), CASES)
def test_every_rule_drops_a_text_that_nothing_else_is_wrong_with(name, rule):
    """Rules that tested a tuple, or were never called, have dropped nothing for years elsewhere."""
    preset = PRESETS[name]
    if rule == "language":
        text = "\n".join(Maker(0, False).lines(9)) if "en" in preset["languages"] else prose(Random(0), 120)
        language, score = preset["languages"][0], preset["rules"]["language"]["min"] - 0.01
        assert judge(text, preset, language, score) == Dropped("language", score, score + 0.01, "min")
        return
    wanted = FOLLOWS.get((name, rule), set()) | {rule}
    found = []
    for text in candidates(name, rule):
        found.append(broken(values(text, preset), preset))
        if set(found[-1]) == wanted:
            break
    else:
        pytest.fail(f"no text broke {rule} alone; the first broke {found[:3]}, the last {found[-1]}")
    verdict = judge(text, preset)
    assert isinstance(verdict, Dropped)
    assert verdict.rule == found[-1][0]
    limit = preset["rules"][verdict.rule][verdict.side]
    assert verdict.limit == limit
    assert verdict.value > limit if verdict.side == "max" else verdict.value < limit


@pytest.mark.parametrize("name", PRESETS)
def test_a_text_without_fault_is_kept(name):
    if PRESETS[name]["languages"] == ("zh",) and name != "fineweb2-zh":
        text = prose(Random(5), 120)
    else:
        text = "\n".join(Maker(5, name == "fineweb2-zh").lines(12))
    assert judge(text, PRESETS[name]) == Kept(text)
    assert broken(values(text, PRESETS[name]), PRESETS[name]) == []


@pytest.mark.parametrize(
    "text",
    [
        "床前明月光，疑是地上霜。\n举头望明月，低头思故乡。",
        "你好！",
        "What is the capital of France?",
        "嗯嗯",
        "“去吗？”\n“去。”",
        "3 + 4 = 7",
    ],
)
def test_the_default_keeps_short_texts(text):
    assert judge(text, PRESETS["default"]) == Kept(text)


@pytest.mark.parametrize("text", ["", " \n\t", "\n\n\n", "\u3000"])
def test_an_empty_text_is_dropped_as_empty_by_every_preset_with_a_rule(text):
    for name, preset in PRESETS.items():
        verdict = judge(text, preset)
        assert verdict == (Kept(text) if name == "none" else Dropped(EMPTY, 0, 1, "min"))


TEXTS = [
    "\n".join(Maker(8, False).lines(9)),
    prose(Random(8), 150) + " 12 cents. " + prose(Random(9), 30),
    "【广 告】查看 https://example.com 的 lorem ipsum { 1 2 3 } … # # <b> 全文 展开",
    "The cat sat. The cat sat! #1 … the   cat    sat ... (the cat) 3.5 don't",
]


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if not rule.about_lines])
@pytest.mark.parametrize("mode", list(WORDS))
def test_what_is_not_about_lines_does_not_hang_on_where_they_break(name: str, mode: WordMode):
    """Sensitive words by line made a verdict hang on the layout elsewhere."""
    for seed, text in enumerate(TEXTS):
        random = Random(seed)
        laid_out = "".join("\n" if letter == " " and random.random() < 0.5 else letter for letter in text)
        assert laid_out != text or " " not in text
        assert RULES[name].measure(Prepared(laid_out, mode)) == RULES[name].measure(Prepared(text, mode))


def test_verdicts_do_not_hang_on_the_order_of_documents_or_on_the_process():
    """Elsewhere a draw from a generator in document order decided, so that sharding changed the corpus."""
    code = (
        "from test_rules import *; "
        "print([(judge(text, preset), values(text, preset)) for preset in PRESETS.values() for text in TEXTS])"
    )
    here = os.path.dirname(__file__)
    answers = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join([here, *sys.path])},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert answers[0] == answers[1]
    forwards = {text: judge(text, PRESETS["fineweb"]) for text in TEXTS}
    assert {text: judge(text, PRESETS["fineweb"]) for text in reversed(TEXTS)} == forwards


def test_a_text_of_which_the_edit_leaves_nothing_is_dropped_as_empty():
    assert judge("Home About\nContact", PRESETS["c4"]) == Dropped(EMPTY, 0, 1, "min")


def test_edited_lines_are_what_goes_on():
    text = "\n".join([*Maker(4, False).lines(9), "Home About"])
    verdict = judge(text, PRESETS["c4"])
    assert verdict == Kept(text.removesuffix("\nHome About"), {"unpunctuated": 1})


def test_the_first_rule_of_the_preset_is_the_reason():
    text = "word " * 40
    found = broken(values(text, PRESETS["gopher"]), PRESETS["gopher"])
    verdict = judge(text, PRESETS["gopher"])
    assert isinstance(verdict, Dropped)
    assert len(found) > 3
    assert verdict.rule == found[0]


@pytest.mark.parametrize("name", PRESETS)
@given(text=st.text() | st.text(alphabet="ab 的。\n#…-{\u2028\ud800\U0001f600", max_size=200))
def test_no_text_is_too_strange(name, text):
    verdict = judge(text, PRESETS[name])
    measured = values(text, PRESETS[name])
    assert isinstance(verdict, Kept) == (not broken(measured, PRESETS[name]))
    assert all(value == value for value in measured.values())


@pytest.mark.slow
@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("piece", ["word ", "天地玄黄，宇宙洪荒。", None], ids=["one word", "one line", "prose"])
def test_a_document_of_five_megabytes_is_judged(name, piece):
    text = (
        piece * (5_000_000 // len(piece.encode())) if piece else "\n".join(prose(Random(i), 200) for i in range(3500))
    )
    assert values(text, PRESETS[name]) is not None


@pytest.mark.slow
@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("piece", ["a-", "a.", "! ", "!", "【", "<!--", "<a ", "&", "x'", "www.", "1,"])
def test_no_text_takes_time_that_grows_with_its_square(name, piece):
    """Nothing is asserted: a pattern that looks at the rest of the text from every place would not come to an end."""
    assert isinstance(values(piece * 200_000, PRESETS[name]), dict)
