"""The few changes made to every text: what is invisible or only a way of writing the same goes, nothing else."""

import re
import unicodedata

from zaohua.tokenizer.characters import characters

# Controls but tab and line ends, soft hyphen, zero-width space and joiners of words, direction marks, byte-order mark.
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_LINE_END = re.compile("\r\n|[\r\x0b\x0c\x85]")
# Joiners have a meaning after emoji and in scripts such as Arabic and Hindi; after these characters they have none.
_IDLE_JOINER = re.compile("(?:(?<=[\x00-\u058f\u1e00-\u2000\u3000-\u9fff\uf900-\ufaff\uff00-\uffef])|^)[\u200c\u200d]+")


def normalize(text: str) -> str:
    """Line ends as \\n, NFC, no invisible characters; punctuation, full-width or not, stays. Applying it twice is once.

    NFC and not NFKC, which would turn ，：（）％① into ,:()%1. Lone surrogates become U+FFFD.
    """
    if text.isascii():
        return _LINE_END.sub("\n", _INVISIBLE.sub("", text))
    text = unicodedata.normalize("NFC", _LINE_END.sub("\n", _INVISIBLE.sub("", characters(text))))
    without = _IDLE_JOINER.sub("", text)
    return text if without is text else unicodedata.normalize("NFC", without)
