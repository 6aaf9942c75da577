"""English words as spaCy 2.0 cut them, for text that GPT-1's standardisation has gone over.

The rules are spaCy's (explosion/spaCy 2.0, lang/en and lang/punctuation): a chunk between spaces loses what it begins
and ends with, mark by mark, until it is a known exception or nothing more comes off; the rest is cut inside. Rules for
marks that standardisation sets apart by spaces can never apply, and are left out.
"""

import functools
import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence

from zaohua.tokenizer.characters import in_word

_PERSONS = "i you he she it we they"
_ASKING = "who what when where why how there that"
_VERBS = "ca could do does did had may might must need ought sha should wo would"
_CONTRACTIONS = (  # stems, and what follows them: each with its apostrophes and without
    ("i", "'m 'm+a"),
    (_PERSONS, "'ll 'll+'ve 'd 'd+'ve"),
    ("i you we they", "'ve"),
    ("you we they", "'re"),
    ("he she it", "'s"),
    (_ASKING, "'s 'll 'll+'ve 're 've 'd 'd+'ve"),
    (_VERBS, "n't n't+'ve"),
    ("could might must should would", "'ve"),
    ("ai are is was were have has dare", "n't"),
)
_WORDS_AFTER_ALL = "ill its hell shell shed were well whore"  # contractions without an apostrophe that are words
_CUT = (
    "y'+all y+all how+'d+'y How+'d+'y not+'ve not+ve Not+'ve Not+ve can+not Can+not gon+na Gon+na got+ta Got+ta "
    "let+'s Let+'s"
)
_WHOLE = (
    "doin doin' goin goin' nothin nothin' nuthin nuthin' ol ol' somethin somethin' lovin lovin' havin havin' "
    "Doin Doin' Goin Goin' Nothin Nothin' Nuthin Nuthin' Ol Ol' Somethin Somethin' Lovin Lovin' Havin Havin' "
    "cause 'cause 'Cause em 'em ll 'll nuff 'nuff 's 'S 're 'd 'cos 'Cos 'coz 'Coz 'cuz 'Cuz 'bout "
    "ma'am Ma'am o'clock O'clock ' '' "
    "Mt. Ak. Ala. Apr. Ariz. Ark. Aug. Calif. Colo. Conn. Dec. Del. Feb. Fla. Ga. Ia. Id. Ill. Ind. Jan. Jul. Jun. "
    "Kan. Kans. Ky. La. Mar. Mass. May. Mich. Minn. Miss. N.C. N.D. N.H. N.J. N.M. N.Y. Neb. Nebr. Nev. Nov. Oct. "
    "Okla. Ore. Pa. S.C. Sep. Sept. Tenn. Va. Wash. Wis. "
    "a.m. p.m. Adm. Bros. co. Co. Corp. D.C. Dr. e.g. E.g. E.G. Gen. Gov. i.e. I.e. I.E. Inc. Jr. Ltd. Md. Messrs. "
    "Mo. Mont. Mr. Mrs. Ms. Ph.D. Rep. Rev. Sen. St. vs. "
    "a. b. c. d. e. f. g. h. i. j. k. l. m. n. o. p. q. r. s. t. u. v. w. x. y. z. ä. ö. ü. <space> "
    ":P :p :O :o :0 :1 :3 =3 :> :X :x :D =D xD XD xDD XDD 8D >:o >.< >.> <.< v.v V.V o.O O.o O.O o.o 0.0 o.0 0.o "
    "<3 <33 <333"
)
_MARKS = "…,:;!?¿؟¡()[]{}<>_#*&。？！，、；：～·।،؛٪"
_QUOTES = (
    "'",
    "''",
    '"',
    "”",
    "“",
    "``",
    "`",
    "‘",
    "´",
    "‘‘",
    "’’",
    "‚",
    "„",
    "»",
    "«",
    *"「」『』（）〔〕【】《》〈〉",
)
_CURRENCIES = ("$", "£", "€", "¥", "฿", "US$", "C$", "A$", "₽", "﷼")
_UNITS = (
    "km km² km³ m m² m³ dm dm² dm³ cm cm² cm³ mm mm² mm³ ha µm nm yd in ft kg g mg µg t lb oz kmh mph hPa Pa mbar mb "
    "MB kb KB gb GB tb TB T G M K % км км² км³ м м² м³ дм дм² дм³ см см² см³ мм мм² мм³ нм кг г мг кПа Па мбар Кб КБ "
    "кб Мб МБ мб Гб ГБ гб Тб ТБ тбكم كم² كم³ م م² م³ سم سم² سم³ مم مم² مم³ كم غرام جرام جم كغ ملغ كوب اكواب"
)
_OCTET = r"(?:1?\d{1,2}|2[0-4]\d|25[0-5])"
_ADDRESS = re.compile(  # of a page or a mailbox; what follows a host may be anything
    r"(?:\S+@)?(?:"
    r"(?!(?:10|127)(?:\.\d{1,3}){3}|(?:169\.254|192\.168)(?:\.\d{1,3}){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2})"
    rf"(?:[1-9]\d?|1\d\d|2[01]\d|22[0-3])(?:\.{_OCTET}){{2}}\.(?:[1-9]\d?|1\d\d|2[0-4]\d|25[0-4])"
    r"|[a-z0-9-]*[a-z0-9](?:\.[a-z0-9-]*[a-z0-9])*\.[a-z]{2}"
    r")\S*\Z"
)


def words(text: str) -> Iterator[str]:
    """The words of a text in which single spaces or a newline between spaces part the chunks."""
    cut = _rules().cut
    for chunk in text.split(" "):
        yield from cut(chunk)


