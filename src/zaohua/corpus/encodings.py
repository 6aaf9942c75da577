"""Bytes to text when nobody says how: candidates are decoded strictly and judged by the characters that come out."""

import codecs
import contextlib
import re
import unicodedata

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WHATWG = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "x-gbk": "gb18030",
    "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "sjis": "cp932",
    "windows-31j": "cp932",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "ksc5601": "cp949",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "iso-8859-9": "cp1254",
    "tis-620": "cp874",
    "windows-874": "cp874",
    "x-euc-jp": "euc_jp",
    "utf8": "utf-8",
}
"""Names that pages give -> what browsers read them as, which holds all of what was meant."""
# Strict gb18030 accepts almost any Big5 text and gives plausible wrong hanzi, so it is not among those compared.
_EAST_ASIAN = ("gbk", "big5hkscs", "cp949", "cp932", "euc_jp")
_JUDGED = 100_000  # characters are enough to tell encodings apart
_ENOUGH = 0.28
"""Share of common characters among those beyond ASCII: true text has over 0.38, text read wrongly under 0.2."""

# The commonest hanzi in both scripts, kana, Hangul syllables, and East Asian punctuation.
_COMMON = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事"
    "成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此"
    "已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西月话合回特代内"
    "信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活更别打女变四神总何电数安少报"
    "才结反受目太量再感建务做接必场件计管期市直资命山金指许统区保至形社便空决治展马科五基眼书非则听白却界达光放强即像难且"
    "權思王象完設式色路記南品住告類求據程北邊死張該交規萬取望覺術領共確傳師觀清今切院讓識候帶導爭運這個們來為國時說會對著"
    "過後裡麼學現當沒動還進樣開從實軍無與長機業將間問應戰頭體見產製話門員題別變總電數報結務場計資許統區隊決馬書則聽達強難"
    "兒東聲義處論認幾氣條關點兩於發經種給讀寫網頁吧嗎呢啊吗读写网页您谢謝請请"
    "，。、：；？！“”‘’（）《》「」『』【】…—～　"
    "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをんがぎぐげござじずぜぞだぢづでどばびぶべぼ"
    "っゃゅょアイウエオカキクケコサシスセソタチツテトナニネノハフヘホマミムメモヤユヨラリルレロワンガグゴザジズダデドバビブベボパピプペポッャュョー"
    "이다는을의에가를로고하은한도지니기사어자서시라나대인리만그있수정으아일해들원게과전부보스여것주면내제안동성오상우구장"
    "습었했겠없않됩합할된와신세무소공국학생연조비문미모분치용선방물중유관경계"
)

_LOST = 0.001  # share of characters that may be broken in a text whose encoding is known
_FITS = 0.97  # share of the characters beyond ASCII that are one alphabet's
_MARGIN = 0.02  # by which an alphabet must fit better than another
_FREQUENT = 0.5  # share of the characters beyond ASCII that are an alphabet's frequent letters
_MIXED = re.compile(r"[A-Za-z][\u0370-\u1fff]|[\u0370-\u1fff][A-Za-z]")  # two alphabets in one word
_ALONE = re.compile(r"(?<=[A-Za-z])[^\x00-\x7f](?=[A-Za-z])")  # a letter with an accent, if it is one
_MARKS = frozenset("«»„“”‘’–—…·•°§№\xa0©®ºª¿¡€£²³½،؛؟")
_RUN = re.compile(r"[^\W\d_A-Z]+")
_RISEN = re.compile(r"[a-zà-öø-ÿа-яα-ω][А-ЯЁΑ-ΩÀ-ÖØ-Þ]")  # a capital after a small letter
_FEW = 20  # characters beyond ASCII by which nothing is told yet

_WESTERN = frozenset("àáâãäåæçèéêëìíîïñòóôõöøœùúûüÿßÀÁÂÄÅÆÇÈÉÊËÍÎÏÑÓÔÖØŒÙÚÛÜ’‘“”„–—…«»·•°£€©®§¡½¼×\xa0")


