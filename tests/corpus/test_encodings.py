"""Encodings are recognised by what comes out; what is no text is said to be none."""

import os
import tarfile
from pathlib import Path

import pytest

from zaohua.corpus.encodings import UndecodableError, encoding_of

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


@pytest.mark.slow
def test_real_files_are_recognised():
    """chardet's test files: of each encoding of Chinese, Japanese and Korean nearly all give the right text."""
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
                continue  # the file itself holds broken bytes
            try:
                found = data.decode(encoding_of(data))
            except (UndecodableError, UnicodeDecodeError):
                found = ""
            right.setdefault(parts[1], []).append(found.lstrip("\ufeff") == true.lstrip("\ufeff"))
    shares = {name: sum(answers) / len(answers) for name, answers in right.items()}
    assert all(shares[name] >= 0.95 for name in ("Big5", "GB2312", "EUC-KR", "SHIFT_JIS", "utf-8")), shares
    assert all(shares[name] == 1 for name in shares if name.startswith("UTF")), shares
