"""What the report calls rules, outcomes, languages and changes, in Chinese and in English."""

from collections.abc import Mapping

from zaohua.corpus import mojibake
from zaohua.corpus.report.markup import Content, Html, both
from zaohua.corpus.rules import EMPTY, RULES

Named = Mapping[str, tuple[str, str]]

GROUPS: dict[str, tuple[str, str]] = {
    "documents": ("用于训练", "for training"),
    "heldout": ("留出", "held out"),
    "unreadable": ("不可读", "unreadable"),
    "address": ("网址", "addresses"),
    "language": ("其他语言", "another language"),
    "rules": ("质量规则", "quality rules"),
    "duplicates": ("完全重复", "exact repeats"),
    "near_duplicates": ("近似重复", "near repeats"),
    "boilerplate": ("套话", "boilerplate"),
    "contaminated": ("含评测文本", "evaluation texts"),
}
"""What becomes of texts, in the order of the stage's steps."""

RULE_NAMES: dict[str, tuple[str, str]] = {
    "unreadable": ("无法读取或无法修复的内容", "could not be read, or not be repaired"),
    "address": ("网址在排除之列", "an address that is not wanted"),
    EMPTY: ("没有一个词", "without a word"),
    "short": ("清洗后过短", "too short after cleaning"),
    "duplicates": ("除大小写、空白、标点与简繁外相同", "equal but for case, spacing, punctuation and script"),
    "near_duplicates": ("与另一篇几乎相同", "nearly equal to another text"),
    "boilerplate": ("只剩许多文档共有的行", "nothing but lines that many documents have"),
    "contaminated": ("含有评测文本", "holds texts that models will be tested on"),
    "language": ("语言不符或难以确定", "not a wanted language, or not surely one"),
    "characters": ("字符数", "characters"),
    "words": ("词数", "words"),
    "mean_word_length": ("平均词长", "mean length of words"),
    "alphabetic_words": ("含字母的词所占比例", "share of words with a letter"),
    "english_stop_words": ("英文常用词数", "English stop words"),
    "chinese_stop_words": ("中文常用词数", "Chinese stop words"),
    "hashes_per_word": ("每词井号数", "number signs per word"),
    "ellipses_per_word": ("每词省略号数", "ellipses per word"),
    "newlines_per_word": ("每词换行数", "line ends per word"),
    "bullet_lines": ("以项目符号开头的行", "lines that begin with a bullet"),
    "marked_lines": ("以列表符号开头的行", "lines that begin with a list mark"),
    "ellipsis_lines": ("以省略号结尾的行", "lines that end in an ellipsis"),
    "read_more_lines": ("以“展开”“更多”结尾的行", "lines that end in “read more”"),
    "punctuated_lines": ("以标点结尾的行", "lines that end in punctuation"),
    "short_lines": ("短行", "short lines"),
    "mean_line_length": ("平均行长", "mean length of lines"),
    "sentences": ("句数", "sentences"),
    "ended_sentences": ("完整的句数", "ended sentences"),
    "lorem_ipsum": ("排版用的假文", "printer's filler text"),
    "curly_brackets": ("花括号", "curly brackets"),
    "han_characters": ("汉字比例", "share of Han characters"),
    "bracketed_characters": ("【】内字符比例", "characters within 【】"),
    "folded_characters": ("规范化后字符数", "characters after folding"),
    "hash_runs": ("井号串", "runs of number signs"),
    "ellipsis_runs": ("省略号串", "runs of ellipses"),
    "digits": ("数字比例", "share of digits"),
    "punctuation": ("标点比例", "share of punctuation"),
    "distinct_characters": ("不同字符比例", "distinct characters per character"),
    "character_entropy": ("字符熵", "entropy of the characters"),
    "letters": ("文字与数字比例", "share of letters and digits"),
    "numerals": ("数字占文字比例", "digits among letters and digits"),
    "top_character": ("最常见字符的比例", "share of the most frequent character"),
    "unreadable_characters": ("乱码字符比例", "replacement, private-use and control characters"),
    "misread_characters": ("错误解码的字符比例", "characters of Chinese read in a wrong encoding"),
    "link_characters": ("网址比例", "share of addresses of pages"),
    "markup_characters": ("HTML 标记比例", "share of HTML markup"),
    "long_run_characters": ("编码数据或压缩代码", "encoded data, minified code"),
    "duplicate_paragraphs": ("重复段落比例", "repeated paragraphs"),
    "duplicate_paragraph_characters": ("重复段落的字符", "characters in repeated paragraphs"),
    "duplicate_lines": ("重复行比例", "repeated lines"),
    "duplicate_line_characters": ("重复行的字符", "characters in repeated lines"),
    "repeated_line_characters": ("重复整行的字符", "characters in full lines that repeat"),
    **{f"top_{n}gram": (f"最常见 {n} 词串", f"most frequent run of {n} words") for n in (2, 3, 4)},
    **{f"duplicate_{n}grams": (f"重复 {n} 词串", f"repeated runs of {n} words") for n in range(5, 11)},
    **{f"top_character_{n}gram": (f"最常见 {n} 字串", f"most frequent run of {n} characters") for n in (2, 3, 4)},
    **{
        f"covered_{n}grams": (f"{n} 字串的重复覆盖", f"covered by repeated runs of {n} characters")
        for n in range(5, 11)
    },
    "repeated_13grams": ("重复 13 字串", "repeated runs of 13 characters"),
    "repeated_passages": ("重复 20 字片段", "repeated passages of 20 letters"),
    "top_passage": ("最常见的 20 字片段", "most frequent passage of 20 letters"),
}

