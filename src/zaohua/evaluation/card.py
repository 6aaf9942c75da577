"""A run's card: what was made, how well it predicts, what it writes, and what that is worth; as JSON and as text."""

from collections.abc import Mapping
from typing import Any

from zaohua.events import spent_by_stage

WORDS: dict[str, dict[str, Any]] = {
    "en": {
        "title": "your model",
        "made": "{parameters:,} parameters · {family} · {layers} layers × {dim} · vocabulary {vocab_size:,} · "
        "learned from {tokens:,} tokens in {steps:,} steps",
        "fast": "{tokens_per_second:,.0f} tokens a second in training",
        "share": ", {share_of_ceiling:.0%} of what the machine's fastest matrix product allows ({ceiling})",
        "bits": "held-out text, bits per byte (fewer is better; {bytes:,} bytes that training never saw: {split})",
        "split": {
            "auto": "{share:.1%} of the bytes",
            "tail": "the ends of the files, {share:.1%} of the bytes",
            "whole": ", {whole:,} documents whole",
            "cut": ", the ends of {cut:,} documents",
        },
        "model": "this model",
        "alone": "alone",
        "seen": "after seeing the training text",
        "ngram": "n-gram model of the same training text, order 5",
        "samples": "samples at temperature {temperature}",
        "copy": "longest span copied word for word from the training text: {characters} characters, “{shown}”",
        "world": "stories drawn from nothing and checked ({language})",
        "grammatical": "grammatical",
        "consistent": "consistent",
        "in_training_text": "word for word in the training text",
        "by_length": "{low}–{high} sentences: grammatical {grammatical:.0%}, consistent {consistent:.0%} of {stories}",
        "other_lengths": "shorter or longer: {other_lengths}",
        "questions": "unseen questions about a given story, answered exactly ({language})",
        "blind": "best answer that ignores the story",
        "en": "English",
        "zh": "Chinese",
        "colon": ": ",
        "interval": " (95 %: {low:.1%}–{high:.1%})",
        "spent": "where the time went",
        "partly": "compressors and n-gram model have seen the first {looked_back:,} bytes of the training text; copies "
        "are looked for there",
    },
    "zh": {
        "title": "你的模型",
        "made": "{parameters:,} 个参数 · {family} · {layers} 层 × {dim} · 词表 {vocab_size:,} · "
        "学习了 {tokens:,} 个词元，共 {steps:,} 步",
        "fast": "训练时每秒 {tokens_per_second:,.0f} 个词元",
        "share": "，达到本机最快矩阵乘法所允许速度的 {share_of_ceiling:.0%}（{ceiling}）",
        "bits": "留出文本，比特/字节（越低越好；训练从未见过的 {bytes:,} 字节：{split}）",
        "split": {
            "auto": "占全部字节的 {share:.1%}",
            "tail": "每个文件的末尾，占全部字节的 {share:.1%}",
            "whole": "，整篇 {whole:,} 篇",
            "cut": "，截取末尾 {cut:,} 篇",
        },
        "model": "本模型",
        "alone": "单独压缩",
        "seen": "先看过训练文本",
        "ngram": "同一训练文本的五元模型",
        "samples": "样本，温度 {temperature}",
        "copy": "与训练文本逐字相同的最长片段：{characters} 个字符，“{shown}”",
        "world": "无提示生成的故事，经检查器检查（{language}）",
        "grammatical": "语法正确",
        "consistent": "前后一致",
        "in_training_text": "与训练文本逐字相同",
        "by_length": "{low}–{high} 句：语法正确 {grammatical:.0%}，前后一致 {consistent:.0%}，共 {stories} 篇",
        "other_lengths": "更短或更长：{other_lengths} 篇",
        "questions": "针对给定故事的新问题：完全答对的比例（{language}）",
        "blind": "不看故事只靠猜的最好成绩",
        "en": "英文",
        "zh": "中文",
        "colon": "：",
        "interval": "（95% 置信区间 {low:.1%}–{high:.1%}）",
        "spent": "时间用在哪里",
        "partly": "压缩器和五元模型看过训练文本的前 {looked_back:,} 字节；逐字相同的片段也在其中查找",
    },
}


