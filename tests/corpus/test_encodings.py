"""Encodings are recognised by what comes out; what is no text is said to be none."""

import os
import tarfile
from pathlib import Path

import pytest

from zaohua.corpus import encodings
from zaohua.corpus.encodings import UndecodableError, as_declared, declared, encoding_of

SIMPLIFIED = "今天天气很好，我们去公园散步。他说：“这里的花开得真漂亮！”后来大家一起回家吃饭。\n" * 3
TRADITIONAL = "今天天氣很好，我們去公園散步。他說：「這裡的花開得真漂亮！」後來大家一起回家吃飯。\n" * 3
JAPANESE = "今日はとても天気がいいので、私たちは公園へ散歩に行きました。花がとてもきれいでした。\n" * 3
KOREAN = "오늘은 날씨가 아주 좋아서 우리는 공원에 산책하러 갔습니다. 꽃이 정말 예뻤습니다.\n" * 3
FRENCH = "Le café était fermé, mais l’été reviendra bientôt à la forêt où l'on dîne déjà.\n" * 5


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be", "utf-32-le"])
@pytest.mark.parametrize("text", [SIMPLIFIED, TRADITIONAL, JAPANESE, KOREAN, FRENCH, "plain text\n" * 4])
def test_unicode_is_recognised_with_and_without_a_mark(text, encoding):
    data = text.encode(encoding)
    assert data.decode(encoding_of(data)) == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (SIMPLIFIED, "gbk"),
        (SIMPLIFIED, "gb18030"),
        (TRADITIONAL, "gbk"),
        (SIMPLIFIED + "㐀𠮷" * 3, "gb18030"),
        (TRADITIONAL, "big5"),
        (TRADITIONAL, "big5hkscs"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        (KOREAN, "euc_kr"),
        (FRENCH, "cp1252"),
        ("<html>" * 500 + SIMPLIFIED, "gbk"),
    ],
)
def test_legacy_encodings_are_told_apart(text, encoding):
    data = text.encode(encoding)
    assert data.decode(encoding_of(data)) == text


def test_strict_gb18030_would_have_taken_big5():
    """Why candidates are scored: this must not change unnoticed."""
    data = TRADITIONAL.encode("big5")
    assert data.decode("gb18030", "replace") != TRADITIONAL
    assert encoding_of(data) == "big5hkscs"


def test_the_first_bytes_of_a_file_may_end_within_a_character():
    data = (SIMPLIFIED * 20).encode("gbk")
    assert encoding_of(data[:1001], whole=False) == "gbk"
    assert encoding_of((SIMPLIFIED * 20).encode()[:1000], whole=False) == "utf-8"


def test_a_few_broken_bytes_do_not_make_utf8_another_encoding():
    data = SIMPLIFIED.encode() + b"\xff\xfe broken \xe4\xbd\n" + SIMPLIFIED.encode()
    assert encoding_of(data) == "utf-8"


@pytest.mark.parametrize(
    "data", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + os.urandom(400), bytes(range(256)) * 8, b"\x1f\x8b\x08\0" * 99]
)
def test_binary_data_is_no_text(data):
    with pytest.raises(UndecodableError):
        encoding_of(data)


def test_nothing_is_utf8():
    assert encoding_of(b"") == "utf-8"


LANGUAGES = {
    "Russian": "Сегодня хорошая погода, и мы пошли гулять в парк. Он сказал, что цветы здесь очень красивы.",
    "Ukrainian": "Сьогодні гарна погода, і ми пішли гуляти в парк. Він сказав, що квіти тут дуже гарні, їх багато є.",
    "Greek": "Σήμερα ο καιρός είναι καλός και πήγαμε βόλτα στο πάρκο. Τα λουλούδια εδώ είναι πολύ όμορφα.",
    "Hebrew": "היום מזג האוויר יפה והלכנו לטייל בפארק. הוא אמר שהפרחים כאן יפים מאוד, ואחר כך כולם חזרו הביתה.",
    "Arabic": "الطقس جميل اليوم وذهبنا للتنزه في الحديقة. قال إن الزهور هنا جميلة جدا، ثم عاد الجميع إلى البيت.",
    "Thai": "วันนี้อากาศดีมาก เราไปเดินเล่นในสวนสาธารณะ เขาบอกว่าดอกไม้ที่นี่สวยมาก แล้วทุกคนก็กลับบ้าน",
    "Polish": "Dzisiaj jest piękna pogoda i poszliśmy do parku. Powiedział, że kwiaty są śliczne. Żółć, łąka, ćma.",
    "Czech": "Dnes je hezké počasí a šli jsme do parku. Řekl, že květiny jsou krásné. Příliš žluťoučký kůň.",
    "Hungarian": "Ma szép idő van, elmentünk sétálni. Azt mondta, hogy a virágok nagyon gyönyörűek. Őrült űrhajós.",
    "Turkish": "Bugün hava çok güzel ve yürüyüşe çıktık. Çiçeklerin güzel olduğunu söyledi. Şişli, ığdır.",
    "Lithuanian": "Šiandien gražus oras ir mes išėjome į parką. Jis pasakė, kad gėlės labai gražios. Ąžuolų ūkas.",
}
WRITTEN_IN = {
    "Russian": ["cp1251", "koi8_r", "cp866", "iso8859_5"],
    "Ukrainian": ["cp1251", "koi8_u"],
    "Greek": ["cp1253", "iso8859_7"],
    "Hebrew": ["cp1255", "iso8859_8"],
    "Arabic": ["cp1256", "iso8859_6"],
    "Thai": ["cp874"],
    "Polish": ["cp1250", "iso8859_2"],
    "Czech": ["cp1250", "iso8859_2"],
    "Hungarian": ["cp1250", "iso8859_2"],
    "Turkish": ["cp1254"],
    "Lithuanian": ["cp1257"],
}


