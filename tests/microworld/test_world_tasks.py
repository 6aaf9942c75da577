"""The labelled tasks: balanced, deterministic, and not to be answered without reading."""

import re
from collections import Counter, defaultdict
from itertools import islice
from random import Random

import pytest

from zaohua.microworld import TASKS, check, examples, stories
from zaohua.microworld.event import Event
from zaohua.microworld.labelled import another, likeness
from zaohua.microworld.lexicon import nouns, wordings
from zaohua.microworld.phrase import sentences, tell
from zaohua.microworld.question import table

SETTINGS = [(richness, language) for richness in ("small", "full") for language in ("en", "zh")]
NAMES = ("sentiment", "entail", "similar", "choose", "question", "translate", "chat")


def some(task, richness, language, number, part="test"):
    return list(islice(examples(task, richness=richness, language=language, part=part), number))


def is_talk(message):
    return any(message["content"] in one["asked"] for language in ("en", "zh") for one in table(language)["talk"])


def test_the_tasks_are_these():
    assert set(TASKS) == set(NAMES)
    with pytest.raises(ValueError, match="task is 'sing'"):
        examples("sing", richness="small", language="en", part="train")


@pytest.mark.parametrize("task", NAMES)
@pytest.mark.parametrize("richness", ["small", "full"])
def test_examples_are_deterministic_and_differ_between_the_parts(task, richness):
    assert some(task, richness, "zh", 5) == some(task, richness, "zh", 5)
    assert some(task, richness, "zh", 5) != some(task, richness, "zh", 5, "train")


def wording(question, richness, language):
    """The question without its names, so that one constant answer is sought for each way of asking."""
    words = [name for options in wordings(richness, language)["person"].values() for name in options]
    words += nouns(richness, language).values()
    return re.sub("|".join(map(re.escape, sorted(words, key=len, reverse=True))), "_", question)


@pytest.mark.slow
@pytest.mark.parametrize(("richness", "language"), SETTINGS)
def test_the_best_answer_that_ignores_the_story_is_right_in_at_most_thirty_percent(richness, language):
    answers = defaultdict(Counter)
    rows = some("question", richness, language, 1200)
    for row in rows:
        answers[wording(row["question"], richness, language)][row["answer"]] += 1
    assert sum(counter.most_common(1)[0][1] for counter in answers.values()) <= 0.3 * len(rows)
    assert all(
        counter.most_common(1)[0][1] <= 0.3 * counter.total() for counter in answers.values() if counter.total() > 100
    )


@pytest.mark.parametrize(("richness", "language"), SETTINGS)
def test_an_answer_stands_in_its_story(richness, language):
    for row in some("question", richness, language, 60):
        assert row["answer"].removeprefix("the ") in row["story"]
        assert check(row["story"], richness=richness, language=language).consistent


@pytest.mark.parametrize(
    ("task", "labels"),
    [
        ("sentiment", {"positive", "negative", "neutral"}),
        ("entail", {"entailment", "neutral", "contradiction"}),
        ("choose", {0, 1, 2, 3}),
    ],
)
def test_labels_are_balanced(task, labels):
    rows = some(task, "small", "en", 240)
    counts = Counter(row.get("label", row.get("answer")) for row in rows)
    assert set(counts) == labels
    assert max(counts.values()) <= 1.4 * len(rows) / len(labels)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_exactly_one_ending_fits_its_context(language):
    for row in some("choose", "small", language, 30):
        space = " " if language == "en" else ""
        verdicts = [
            check(row["context"] + space + option, richness="small", language=language).consistent
            for option in row["options"]
        ]
        assert verdicts.index(True) == row["answer"]
        assert sum(verdicts) == 1


def test_endings_cannot_be_told_without_their_context():
    rows = some("choose", "small", "en", 400)
    seen = defaultdict(Counter)
    for row in rows:
        for place, option in enumerate(row["options"]):
            seen[wording(option, "small", "en")][place == row["answer"]] += 1
    best = {text: counter[True] / counter.total() for text, counter in seen.items()}
    guessed = [max(range(4), key=lambda place: best[wording(row["options"][place], "small", "en")]) for row in rows]
    assert sum(guess == row["answer"] for guess, row in zip(guessed, rows)) <= 0.45 * len(rows)


