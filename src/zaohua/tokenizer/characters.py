"""Text as what can be encoded: every code unit a character."""


def characters(text: str) -> str:
    """The text with surrogates joined to characters or, when alone, replaced by U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
