"""How much of a model's text stands word for word in its training text."""


def longest_copy(text: str, source: str) -> str:
    """The longest span of `text` that also stands in `source`."""
    best, start = "", 0
    while start + len(best) < len(text):
        if text[start : start + len(best) + 1] in source:
            low, high = len(best) + 1, len(text) - start
            while low < high:
                middle = (low + high + 1) // 2
                low, high = (middle, high) if text[start : start + middle] in source else (low, middle - 1)
            best = text[start : start + low]
        start += 1
    return best
