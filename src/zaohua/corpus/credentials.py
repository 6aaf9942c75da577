"""Credentials in text: keys and tokens of known services, private keys, and what is assigned to a secret's name."""

import math
import re
from collections import Counter
from collections.abc import Iterator

FORMS: dict[str, re.Pattern[str]] = {
    "AKIA": re.compile(r"AKIA[0-9A-Z]{16}(?![A-Za-z0-9])"),  # Amazon
    "ASIA": re.compile(r"ASIA[0-9A-Z]{16}(?![A-Za-z0-9])"),
    "LTAI": re.compile(r"LTAI[0-9A-Za-z]{12,26}(?![A-Za-z0-9])"),  # Alibaba
    "AKID": re.compile(r"AKID[0-9A-Za-z]{13,40}(?![A-Za-z0-9])"),  # Tencent
    "AIza": re.compile(r"AIza[0-9A-Za-z_-]{35}(?![A-Za-z0-9_-])"),  # Google
    "gh": re.compile(r"gh(?:[opusr]_[A-Za-z0-9]{30,})"),  # GitHub
    "github_pat_": re.compile(r"github_pat_[A-Za-z0-9_]{22,}"),
    "glpat-": re.compile(r"glpat-[A-Za-z0-9_-]{20,}"),  # GitLab
    "xox": re.compile(r"xox[abeoprs]-[A-Za-z0-9-]{10,}"),  # Slack
    "sk-": re.compile(r"sk-[A-Za-z0-9_-]{20,}"),  # OpenAI, Anthropic, DeepSeek, DashScope
    "_live_": re.compile(r"[rsp]k_live_[A-Za-z0-9]{16,}"),  # Stripe
    "hf_": re.compile(r"hf_[A-Za-z0-9]{30,}"),  # Hugging Face
    "npm_": re.compile(r"npm_[A-Za-z0-9]{36}"),
    "pypi-": re.compile(r"pypi-[A-Za-z0-9_-]{50,}"),
    "SG.": re.compile(r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),  # SendGrid
    "eyJ": re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}"),  # JSON web token
    "PRIVATE KEY": re.compile(r"-----BEGIN (?P<what>[A-Z ]*PRIVATE KEY)-----[^-]{40,8000}-----END (?P=what)-----"),
}
"""What a text that holds a key contains -> the whole key."""

_ASSIGNED = re.compile(r"[:=：]\s{0,2}[\"'`“]?([A-Za-z0-9+/_-]{20,200}={0,2})(?![A-Za-z0-9.(\[])")
_SECRET_NEAR = re.compile(
    r"(?:[Kk]ey|KEY|[Ss]ecret|SECRET|[Tt]oken|TOKEN|[Pp]ass(?:wd|word)|PASSWORD|[Cc]redential|密钥|密鑰|口令|密码|密碼)[\"'`”\s]{0,3}$"
)
_NEAR = 24
_RANDOM = 3.3  # bits a character: names joined by hyphens or underscores have less digits, repeated letters less bits


def credentials(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and KEY of each credential."""
    for sign, form in FORMS.items():
        if sign in text:
            for found in form.finditer(text):
                before = text[found.start() - 1 : found.start()]
                if not (before.isascii() and (before.isalnum() or (before in "_-" and before))) and _random(found[0]):
                    yield *found.span(), "KEY"
    for found in _ASSIGNED.finditer(text):
        if _SECRET_NEAR.search(text[max(found.start() - _NEAR, 0) : found.start()]) and _random(found[1]):
            yield *found.span(1), "KEY"


def _random(secret: str) -> bool:
    """Whether a string is as mixed as chance makes it: letters and digits, and no few of them again and again."""
    counts = Counter(secret)
    bits = -sum(count / len(secret) * math.log2(count / len(secret)) for count in counts.values())
    digits = sum(counts[digit] for digit in "0123456789")
    return bits >= _RANDOM and digits >= 2 and digits < len(secret)
