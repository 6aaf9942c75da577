"""With a model that recites a known text: characters are never broken, stop strings never leak, leaving frees it."""

import threading
import time

import httpx
import openai
import pytest

from tests.server.conftest import reciting, serving

RECITED = "放风筝🙂🙃，the kite END flies 👩‍🚀 away."


@pytest.fixture(scope="session")
def reciter(tokenizer):
    ids = [*tokenizer.encode(RECITED), tokenizer.specials["<|end|>"], tokenizer.end_of_text]
    with serving(reciting(tokenizer, ids)) as running:
        yield running


def recite(running, **more):
    return running.client.completions.create(model="reciter", prompt="", temperature=0, **{"max_tokens": 60, **more})


def streamed(running, **more):
    return [chunk.choices[0] for chunk in recite(running, stream=True, **more)]


def test_characters_are_never_broken(reciter):
    pieces = streamed(reciter, max_tokens=len(reciter.served.loaded.tokenizer.encode(RECITED)))
    assert "".join(piece.text for piece in pieces) == RECITED
    assert not any("\ufffd" in piece.text for piece in pieces)
    assert len(pieces) > 10


def test_the_end_token_ends_an_answer_and_is_counted_but_not_shown(reciter):
    messages = [{"role": "user", "content": ""}]
    answer = reciter.client.chat.completions.create(model="reciter", messages=messages, temperature=0)
    assert RECITED.endswith(answer.choices[0].message.content)
    assert answer.choices[0].finish_reason == "stop"
    tokens = len(reciter.served.loaded.tokenizer.encode(RECITED)) - 2  # the prompt's three tokens stand first
    assert answer.usage.completion_tokens == tokens + 1


@pytest.mark.parametrize(
    ("stop", "left"),
    [
        ("END", "放风筝🙂🙃，the kite "),
        (["zzz", "🙃，the"], "放风筝🙂"),
        ("风", "放"),
        (["kite END flies", "END flies"], "放风筝🙂🙃，the "),
        ("放", ""),
        ("END flie!", RECITED),
    ],
)
def test_a_stop_string_ends_the_text_and_never_leaks(reciter, stop, left):
    limit = len(reciter.served.loaded.tokenizer.encode(RECITED))
    whole = recite(reciter, stop=stop, logprobs=1, max_tokens=limit)
    pieces = streamed(reciter, stop=stop, logprobs=1, max_tokens=limit)
    assert whole.choices[0].text == "".join(piece.text for piece in pieces) == left
    assert whole.choices[0].finish_reason == ("length" if left == RECITED else "stop")
    tokens = [token for piece in pieces for token in piece.logprobs.tokens]
    assert tokens == whole.choices[0].logprobs.tokens
    assert all(offset < len(left) for offset in whole.choices[0].logprobs.text_offset)


@pytest.fixture
def slow(tokenizer):
    """A reciter that takes its time, and counts its steps."""
    steps = []
    ids = tokenizer.encode("kite " * 100)

    def wait():
        steps.append(time.monotonic())
        time.sleep(0.01)

    with serving(reciting(tokenizer, ids, wait=wait), waiting=1) as running:
        running.steps = steps
        yield running


def until_idle(running):
    deadline = time.monotonic() + 5
    while not running.worker.idle and time.monotonic() < deadline:
        time.sleep(0.005)
    return running.worker.idle


def test_a_reader_who_leaves_a_stream_frees_the_model(slow):
    stream = recite(slow, stream=True, max_tokens=100)
    next(iter(stream))
    assert not slow.worker.idle
    stream.close()
    assert until_idle(slow)
    assert len(slow.steps) < 80


def test_a_caller_who_gives_up_on_a_whole_answer_frees_the_model(slow):
    with pytest.raises(openai.APITimeoutError):
        recite(slow, max_tokens=100, timeout=0.2)
    assert until_idle(slow)
    assert len(slow.steps) < 80


def test_health_answers_while_the_model_writes(slow):
    stream = recite(slow, stream=True, max_tokens=100)
    next(iter(stream))
    before = len(slow.steps)
    assert httpx.get(f"{slow.address}/health").json()["status"] == "ok"
    assert len(slow.steps) < before + 50
    stream.close()


def test_a_full_line_is_429_with_a_time_to_come_back(slow):
    first = recite(slow, stream=True, max_tokens=100)
    next(iter(first))
    waiting = threading.Thread(target=lambda: recite(slow, max_tokens=1))
    waiting.start()
    while slow.worker._queue.empty():
        time.sleep(0.002)
    with pytest.raises(openai.RateLimitError) as found:
        recite(slow, max_tokens=1)
    assert found.value.body["code"] == "queue_full"
    assert found.value.response.headers["retry-after"] == "1"
    first.close()
    waiting.join(10)
    assert not waiting.is_alive()


def test_ending_finishes_what_is_being_written(slow):
    stream = iter(recite(slow, stream=True, max_tokens=40))
    pieces = [next(stream).choices[0]]
    slow.end()
    pieces += [chunk.choices[0] for chunk in stream]
    assert pieces[-1].finish_reason == "length"
    slow.thread.join(5)
    assert not slow.thread.is_alive()


def test_past_the_time_to_drain_a_stream_ends_with_an_error(tokenizer):
    served = reciting(tokenizer, tokenizer.encode("kite " * 100), wait=lambda: time.sleep(0.02))
    with serving(served, drain_seconds=0.1) as running:
        stream = iter(recite(running, stream=True, max_tokens=100))
        next(stream)
        running.end()
        with pytest.raises(openai.APIError, match="shutting down"):
            list(stream)


def test_a_request_that_breaks_the_model_does_not_break_the_next(tokenizer):
    faults = [True]

    def fault():
        if faults.pop():
            raise RuntimeError("secret detail")

    with serving(reciting(tokenizer, tokenizer.encode("kite " * 5), wait=fault)) as running:
        with pytest.raises(openai.InternalServerError) as found:
            recite(running, max_tokens=1)
        assert "secret" not in str(found.value)
        faults += [False] * 9
        assert recite(running, max_tokens=1).choices[0].text


def test_scores_cost_no_pass_of_their_own(tokenizer):
    passes = []
    ids = tokenizer.encode("kite " * 20)
    with serving(reciting(tokenizer, ids, wait=lambda: passes.append(1))) as running:
        recite(running, max_tokens=5, logprobs=3)
        assert len(passes) == 5