@pytest.mark.parametrize(("language", "encoding"), [(name, each) for name, all_ in WRITTEN_IN.items() for each in all_])
def test_one_byte_a_letter_is_read_right_or_set_aside(language, encoding):
    data = (LANGUAGES[language] + "\n").encode(encoding) * 3
    assert data.decode(encoding_of(data)) == data.decode(encoding)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (FRENCH, "mac_roman"),
        ("Über den Flüssen schöne Straßen, größer.\n" * 3, "cp437"),
        (LANGUAGES["Russian"], "mac_cyrillic"),
    ],
)
def test_what_fits_nothing_that_is_known_is_set_aside(text, encoding):
    with pytest.raises(UndecodableError):
        encoding_of(text.replace("’", "'").encode(encoding))


def test_letters_of_two_alphabets_in_one_word_are_not_writing():
    assert encodings._written("çok güzel, ışık, Привет, μικρός")
    assert not encodings._written("ηok gόzel, ύώύk")


def test_japanese_mail_is_told_by_its_escapes():
    data = JAPANESE.encode("iso2022_jp")
    assert data.decode(encoding_of(data)) == JAPANESE


@pytest.mark.parametrize(
    ("said", "meant"),
    [("GB2312", "gb18030"), ("x-sjis", "cp932"), ("ISO-8859-1", "cp1252"), ("Big5", "big5hkscs"), ("utf-8", "utf-8"),
     ("windows-1251", "cp1251"), ("none", ""), ("base64", ""), ("rot13", ""), ("", "")],
)  # fmt: skip
def test_names_mean_what_browsers_take_them_for(said, meant):
    assert declared(said) == meant


@pytest.mark.parametrize(
    ("text", "encoding", "said", "believed"),
    [
        (SIMPLIFIED, "gb18030", "gb18030", True),
        (TRADITIONAL, "big5hkscs", "big5hkscs", True),
        (TRADITIONAL, "big5", "gb18030", False),
        (SIMPLIFIED, "gb18030", "cp1252", False),
        (KOREAN, "cp949", "cp1252", False),
        (FRENCH, "cp1252", "cp1252", True),
        (LANGUAGES["Russian"], "cp1251", "cp1251", True),
        ("plain", "ascii", "gb18030", True),
    ],
)
def test_what_is_said_is_believed_when_the_bytes_bear_it_out(text, encoding, said, believed):
    assert as_declared(text.encode(encoding), said) == (text if believed else None)


@pytest.mark.slow
def test_real_files_are_recognised():
    """chardet's test files: each gives the right text, and what Python cannot decode is set aside, not misread."""
    archive = Path(os.environ.get("ZAOHUA_DATA", "../shared/data")) / "web/chardet_encodings/chardet.tar.gz"
    if not archive.exists():
        pytest.skip(f"{archive} is absent")
    right: dict[str, list[bool]] = {}
    with tarfile.open(archive) as files:
        for member in files:
            parts = Path(member.name).parts
            content = files.extractfile(member)
            if content is None or len(parts) < 3:
                continue
            data = content.read()
            try:
                true = data.decode(
                    {"GB2312": "gb18030", "Big5": "big5hkscs", "EUC-KR": "cp949", "SHIFT_JIS": "cp932"}.get(
                        parts[1], parts[1]
                    )
                )
            except (UnicodeDecodeError, LookupError):
                with pytest.raises(UndecodableError):
                    encoding_of(data)
                continue
            try:
                found = data.decode(encoding_of(data))
            except (UndecodableError, UnicodeDecodeError):
                found = ""
            right.setdefault(parts[1], []).append(found.lstrip("\ufeff") == true.lstrip("\ufeff"))
    shares = {name: sum(answers) / len(answers) for name, answers in right.items()}
    assert sum(map(len, right.values())) > 140
    assert all(share == 1 for share in shares.values()), shares
