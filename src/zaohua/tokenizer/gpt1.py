"""GPT-1's own preparation of text (openai/finetune-transformer-lm, text_utils.py): mended, standardised, cut, lowered.

What it does is lost: case, line breaks beside spaces, the width and curl of marks. Nothing gives the text back.
"""

import html.entities
import re
import unicodedata

from zaohua.settings import UserError
from zaohua.tokenizer import english

GPT1 = "gpt1"
"""The name of this preparation in tokenizer_config.json."""

_REPLACED = str.maketrans({"—": "-", "–": "-", "―": "-", "…": "...", "´": "'"})
_SET_APART = re.compile(r'(-+|~+|!+|"+|;+|\?+|\++|,+|\)+|\(+|\\+|/+|\*+|\[+|\]+|}+|{+|\|+|_+)')
_ENTITY = re.compile(r"&#?\w{0,8};")
_ESCAPE = re.compile(r"\x1b\[[\d;]*[a-zA-Z]")
_UNIFORM = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛", "'"),
        **dict.fromkeys("“”„‟", '"'),
        **dict(zip("Ĳĳﬀﬁﬂﬃﬄﬅﬆ", ("IJ", "ij", "ff", "fi", "fl", "ffi", "ffl", "ſt", "st"), strict=True)),
        "\u3000": " ",
        **{chr(code): unicodedata.normalize("NFKC", chr(code)) for code in range(0xFF01, 0xFFF0)},
    }
)
_BREAKS = re.compile("\r\n|[\r\u2028\u2029\x85]")
_CONTROLS = re.compile(
    "[\x00-\x08\x0b\x0e-\x1f\x7f\u206a-\u206f\ufeff\ufff9-\ufffc\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)


def words_of_gpt1(text: str) -> list[str]:
    """The words that GPT-1's merges are applied to; a line break is the word "\\n"."""
    standard = standardize(mend(text))
    return [word.lower() for word in english.words(standard)] if standard else []


def standardize(text: str) -> str:
    """Dashes and ellipses in ASCII, runs of most marks between spaces, one space or ` \\n ` for any white space."""
    text = _SET_APART.sub(r" \1 ", text.translate(_REPLACED))
    text = re.sub(r"\s*\n\s*", " \n ", text)
    return re.sub(r"[^\S\n]+", " ", text).strip()


def mend(text: str) -> str:
    """The text as ftfy 4.4 mends it, line by line: mojibake, entities, quotation marks, widths, line breaks, controls.

    Mojibake is found by the ftfy that is installed; raises UserError where a text needs it and there is none.
    """
    if text.isascii() and not _ODD.search(text):
        return text
    lines = []
    entities = True
    for line in text.split("\n"):
        entities = entities and not ("<" in line and ">" in line)
        lines.append(_mend_line(line, entities))
    return "\n".join(lines)


_ODD = re.compile("[\x00-\x08\x0b\r\x0e-\x1f\x7f&]")


def _mend_line(line: str, entities: bool) -> str:
    while True:
        before = line
        line = _ESCAPE.sub("", line)
        if not line.isascii():
            line = _mend_encoding(line)
        if entities:
            line = _ENTITY.sub(_character, line)
        line = _BREAKS.sub("\n", line.translate(_UNIFORM))
        line = unicodedata.normalize("NFC", _CONTROLS.sub("", line))
        if line == before:
            return line


def _mend_encoding(line: str) -> str:
    try:
        import ftfy
    except ImportError:
        raise UserError(
            "GPT-1's preparation needs ftfy for text beyond ASCII: pip install ftfy",
            "GPT-1 的预处理遇到 ASCII 以外的文本时需要 ftfy：请运行 pip install ftfy",
        ) from None
    return ftfy.fix_encoding(line, ftfy.TextFixerConfig(fix_c1_controls=False))  # 4.4 had no such step


def _character(entity: re.Match[str]) -> str:
    """The character that an entity stands for; the entity itself where it is none."""
    name = entity[0][1:]
    if not name.startswith("#"):
        return html.entities.html5.get(name, entity[0])
    try:
        code = int(name[2:-1], 16) if name[1:2] == "x" else int(name[1:-1])
        if 0x80 <= code < 0xA0:  # as browsers read it
            return bytes([code]).decode("cp1252")
        return chr(code)
    except (ValueError, OverflowError):
        return entity[0]