def to_text(card: Mapping[str, Any], language: str) -> str:
    """The card for a console or a Markdown page, in zh or en."""
    say = WORDS[language]
    lines = [f"# {card['name']} · {say['title']}", "", say["made"].format(**card["model"]), ""]
    lines += _speed(card["model"], say)
    lines += bits(card, language)
    for code, scores in card.get("stories", {}).items():
        lines += ["", f"## {say['world'].format(language=say[code])}", ""]
        lines += [
            f"- {say[key]}{say['colon']}{_share(scores[key], say)}"
            for key in ("grammatical", "consistent", "in_training_text")
        ]
        lines += [f"  - {say['by_length'].format(**row)}" for row in scores.get("by_length", [])]
        if scores.get("other_lengths"):
            lines += [f"  - {say['other_lengths'].format(**scores)}"]
    for code, scores in card.get("questions", {}).items():
        lines += ["", f"## {say['questions'].format(language=say[code])}", "", f"- {_share(scores['right'], say)}"]
        lines += [f"- {say['blind']}{say['colon']}{_share(scores['without_the_story'], say)}"]
    if card["samples"]:
        lines += ["", f"## {say['samples'].format(temperature=card['temperature'])}", ""]
        for number, text in enumerate(card["samples"], start=1):
            lines += [f"{number}. " + text.strip().replace("\n", "\n   "), ""]
        copy = card["longest_copy"]
        shown = " ".join(copy.split())
        shown = f"{shown[:120]} …" if len(shown) > 120 else shown
        lines += [say["copy"].format(characters=len(copy), shown=shown)]
    lines += ["", f"## {say['spent']}", ""]
    lines += ["- " + spent_by_stage(card["spent"], chinese=language == "zh")]
    return "\n".join(lines) + "\n"


def _speed(model: Mapping[str, Any], say: Mapping[str, Any]) -> list[str]:
    """How fast it learned, beside the machine's ceiling; nothing of a model that does not say."""
    if "tokens_per_second" not in model:
        return []
    said = say["fast"].format(**model)
    if "share_of_ceiling" in model:
        said += say["share"].format(share_of_ceiling=model["share_of_ceiling"], ceiling=_operations(model["ceiling"]))
    return [said, ""]


def _operations(each_second: float) -> str:
    """Floating-point operations a second as they are usually said: 1.2 TFLOP/s."""
    return f"{each_second / 1e12:,.3g} TFLOP/s" if each_second >= 1e12 else f"{each_second / 1e9:,.3g} GFLOP/s"


def bits(card: Mapping[str, Any], language: str) -> list[str]:
    """The lines about bits per byte: the model on the held-out text, and what it is held against, in zh or en."""
    say, heldout = WORDS[language], card["heldout"]
    title = say["bits"].format(bytes=heldout["bytes"], split=_split(heldout["split"], say))
    lines = [f"## {title}", "", f"- **{say['model']}{say['colon']}{heldout['bits_per_byte']:.3f}**"]
    for name, found in card["baselines"].items():
        if name == "ngram":
            lines.append(f"- {say['ngram']}{say['colon']}{found['seen']:.3f}")
        else:
            both = f"{say['alone']} {found['alone']:.3f} · {say['seen']} {found['seen']:.3f}"
            lines.append(f"- {name}{say['colon']}{both}")
    if card.get("looked_back"):
        lines += ["", say["partly"].format(looked_back=card["looked_back"])]
    return lines


def _split(split: Mapping[str, Any], say: Mapping[str, Any]) -> str:
    """How the text was held out: whole documents, the ends of others, or both."""
    parts = [split["way"], *(part for part in ("whole", "cut") if split[part])]
    return "".join(say["split"][part] for part in parts).format(**split)


def _share(entry: Mapping[str, float], say: Mapping[str, Any]) -> str:
    return f"{entry['share']:.1%}" + say["interval"].format(**entry)