# Of languages that are written with one byte a letter: the encodings, the letters beyond ASCII and, of an alphabet of
# their own, the most frequent ones, which are half of a text and more.
_ALPHABETS = (
    (("cp1251", "koi8_r", "cp866", "iso8859_5"), "абвгдежзийклмнопрстуфхцчшщъыьэюяАВБИКМНОПРСТД«»—–“”№…", "оеаинтсрвл"),
    (("cp1251", "koi8_u"), "абвгдежзийклмнопрстуфхцчшщьюяіїєґАВБЗІКМНОПРСТД«»—–“”№…’", "оаинвіертс"),
    (("cp1253", "iso8859_7"), "αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώΑΕΗΙΟΤΣΠΚΜ«»—–’·…", "αοιετνσρόάίέή"),
    (("cp1255", "iso8859_8"), "אבגדהוזחטיךכלםמןנסעףפץצקרשת־—–“”…", "יוהלאמרבתש"),
    (("cp1256", "iso8859_6"), "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىي،؛؟ًٌَُِّْ—–“”«»", "اليمنوتربعده"),
    (
        ("cp874",),
        "".join(map(chr, range(0x0E01, 0x0E3B))) + "".join(map(chr, range(0x0E3F, 0x0E5C))) + "“”‘’…",
        "านรอกเงยมลสวดทะต่้ีิ",
    ),
    (("cp1250", "iso8859_2"), "ąćęłńóśźżĄĆĘŁŃÓŚŹŻ„”–—«»…", ""),
    (("cp1250", "iso8859_2"), "áčďéěíňóřšťúůýžÁČĎÉÍŇÓŘŠŤÚŽľĺŕôä„“–—…»«", ""),
    (("cp1250", "iso8859_2"), "áéíóöőúüűÁÉÍÓÖŐÚÜŰ„”–—»«…’", ""),
    (("cp1250", "iso8859_2"), "ăâîşţĂÂÎŞŢ„”–—»«…", ""),
    (("cp1250", "iso8859_2"), "čćđšžČĆĐŠŽ„“”–—»«…’", ""),
    (("cp1254",), "çğıöşüâîûÇĞİÖŞÜ“”‘’–—…", ""),
    (("cp1257",), "āčēģīķļņšūžąęėįųĀČĒĢĪĶĻŅŠŪŽĄĘĖĮŲ„“”–—…", ""),
)


class UndecodableError(ValueError):
    """Why bytes are no text, as a phrase."""


def encoding_of(data: bytes, *, whole: bool = True) -> str:
    """The name of the encoding of a file's bytes, or of its first bytes when not `whole`; raises UndecodableError.

    The answer `utf-8` may also be given for text in which a few bytes are broken.
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            return name
    if b"\0" in data and (wide := _wide(data)):
        return wide
    utf8 = _decoded(data, "utf-8", whole)
    if utf8 is not None and not _binary(utf8):
        return "iso2022_jp" if b"\x1b$" in data and _decoded(data, "iso2022_jp", whole) else "utf-8"
    if utf8 is None and _nearly_utf8(data):
        return "utf-8"
    return _east_asian(data, whole) or _one_byte(data, whole)


def name_of(raw: bytes) -> str:
    """A file's name as text: as UTF-8, or as what it is recognised as, or with what is broken replaced."""
    with contextlib.suppress(UnicodeError):
        return raw.decode()
    try:
        return raw.decode(encoding_of(raw))
    except (UnicodeError, UndecodableError):
        return raw.decode("utf-8", "replace")


def declared(name: str) -> str:
    """The encoding that a page means by a name; nothing for one that nobody knows, or that is no text's."""
    name = name.strip().lower()
    try:
        found = codecs.lookup(_WHATWG.get(name, name))
    except LookupError:
        return ""
    return found.name if found._is_text_encoding else ""


def as_declared(data: bytes, name: str) -> str | None:
    """The text in the encoding that is said to be its own, or None where the bytes say otherwise.

    A few may be broken; and what any bytes can be read as is not believed of bytes that are another's text.
    """
    text = data.decode(name, "replace")
    if text.count("\ufffd") > _LOST * len(text) or _binary(text):
        return None
    beyond = [character for character in text[:_JUDGED] if not character.isascii()]
    if not beyond or name.startswith(("utf", "iso2022")):
        return text
    if name in {*_EAST_ASIAN, "gb18030"}:
        return text if len(beyond) < _FEW or _score(text) >= _ENOUGH else None
    other = _east_asian(data, whole=False)
    return None if other and len(beyond) >= _FEW else text


def _east_asian(data: bytes, whole: bool) -> str:
    """The encoding in which the text reads as Chinese, Japanese or Korean, or nothing."""
    texts = {name: text for name in _EAST_ASIAN if (text := _decoded(data, name, whole)) is not None}
    scores = {name: _score(text) for name, text in texts.items() if not _binary(text) and not _accented(text)}
    best = max(scores, key=scores.__getitem__, default="")
    if best and scores[best] >= _ENOUGH:
        return best
    if not {"gbk", "big5hkscs"} & texts.keys():
        text = _decoded(data, "gb18030", whole)
        if text is not None and _score(text) >= _ENOUGH:
            return "gb18030"
    return ""


