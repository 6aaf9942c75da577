"""Keys and tokens are found by their forms and by how random they are."""

import pytest

from zaohua.corpus.credentials import FORMS, credentials

LETTERS = "A1b2C3d4E5f6G7h8I9j0KLmNoPqRsTuVwXyZaBcDeFgHiJkL"
EXAMPLES = {
    "AKIA": "AKIAQ4X7Z2M5T8V1B3N6",
    "ASIA": "ASIAQ4X7Z2M5T8V1B3N6",
    "LTAI": "LTAI5tQ4x7Z2m5T8v1B3",
    "AKID": "AKIDq4X7z2M5t8V1b3N6",
    "AIza": "AIza" + LETTERS[:35],
    "gh": "ghp_" + LETTERS[:36],
    "github_pat_": "github_pat_" + LETTERS[:30],
    "glpat-": "glpat-" + LETTERS[:20],
    "xox": "xoxb-1234567890-abcDEF123456",
    "sk-": "sk-proj-" + LETTERS[:40],
    "_live_": "sk_live_" + LETTERS[:24],
    "hf_": "hf_" + LETTERS[:34],
    "npm_": "npm_" + LETTERS[:36],
    "pypi-": "pypi-" + LETTERS + LETTERS,
    "SG.": f"SG.{LETTERS[:22]}.{LETTERS[:43]}",
    "eyJ": f"eyJ{LETTERS[:20]}.eyJ{LETTERS[:30]}.{LETTERS[:40]}",
    "PRIVATE KEY": f"-----BEGIN RSA PRIVATE KEY-----\n{LETTERS}\n{LETTERS}\n-----END RSA PRIVATE KEY-----",
}


def found(text):
    return [text[start:end] for start, end, _ in credentials(text)]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_has_an_example(form):
    assert found(f"密钥是{EXAMPLES[form]}，") == [EXAMPLES[form]]


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"api_key = '{LETTERS[:24]}'", LETTERS[:24]),
        (f'"token": "{LETTERS[:32]}"', LETTERS[:32]),
        (f"SECRET_KEY={LETTERS[:20]}", LETTERS[:20]),
        (f"密钥：{LETTERS[:24]}", LETTERS[:24]),
    ],
)
def test_what_is_assigned_to_a_secrets_name_is_one(text, secret):
    assert found(text) == [secret]


@pytest.mark.parametrize(
    "text",
    [
        "sk-xxxxxxxxxxxxxxxxxxxxxxxx",
        "sk-your-api-key-goes-right-here",
        "api_key = 'YOUR_API_KEY_GOES_HERE_PLEASE'",
        "token = tokenizer.convert_tokens_to_ids",
        f"commit = {LETTERS[:40]}",
        f"The word ask-{LETTERS[:24]} is one word",
        "key: internationalization-of-everything",
        "password: 12345678901234567890",
        "ghp_short",
    ],
)
def test_placeholders_names_and_other_values_stay(text):
    assert found(text) == []
