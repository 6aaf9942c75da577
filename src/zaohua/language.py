"""The language of the person who reads what the program says."""

import os


def speaks_chinese() -> bool:
    """Whether messages and help are wanted in Chinese: ZAOHUA_LANG (zh or en) decides, else the locale."""
    chosen = os.environ.get("ZAOHUA_LANG") or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return chosen.lower().startswith("zh")
