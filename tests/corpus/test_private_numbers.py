"""Identity cards, bank cards and telephones are told from all the other numbers of a text."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.corpus.private_numbers import numbers


def found(text):
    return [(text[start:end], kind) for start, end, kind in numbers(text)]


def identity(random, check=0):
    """A made-up resident's number; `check` is added to the right check digit."""
    body = "110105" + f"{random.randrange(1930, 2020)}{random.randrange(1, 13):02}{random.randrange(1, 29):02}"
    body += f"{random.randrange(1000):03}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    place = sum(w * int(d) for w, d in zip(weights, body, strict=True)) % 11
    return body + "10X98765432"[(place + check) % 11]


@given(seed=st.integers(0, 10_000), check=st.integers(1, 10))
def test_a_residents_number_has_the_right_check_digit(seed, check):
    right, wrong = identity(Random(seed)), identity(Random(seed), check)
    assert found(f"身份证{right}。") == [(right, "ID")]
    assert found(f"号码{wrong}。") in ([], [(wrong, "CARD")])


def test_a_residents_number_has_a_day_and_a_province():
    assert found("11010519491231002X") == [("11010519491231002X", "ID")]
    for impossible in ("110105194913310029", "990105194912310020", "11010519491231002Y"):
        assert found(impossible) == []


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("卡号6222021234567890128", "6222021234567890128"),
        ("转到6222 0212 3456 7890 128。", "6222 0212 3456 7890 128"),
        ("Visa card 4111 1111 1111 1111", "4111 1111 1111 1111"),
    ],
)
def test_bank_cards_pass_luhn_and_begin_with_62_or_are_named(text, number):
    assert found(text) == [(number, "CARD")]
    last = str((int(text.rstrip("。")[-1]) + 1) % 10)
    assert found(text.rstrip("。")[:-1] + last) == []


def test_a_number_that_passes_luhn_by_chance_is_no_card():
    assert found("4111111111111111") == []


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("手机13800138000。", "13800138000"),
        ("8613800138000", "8613800138000"),
        ("138 0013 8000", "138 0013 8000"),
        ("电话:13800138000", "13800138000"),
        ("电话：010-12345678转8", "010-12345678"),
        ("(0755)12345678", "(0755)12345678"),
        ("+86-755-12345678", "+86-755-12345678"),
        ("+852 2345 6789", "+852 2345 6789"),
        ("852-91234567", "852-91234567"),
        ("電話2345 6789", "2345 6789"),
        ("0912-345-678", "0912-345-678"),
        ("0912345678", "0912345678"),
        ("(02) 2345-6789", "(02) 2345-6789"),
        ("02-2345-6789", "02-2345-6789"),
        ("+886 2 2345 6789", "+886 2 2345 6789"),
        ("+1 (415) 555-2671", "+1 (415) 555-2671"),
        ("(415) 555-2671", "(415) 555-2671"),
        ("415-555-2671", "415-555-2671"),
        ("+44 20 7946 0958", "+44 20 7946 0958"),
        ("+81-3-1234-5678", "+81-3-1234-5678"),
        ("call +4915112345678 now", "+4915112345678"),
        ("Tel.13800138000", "13800138000"),
    ],
)
def test_telephones_of_the_mainland_hong_kong_taiwan_and_abroad(text, number):
    assert found(text) == [(number, "PHONE")]


@given(text=st.text("0123456789 ()-+X.,/:电话13800138000"))
def test_any_mixture_of_digits_and_separators_is_read(text):
    ends = 0
    for start, end, _ in numbers(text):
        assert ends <= start < end <= len(text)
        assert sum(character.isdigit() for character in text[start:end]) >= 7
        ends = end


@pytest.mark.parametrize("text", ["1 ( ) - ( ) 2 -- -- -- 3", "13800138000 ----", "1-------X", "(((((( 1 ))))))2"])
def test_runs_of_separators_are_no_numbers(text):
    assert all(number == "13800138000" for number, _ in found(text))


def test_several_numbers_in_a_row_are_found_one_by_one():
    assert [number for number, _ in found("13800138000 13900139000/13700137000")] == [
        "13800138000", "13900139000", "13700137000"]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "ISBN 978-7-111-12345-6，ISBN 9787111123456，ISBN 7-302-01234-5",
        "0.13800138000 和 13800138000.5 和 3.14159265358979323846",
        "x=13800138000，y = 2^13800138000，1+13800138000，13800138000%",
        "https://example.com/13800138000.jpg?id=13800138000",
        "a13800138000 13800138000b _13800138000",
        "138001380001 1380013800",
        "1914-1918，2000-2001，2024-01-01，20240101",
        "550e8400-e29b-41d4-a716-446655440000",
        "1,234,567,890 1 234 567 890",
        "12345678901234567890123456789012",
        "23456789 和 2345 6789",
        "订单号13800138000",
        "12 34 56 78 90 11 22 33 44",
        "$13800138000",
    ],
)
def test_versions_books_formulas_and_long_numbers_stay(text):
    assert found(text) == []