LANGUAGES: dict[str, tuple[str, str]] = {
    "zh": ("中文", "Chinese"), "yue": ("粤语", "Cantonese"), "en": ("英语", "English"), "ja": ("日语", "Japanese"),
    "ko": ("韩语", "Korean"), "fr": ("法语", "French"), "de": ("德语", "German"), "es": ("西班牙语", "Spanish"),
    "pt": ("葡萄牙语", "Portuguese"), "it": ("意大利语", "Italian"), "ru": ("俄语", "Russian"),
    "ar": ("阿拉伯语", "Arabic"), "nl": ("荷兰语", "Dutch"), "pl": ("波兰语", "Polish"), "vi": ("越南语", "Vietnamese"),
    "th": ("泰语", "Thai"), "hi": ("印地语", "Hindi"), "tr": ("土耳其语", "Turkish"), "el": ("希腊语", "Greek"),
    "he": ("希伯来语", "Hebrew"), "la": ("拉丁语", "Latin"), "und": ("未知", "unknown"),
}  # fmt: skip
SCRIPTS: dict[str, tuple[str, str]] = {
    "Hans": ("简体", "simplified"), "Hant": ("繁体", "traditional"), "mixed": ("简繁混用", "both scripts"),
    "Hani": ("汉字（简繁同形）", "Han"), "Latn": ("拉丁字母", "Latin"), "Cyrl": ("西里尔字母", "Cyrillic"),
    "Jpan": ("假名与汉字", "kana and kanji"), "Kore": ("谚文", "Hangul"), "Arab": ("阿拉伯字母", "Arabic"),
    "Grek": ("希腊字母", "Greek"), "Zyyy": ("无文字", "no letters"),
}  # fmt: skip
PARTS: dict[str, tuple[str, str]] = {
    "documents": GROUPS["documents"], "heldout": GROUPS["heldout"], "removed": ("移除", "removed"),
}  # fmt: skip
CHANGES: dict[str, tuple[str, str]] = {
    "rejoined lines": ("重新接合折行的文本", "texts whose wrapped lines were rejoined"),
    "boilerplate lines": ("删去许多文档共有的行", "lines cut out that many documents have"),
    f"repaired: {mojibake.UTF8_READ_NARROW}": (
        "修复：UTF-8 被当作单字节编码", "repaired: UTF-8 that was read as a single-byte encoding",
    ),
    f"repaired: {mojibake.GBK_READ_NARROW}": ("修复：GBK 被当作 Latin-1", "repaired: GBK that was read as Latin-1"),
    f"repaired: {mojibake.UTF8_READ_AS_GBK}": ("修复：UTF-8 被当作 GBK", "repaired: UTF-8 that was read as GBK"),
    f"repaired: {mojibake.GARBAGE_LINES}": ("删去“锟斤拷”“烫烫烫”行", "lines of 锟斤拷 or 烫烫烫 taken out"),
    "lines: unpunctuated": ("删行：行末无标点", "lines without punctuation at their end"),
    "lines: few_words": ("删行：词太少", "lines of too few words"),
    "lines: long_word": ("删行：词过长", "lines with too long a word"),
    "lines: javascript": ("删行：提到 javascript", "lines about javascript"),
    "lines: policy": ("删行：条款与隐私声明", "lines about terms and policies"),
}  # fmt: skip
KIND_NAMES: dict[str, tuple[str, str]] = {
    "KEY": ("密钥与令牌", "keys and tokens"), "EMAIL": ("电子邮件", "e-mail addresses"),
    "ACCOUNT": ("微信号与 QQ 号", "WeChat and QQ accounts"), "PASSPORT": ("护照号", "passport numbers"),
    "ID": ("身份证号", "identity card numbers"), "CARD": ("银行卡号", "bank cards"), "PHONE": ("电话", "telephones"),
    "IP": ("IP 地址", "IP addresses"), "PLATE": ("车牌", "number plates"),
}  # fmt: skip


def say(named: Named, key: str) -> Html:
    """The name of something in both languages, or the key itself where it has none."""
    zh, en = named.get(key, (key, key))
    return both(zh, en)


def in_chinese(what: str) -> str:
    """What removed or changed texts, as short as can be; itself where it has no name."""
    kind = what.removeprefix("masked: ")
    if kind != what:
        return f"遮盖{KIND_NAMES.get(kind, (kind, kind))[0]}"
    named = {**RULE_NAMES, **CHANGES, **GROUPS}
    return named.get(what, (what, what))[0]


def group_of(outcome: str) -> str:
    """Which of GROUPS an outcome belongs to: all rules about quality are one."""
    return outcome if outcome in GROUPS else "rules"


def steps(rules: Mapping[str, object]) -> list[str]:
    """The rules that removed something, in the order of the stage's steps."""
    order = [
        "unreadable",
        "address",
        "language",
        EMPTY,
        *RULES,
        "short",
        "duplicates",
        "near_duplicates",
        "boilerplate",
    ]
    places = {rule: place for place, rule in reversed(list(enumerate([*order, "contaminated"])))}
    return sorted(rules, key=lambda rule: (places.get(rule, len(places)), rule))


def language(key: str) -> Content:
    """A language and its script, given as "zh Hans"."""
    code, _, script = key.partition(" ")
    (zh, en), (zh_script, en_script) = LANGUAGES.get(code, (code, code)), SCRIPTS.get(script, (script, script))
    return both(f"{zh} · {zh_script}", f"{en} · {en_script}")
