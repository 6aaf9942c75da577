"""How varied the full world is: the numbers that its description states, counted in its text."""

import re
import tomllib
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from zaohua.microworld import stories
from zaohua.microworld.lexicon import LANGUAGES, tables
from zaohua.microworld.phrase import phrases, read

SPAN = {"en": 13, "zh": 25}


def units(text, language):
    """Words of English, characters of Chinese."""
    return re.findall(r"[A-Za-z'-]+", text) if language == "en" else re.findall(r"[\u4e00-\u9fff]", text)


def spans(text, language):
    """Every run of as many words or characters as would betray memorised text."""
    found, length = units(text, language), SPAN[language]
    return {hash(tuple(found[start : start + length])) for start in range(len(found) - length + 1)}


WORDS = tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))


def content_words(text, language, richness="full"):
    """The different words of the text that have a meaning of their own, people's names aside."""
    words, column = tables(richness), LANGUAGES.index(language)
    if language == "en":
        names = {row[0] for row in words.people.values()}
        return {word.lower() for word in set(units(text, "en")) - names} - set(WORDS["function"].split())
    found = {row[2] for row in words.places.values()} | set(WORDS["phrases"].split())
    found |= {word for row in words.feelings.values() for word in row[column]}
    for table in ("things", "colours", "looks", "manners", "frights", "cheers"):
        found |= {row[column] for row in getattr(words, table).values()}
    return {word for word in found if word in text}


def measured(language, size):
    """The variety of `size` bytes of stories in one language."""
    sentences, plots, kinds, lengths = Counter(), set(), Counter(), Counter()
    seen, text, written, spoken = set(), [], 0, 0
    for told in stories(richness="full", language=language, part="train"):
        sentences.update(told.sentences)
        plots.update(told.plot.split("+"))
        kinds.update(event.kind for event in told.events)
        lengths[len(told.sentences)] += 1
        seen |= spans(told.text, language)
        spoken += '"' in told.text or "“" in told.text
        text.append(told.text)
        written += len(told.text.encode())
        if written >= size:
            break
    commonest = kinds.most_common(1)[0][0]
    candidates = phrases("full", language)[commonest]
    phrasings = {
        place
        for sentence in islice(sentences, 6000)
        for place, phrase in enumerate(candidates)
        if any(phrase.read(sentence))
    }
    again = total = 0
    for told in islice(stories(richness="full", language=language, part="test"), 1000):
        found = spans(told.text, language)
        again, total = again + len(found & seen), total + len(found)
    return {
        "content words": len(content_words("\n".join(text), language)),
        "plot shapes": len(plots),
        "phrasings of the commonest event": len(phrasings),
        "shortest": min(lengths),
        "longest": max(lengths),
        "with dialogue": spoken / len(text),
        "sentences standing more than five times": sum(n for n in sentences.values() if n > 5) / sentences.total(),
        "test spans in the training part": again / total,
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_small_world_has_some_150_content_words_and_plots(language):
    told = list(islice(stories(richness="small", language=language), 2000))
    assert 100 <= len(content_words("\n".join(each.text for each in told), language, "small")) <= 200
    assert len({plot for each in told for plot in each.plot.split("+")}) >= 6


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", [1_000_000, 10_000_000])
def test_memorising_does_not_help(language, size):
    found = measured(language, size)
    print(language, size, found)
    assert found["content words"] >= 500
    assert found["plot shapes"] >= 12
    assert found["phrasings of the commonest event"] >= 15
    assert (found["shortest"], found["longest"]) == (3, 25)
    assert found["with dialogue"] >= 0.4
    assert found["sentences standing more than five times"] < 0.02
    assert found["test spans in the training part"] < 0.01


def test_every_event_has_several_phrasings_in_both_languages():
    words = tables("full").phrases
    assert set(words["en"]) == set(words["zh"])
    assert all(len(options) >= 5 for options in [*words["en"].values(), *words["zh"].values()])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("richness", ["small", "full"])
def test_a_sentence_reads_back_as_its_event(richness, language):
    for told in islice(stories(richness=richness, language=language), 40):
        for event, sentence in zip(told.events, told.sentences):
            assert event in read(sentence, richness, language)