def _wide(data: bytes) -> str:
    """UTF-16 or UTF-32 without a mark, told by what comes out; nothing for text with a few zero bytes.

    Raises UndecodableError for other data with zero bytes: it is binary.
    """
    head = data[: 4 * _JUDGED // 4 * 4]
    for name in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"):
        text = _decoded(head, name, len(head) == len(data))
        if (
            text
            and not _binary(text)
            and sum(c.isascii() or c in _COMMON or c.isalpha() for c in text) > 0.7 * len(text)
        ):
            ordinary = sum(c.isascii() or c in _COMMON for c in text)
            if ordinary > 0.2 * len(text):
                return name
    if head.count(0) > len(head) / 100:
        raise UndecodableError("binary data")
    return ""


def _decoded(data: bytes, encoding: str, whole: bool) -> str | None:
    """The text, or None; a character cut off at the end is forgiven where the bytes are not the whole file."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(data, whole)
    except UnicodeDecodeError:
        return None


def _binary(text: str) -> bool:
    """Whether more than one character in a hundred is a control that no text has."""
    head = text[:_JUDGED]
    controls = sum(head.count(chr(code)) for code in (*range(9), *range(14, 27), *range(28, 32), 127))
    return controls > len(head) / 100


def _nearly_utf8(data: bytes) -> bool:
    """Whether bytes beyond ASCII are UTF-8 ten times for each time they are not."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    return sum(not character.isascii() for character in text) - broken > 10 * broken and not _binary(text)


def _score(text: str) -> float:
    """Share of common East Asian characters among the characters beyond ASCII."""
    beyond = [character for character in text[:_JUDGED] if not character.isascii()]
    return sum(character in _COMMON for character in beyond) / len(beyond) if beyond else 0.0


def _western(text: str) -> bool:
    """Whether a text read as cp1252 looks like it: few letters beyond ASCII, and those of western Europe."""
    beyond = [character for character in text[:_JUDGED] if not character.isascii()]
    letters = sum(character.isalpha() for character in text[:_JUDGED])
    strange = sum(character not in _WESTERN for character in beyond)
    return len(beyond) <= 0.4 * letters and strange <= 0.05 * len(beyond)


def _accented(text: str) -> bool:
    """Whether what stands beyond ASCII stands alone within words, as accented letters do and hanzi do not."""
    text = text[:_JUDGED]
    return len(_ALONE.findall(text)) > 0.3 * sum(not character.isascii() for character in text)


def _one_byte(data: bytes, whole: bool) -> str:
    """cp1252 where it fits, else the encoding in which the letters are those of one language.

    Raises UndecodableError where none fits, or two alike: text that was read wrongly is worse than text set aside.
    """
    text = _decoded(data, "cp1252", whole)
    if text is not None and _western(text) and not _binary(text):
        return "cp1252"
    fits: dict[str, float] = {}
    for names, letters, frequent in _ALPHABETS:
        for name in names:
            text = _decoded(data, name, whole)
            if text is None or _binary(text) or not _written(text):
                continue
            if not frequent or _share_of(text, frequent) >= _FREQUENT:
                fits[name] = max(fits.get(name, 0.0), _share_of(text, letters))
    best = max(fits, key=fits.__getitem__, default="")
    if best and fits[best] >= _FITS:
        rivals = [name for name in fits if fits[name] >= fits[best] - _MARGIN]
        if len({_decoded(data, name, whole) for name in rivals}) == 1:
            return best
    raise UndecodableError("no known encoding, or binary data: declare its encoding if it is text")


def _share_of(text: str, letters: str) -> float:
    """Share of the characters beyond ASCII that are among the letters."""
    beyond = [character for character in text[:_JUDGED] if not character.isascii() and character != "\xa0"]
    known = frozenset(letters)
    return sum(character in known for character in beyond) / len(beyond) if beyond else 0.0


def _written(text: str) -> bool:
    """Whether text reads as people write: beyond ASCII nearly all letters, and capitals where words begin."""
    text = text[:_JUDGED]
    beyond = [character for character in text if not character.isascii()]
    letters = sum(
        character.isalpha() or character in _MARKS or unicodedata.combining(character) > 0 for character in beyond
    )
    lower, upper = (sum(map(test, beyond)) for test in (str.islower, str.isupper))
    risen, mixed = sum(_RISEN.search(run) is not None for run in _RUN.findall(text)), len(_MIXED.findall(text))
    capitals = lower >= upper and risen <= 0.02 * len(text.split())
    return capitals and letters >= 0.9 * len(beyond) and mixed <= 0.02 * len(beyond)
