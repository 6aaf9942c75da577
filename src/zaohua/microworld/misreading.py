"""Text read in a wrong encoding, as it happens: which bytes were written, and what a program made of them."""

from collections.abc import Callable
from random import Random

UNDEFINED = frozenset({0x81, 0x8D, 0x8F, 0x90, 0x9D})


def as_cp1252(data: bytes) -> str:
    """Bytes read as Windows-1252, those without a character there as Latin-1."""
    return "".join(bytes([byte]).decode("latin-1" if byte in UNDEFINED else "cp1252") for byte in data)


def as_gbk(data: bytes) -> str:
    """Bytes read as Windows reads GBK: 0x80 is the euro sign, and a lead byte without a second one is lost."""
    read: list[str] = []
    place = 0
    while place < len(data):
        byte = data[place]
        pair = data[place : place + 2]
        if byte <= 0x80:
            read.append("€" if byte == 0x80 else chr(byte))
        elif len(pair) == 2 and 0x40 <= pair[1] <= 0xFE and pair[1] != 0x7F and byte != 0xFF:
            read.append(pair.decode("gb18030"))
            place += 1
        else:
            read.append("\ufffd")
        place += 1
    return "".join(read)


def utf8_as_cp1252(text: str, rng: Random) -> str:
    """UTF-8 read as Windows-1252: can be undone."""
    return as_cp1252(text.encode())


def gbk_as_latin1(text: str, rng: Random) -> str:
    """GBK read as Latin-1: can be undone."""
    return text.encode("gbk").decode("latin-1")


def utf8_as_gbk(text: str, rng: Random) -> str:
    """UTF-8 read as GBK, line by line: can be undone where the bytes of every line come out even."""
    return as_gbk(text.encode())


def lost_as_gbk(text: str, rng: Random) -> str:
    """Lines among the text in which U+FFFD was written as UTF-8 and read as GBK: they can only be taken out."""
    lines = text.split("\n")
    for _ in range(rng.randrange(1, 4)):
        lines.insert(rng.randrange(len(lines) + 1), "锟斤拷" * rng.randrange(2, 12))
    return "\n".join(lines)


MISREADINGS: dict[str, Callable[[str, Random], str]] = {
    function.__name__: function for function in (utf8_as_cp1252, gbk_as_latin1, utf8_as_gbk, lost_as_gbk)
}
"""Ways in which Chinese text is misread; text without hanzi is misread in the first alone."""