def test_likeness_counts_equal_parts():
    first = Event("give", "ann", "ben", "kite")
    assert likeness(first, first) == 5
    assert likeness(first, first._replace(thing="cup")) == 4
    assert likeness(first, Event("give", "dan", "mia", "cup")) == 2
    assert likeness(first, Event("lose", "dan", thing="cup", place="park")) == 0


def test_scores_reach_from_none_to_five():
    scores = [row["score"] for row in some("similar", "small", "en", 300)]
    assert {0.0, 5.0} <= set(scores)
    assert len({round(score) for score in scores}) == 6


@pytest.mark.parametrize(("richness", "kind"), [("small", "fright"), ("full", "fright"), ("full", "cheer")])
def test_what_frightens_gives_way_to_something_else_that_frightens(richness, kind):
    told, event = next((s, e) for s in stories(richness=richness) for e in s.events if e.kind == kind)
    other = another("reason", event, told, Random(0), {event.reason})
    assert other != event.reason
    assert tell(event._replace(reason=other), richness, "en", Random(0).random)


@pytest.mark.parametrize("richness", ["small", "full"])
def test_translations_are_of_the_same_number_of_sentences_in_each_script(richness):
    for row in some("translate", richness, "en", 40):
        assert row["zh"].isascii() is False
        assert row["en"].isascii()
        assert len(re.findall(r"[.!?]", row["en"])) >= 1


@pytest.mark.parametrize(("richness", "language"), SETTINGS)
def test_conversations_alternate_and_a_told_story_fits_its_request(richness, language):
    requests = 0
    for row in some("chat", richness, language, 60):
        messages = row["messages"]
        assert [message["role"] for message in messages] == ["user", "assistant"] * (len(messages) // 2)
        assert 2 <= len(messages) <= 24
        for wish, told in zip(messages[::2], messages[1::2], strict=True):
            if is_talk(wish) or len(told["content"]) < (60 if language == "en" else 20):
                continue  # an answer
            requests += 1
            assert check(told["content"], richness=richness, language=language).consistent
            names = [name for options in wordings(richness, language)["person"].values() for name in options]
            wanted = [name for name in names if re.search(rf"{name}\b", wish["content"], re.ASCII)]
            assert not wanted or any(name in told["content"] for name in wanted)
    assert requests >= 8


@pytest.mark.parametrize(("language", "polite", "mark"), [("en", "Tell", "."), ("zh", "请", "。")])
def test_wishes_stand_as_people_type_them(language, polite, mark):
    wishes = [message["content"] for row in some("chat", "small", language, 300) for message in row["messages"]]
    wishes = [wish for wish in wishes if re.match(r"tell me a story|请?讲一个", wish, re.IGNORECASE)]
    assert len(wishes) > 30
    assert 0.1 < sum(wish.startswith(polite) for wish in wishes) / len(wishes) < 0.9
    assert 0.1 < sum(wish.endswith(mark) for wish in wishes) / len(wishes) < 0.9


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_conversation_goes_on_to_another_story_and_its_questions_are_about_that_one(language):
    least = 60 if language == "en" else 20
    of_later, of_told, talked = 0, 0, 0
    for row in some("chat", "small", language, 200):
        stories, told = [], False
        for asked, answer in zip(row["messages"][::2], row["messages"][1::2], strict=True):
            if is_talk(asked):
                talked += 1
                continue
            if len(answer["content"]) >= least:
                stories, told = [*stories, answer["content"]], True
                continue
            if "\n" in asked["content"]:
                stories, told = [*stories, asked["content"].split("\n")[0]], False
            assert answer["content"].removeprefix("the ") in stories[-1]
            of_later += len(stories) > 1
            of_told += told
        assert sum(len(sentences(story, language)) for story in stories) <= 15
    assert of_later >= 40
    assert of_told >= 40
    assert 10 <= talked <= 40


def test_test_examples_rest_on_test_stories():
    told = {story.text for story in islice(stories(richness="small", part="train"), 500)}
    assert not told & {row["story"] for row in some("question", "small", "en", 50)}