def _is_address(chunk: str) -> bool:
    return in_word(chunk[0]) and in_word(chunk[-1]) and _ADDRESS.match(chunk) is not None


class _Rules:
    """The exceptions and the expressions, built once."""

    def __init__(self) -> None:
        self.exceptions = _exceptions()
        lower, upper, symbols = _classes()
        quotes, currencies = (_any(words) for words in (_QUOTES, _CURRENCIES))
        units = _any(_UNITS.split())
        first = _any([*"§%=+", *_MARKS])
        letter = rf"[{lower}{upper}]"
        self.prefix = re.compile(rf"(?:{first}|\.\.+|{quotes}|{currencies}|[{symbols}])").match
        self.suffix = re.compile(
            rf"(?:[{re.escape(_MARKS)}]|\.\.+|{quotes}|[{symbols}]|['’][sS]|(?<=[0-9])\+|(?<=°[FfCcKk])\."
            rf"|(?<=[0-9])(?:{currencies}|{units})"
            rf"|(?<=[0-9{lower}%²\-)\]+(?:|{re.escape(''.join(_QUOTES))},])\.|(?<=[{upper}][{upper}])\.)\Z"
        ).search
        self.inside = re.compile(
            rf"\.\.+|…|[{symbols}]|(?<=[0-9])[+\-*^](?=[0-9-])|(?<=[{lower}])\.(?=[{upper}])"
            rf"|(?<={letter}),(?={letter})|(?<=[{lower}{upper}\"])[:<>=/](?={letter})"
        ).finditer

    @functools.lru_cache(maxsize=100_000)  # noqa: B019 - there is one object of this class
    def cut(self, chunk: str) -> tuple[str, ...]:
        """The words of one chunk."""
        if chunk in self.exceptions:
            return self.exceptions[chunk]
        before: list[str] = []
        after: list[str] = []
        rest, size = chunk, -1
        while rest and len(rest) != size and not _is_address(rest):
            size = len(rest)
            prefix, suffix = self.prefix(rest), self.suffix(rest)
            first = prefix.end() if prefix else 0
            if first and rest[first:] in self.exceptions:
                before.append(rest[:first])
                rest = rest[first:]
                break
            last = suffix.start() if suffix else size
            if last < size and rest[:last] in self.exceptions:
                after.append(rest[last:])
                rest = rest[:last]
                break
            if first and last < size and first > last:
                last = size  # the two would overlap: what it begins with goes first
            before += [rest[:first]] if first else []
            after += [rest[last:]] if last < size else []
            rest = rest[first:last]
            if rest in self.exceptions:
                break
        return (*before, *self._inner(rest), *reversed(after))

    def _inner(self, rest: str) -> tuple[str, ...]:
        if rest in self.exceptions:
            return self.exceptions[rest]
        if not rest or _is_address(rest):
            return (rest,) if rest else ()
        parts: list[str] = []
        start = 0
        for found in self.inside(rest):
            parts += [rest[start : found.start()], found[0]]
            start = found.end()
        return tuple(part for part in (*parts, rest[start:]) if part)


@functools.cache
def _rules() -> _Rules:
    return _Rules()


def _exceptions() -> dict[str, tuple[str, ...]]:
    """{chunk: its words}"""
    found: dict[str, tuple[str, ...]] = {}
    for stems, endings in _CONTRACTIONS:
        for stem in (form for word in stems.split() for form in (word, word.title())):
            for ending in (tuple(each.split("+")) for each in endings.split()):
                for parts in ((stem, *ending), (stem, *(part.replace("'", "") for part in ending))):
                    found["".join(parts)] = parts
    for word in _WORDS_AFTER_ALL.split():
        for form in (word, word.title()):
            found.pop(form, None)
    for hour in range(1, 13):
        for half in ("a.m.", "am", "p.m.", "pm"):
            found[f"{hour}{half}"] = (str(hour), half)
    for parts in (tuple(each.split("+")) for each in _CUT.split()):
        found["".join(parts)] = parts
    return found | {word: (word,) for word in _WHOLE.split()}


def _any(words: Sequence[str]) -> str:
    return "(?:" + "|".join(map(re.escape, words)) + ")"


def _classes() -> tuple[str, str, str]:
    """Lower-case letters, upper-case letters (those of scripts without case are both) and symbols, as sets for re."""
    lower = set("ёәөүҗңһάέίόώήύ") | {chr(code) for low, high in ("ая", "αω") for code in range(ord(low), ord(high) + 1)}
    upper = {letter.upper() for letter in lower}
    symbols = set()
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        category = unicodedata.category(character)
        if category == "So":
            symbols.add(character)
        elif category[0] == "L":
            script = unicodedata.name(character, "").split(" ")[0]
            if script in ("BENGALI", "HEBREW", "ARABIC", "SINHALA"):
                lower.add(character)
                upper.add(character)
            elif script in ("LATIN", "KELVIN", "ANGSTROM", "FULLWIDTH") and category in ("Ll", "Lu"):
                (lower if category == "Ll" else upper).add(character)
    return _ranges(lower), _ranges(upper), _ranges(symbols)


def _ranges(characters: set[str]) -> str:
    """The inside of a set of a regular expression."""
    codes = sorted(map(ord, characters))
    starts = [code for place, code in enumerate(codes) if not place or codes[place - 1] != code - 1]
    ends = [code for place, code in enumerate(codes) if place + 1 == len(codes) or codes[place + 1] != code + 1]
    return "".join(f"\\U{start:08x}-\\U{end:08x}" for start, end in zip(starts, ends, strict=True))
