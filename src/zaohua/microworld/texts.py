"""The corpus of the embedded world: whole stories of several languages until a size in bytes is reached."""

from collections.abc import Iterator

from zaohua.microworld.story import checked, story


def corpus(
    *, richness: str = "small", languages: tuple[str, ...] = ("en", "zh"), size: int, part: str = "train", seed: int = 0
) -> Iterator[tuple[str, str, str]]:
    """Whole stories as (id, text, language) until they hold `size` bytes of UTF-8, languages in equal shares.

    Different languages tell different stories, so that a corpus is no parallel text.
    """
    for language in languages:
        checked(richness, language, part)
    written = dict.fromkeys(languages, 0)
    index = 0
    while sum(written.values()) < size:
        language = min(languages, key=lambda name: written[name])
        text = story(richness=richness, language=language, part=part, seed=seed, index=index).text
        written[language] += len(text.encode())
        yield f"{richness}-{part}-{seed}-{index}-{language}", text, language
        index += 1
