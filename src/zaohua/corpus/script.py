"""Scripts: how many letters of a text stand in each, and whether its hanzi are simplified or traditional."""

import re
import unicodedata
from collections.abc import Callable
from functools import cache

import numpy as np

CODES = {
    "LATIN": "Latn", "CJK": "Hani", "HIRAGANA": "Kana", "KATAKANA": "Kana", "HANGUL": "Hang", "CYRILLIC": "Cyrl",
    "GREEK": "Grek", "ARABIC": "Arab", "HEBREW": "Hebr", "DEVANAGARI": "Deva", "THAI": "Thai", "BENGALI": "Beng",
    "TAMIL": "Taml", "TELUGU": "Telu", "GEORGIAN": "Geor", "ARMENIAN": "Armn", "ETHIOPIC": "Ethi", "KHMER": "Khmr",
    "MYANMAR": "Mymr", "LAO": "Laoo", "TIBETAN": "Tibt", "MONGOLIAN": "Mong", "GUJARATI": "Gujr", "GURMUKHI": "Guru",
    "KANNADA": "Knda", "MALAYALAM": "Mlym", "SINHALA": "Sinh", "BOPOMOFO": "Bopo",
}  # fmt: skip
"""The first word of a letter's Unicode name -> the script's code in ISO 15924."""

SCRIPTS = ("", "Zzzz", "Hans", "Hant", *dict.fromkeys(CODES.values()))
"""No letter; letters of other scripts; hanzi written only in simplified or only in traditional text; the others."""

MIXED = 0.1
"""Share of the rarer kind among one-way hanzi above which a text is neither simplified nor traditional."""

_LAST = 0x323B0  # the first code point after the last block of hanzi; no letters of living scripts follow
_HAN = (range(0x3400, 0x4DC0), range(0x4E00, 0xA000), range(0xF900, 0xFB00), range(0x20000, _LAST))
_NAMED = (range(0x41, 0x3400), range(0xA000, 0xAC00), range(0xD7B0, 0xD800), range(0xFB00, 0x10000))
_PIECE = 1 << 20  # characters looked at together: bounds the memory that a huge text takes

# Simplified forms that are also characters of traditional text, or were always written so: they tell nothing.
_SHARED = frozenset(
    "万与丑丰于云仆仑价伙余佛余侄借党兖冬冶冲况净准凄凉凑几凭凶出划别刮制剥剩克兹厂厘占卜卤卧卷却厨参叠只台叶合吁后向吨听吴周"
    "咏咤咨咸咽哗唇唤嘱回困团坏坛坝垄垒堕墙夸夹奖奸妆姊姜姹娘娱宁家密寝尝尸局届岩岳峰布帘帚并干广床庄庵弥强彦彩彷征志念忏怜恒"
    "悮愿懔托扎折拐挂挨挽据捻捡携摆摇撑操斗斤无旋旗昆昵晒曲朱朴机术杆杠杯松板极柜栖栗栝梁楞榨欢欲毡毶氛沄沈沟沾泄注泪泞泻洒洼涂"
    "涌淀淡渌渗游溆溜漓灶灾炉炼点烟热煴照熏熔物猪猫玩环瓮疴痒痴症癞皂盗眦眯着矽碍碱礼禄秃秋种秘秸稀稽穗笋筑签粤粮系累绊绕绱"
    "群羡考耻耽肴胄胡胜脉脏脚腊膻舍致艳芸苏苹范荆荐荡荣药莅莼获葱蒀蒋蔑蕴蘖虫虬虱蜡蝎蟏衮表袜裤褂谷豆赞赶跖踊踪踯蹰辟迹迥逊遥采里"
    "鉴针钟铘铺锈闲闹雇霉静面鞲韵须颜饥馀馆驱鳄鸡鹚龟亘体佣确禀禅移稿竖膑舆荫薰虑蛎衔觅"
)


@cache
def converter(config: str) -> Callable[[str], str]:
    """OpenCC's conversion of that name, such as t2s, s2twp or hk2s; its dictionaries are in the package."""
    import opencc

    return opencc.OpenCC(config).convert


@cache
def hanzi() -> str:
    """All hanzi of Unicode."""
    return "".join(chr(code) for block in _HAN for code in block)


@cache
def one_way(config: str) -> dict[str, str]:
    """The single hanzi that OpenCC's conversion changes -> what each becomes, where that is one character."""
    alone = [character for character in hanzi() if not unicodedata.decomposition(character)]
    pairs = zip(alone, converter(config)("\n".join(alone)).split("\n"), strict=True)  # apart, so that no phrase is seen
    return {before: after for before, after in pairs if before != after and len(after) == 1}


def histogram(text: str) -> dict[str, int]:
    """How many letters the text has of each script in SCRIPTS; those of none are not counted."""
    table, counts = _table(), np.zeros(len(SCRIPTS), dtype=np.int64)
    for start in range(0, len(text), _PIECE):
        codes = np.frombuffer(text[start : start + _PIECE].encode("utf-32-le", "surrogatepass"), dtype="<u4")
        counts += np.bincount(table.take(codes, mode="clip"), minlength=len(SCRIPTS))
    return {SCRIPTS[place]: int(counts[place]) for place in np.flatnonzero(counts[1:]) + 1}


def written(counts: dict[str, int]) -> str:
    """Whether the hanzi that a histogram counts are Hans, Hant or mixed; Hani when none of them tells."""
    simplified, traditional = counts.get("Hans", 0), counts.get("Hant", 0)
    if not simplified + traditional:
        return "Hani"
    if min(simplified, traditional) > MIXED * (simplified + traditional):
        return "mixed"
    return "Hans" if simplified > traditional else "Hant"


def script_of_hanzi(text: str) -> str:
    """Hans, Hant, mixed, or Hani when no hanzi of the text is of one script only."""
    return written(histogram(text))


@cache
def alone_in(script: str) -> re.Pattern[str]:
    """A hanzi that is written in simplified text alone (Hans) or in traditional text alone (Hant)."""
    return re.compile(f"[{''.join(map(chr, np.flatnonzero(_table() == SCRIPTS.index(script)).tolist()))}]")


@cache
def _table() -> np.ndarray:
    """For each code point the place of its script in SCRIPTS."""
    table = np.zeros(_LAST + 1, dtype=np.uint8)
    place = {script: index for index, script in enumerate(SCRIPTS)}
    for block in _NAMED:
        for code in block:
            if unicodedata.category(chr(code))[0] == "L":
                table[code] = place[_script(unicodedata.name(chr(code), ""))]
    table[0xAC00:0xD7A4] = place["Hang"]
    for block in _HAN:
        table[block.start : block.stop] = place["Hani"]
    to_simplified, to_traditional = one_way("t2s"), one_way("s2t")
    for character in to_traditional:
        if character not in to_simplified and character not in _SHARED:
            table[ord(character)] = place["Hans"]
    for character in to_simplified:
        table[ord(character)] = place["Hant"]
    return table


def _script(name: str) -> str:
    words = [word for word in name.replace("-", " ").split() if word not in ("FULLWIDTH", "HALFWIDTH")]
    return CODES.get(words[0], "Zzzz") if words else "Zzzz"
