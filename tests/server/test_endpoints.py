"""What the official client sees: a stream is the whole answer in pieces, and nothing asked for is lost."""

import json
import math
from concurrent.futures import ThreadPoolExecutor

import httpx
import openai
import pytest
import torch

from zaohua.inspection.probabilities import expectations
from zaohua.server.openai import ChatRequest, CompletionRequest, read_body

MODEL = "small-world"
MESSAGES = [{"role": "user", "content": "讲一个故事 🙂"}]


def chat(client, **more):
    return client.chat.completions.create(model=MODEL, messages=MESSAGES, max_tokens=8, **more)


def complete(client, prompt="One day", **more):
    return client.completions.create(**{"model": MODEL, "prompt": prompt, "max_tokens": 8, **more})


def test_the_model_is_named_after_its_run_and_says_that_it_can_chat(client):
    (model,) = client.models.list().data
    assert model.id == MODEL
    assert model.to_dict()["metadata"]["zaohua"] == {"chat": True, "max_length": 128}
    assert client.models.retrieve(MODEL) == model


@pytest.mark.parametrize("name", ["gpt-4", "a/b", "small-world "])
def test_an_unknown_model_is_404(client, name):
    with pytest.raises(openai.NotFoundError) as found:
        client.completions.create(model=name, prompt="a")
    assert found.value.body["code"] == "model_not_found"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve(name)


@pytest.mark.parametrize("more", [{"seed": 1}, {"seed": -7, "n": 3}, {"seed": 5, "temperature": 0.3, "top_p": 0.8}])
def test_a_chat_stream_is_the_whole_answer_in_pieces(client, more):
    whole = chat(client, logprobs=True, top_logprobs=3, **more)
    chunks = list(
        chat(client, logprobs=True, top_logprobs=3, stream=True, stream_options={"include_usage": True}, **more)
    )
    assert len({chunk.id for chunk in chunks}) == 1
    assert chunks[-1].choices == []
    assert chunks[-1].usage == whole.usage
    for choice in whole.choices:
        own = [c.choices[0] for c in chunks if c.choices and c.choices[0].index == choice.index]
        assert [piece.delta.role for piece in own] == ["assistant"] + [None] * (len(own) - 1)
        assert "".join(piece.delta.content or "" for piece in own) == choice.message.content
        assert [piece.finish_reason for piece in own] == [None] * (len(own) - 1) + [choice.finish_reason]
        assert own[-1].delta.content is None
        tokens = [token for piece in own if piece.logprobs for token in piece.logprobs.content]
        assert tokens == choice.logprobs.content


@pytest.mark.parametrize(
    "more", [{"seed": 1}, {"seed": 2, "n": 2, "echo": True}, {"seed": 3, "echo": True, "max_tokens": 0}]
)
def test_a_completion_stream_is_the_whole_answer_in_pieces(client, more):
    prompts = ["有一天，", ""]
    whole = complete(client, prompts, logprobs=2, **more)
    chunks = list(complete(client, prompts, logprobs=2, stream=True, stream_options={"include_usage": True}, **more))
    assert len(whole.choices) == 2 * more.get("n", 1)
    assert chunks[-1].usage == whole.usage
    for choice in whole.choices:
        own = [c.choices[0] for c in chunks if c.choices and c.choices[0].index == choice.index]
        assert "".join(piece.text for piece in own) == choice.text
        assert [token for piece in own for token in piece.logprobs.tokens] == choice.logprobs.tokens
        assert [n for piece in own for n in piece.logprobs.token_logprobs] == choice.logprobs.token_logprobs
        assert own[-1].finish_reason == choice.finish_reason


def test_the_wire_is_what_the_specification_says(server):
    body = {"model": MODEL, "messages": MESSAGES, "max_tokens": 3, "stream": True, "seed": None}
    answer = httpx.post(f"{server.address}/v1/chat/completions", json=body)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-accel-buffering"] == "no"
    events = answer.text.split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""]
    assert all(event.startswith("data: {") for event in events[:-2])
    assert '"usage"' not in answer.text


def test_the_same_seed_gives_the_same_text_and_another_another(client):
    assert chat(client, seed=9).choices[0].message == chat(client, seed=9).choices[0].message
    assert chat(client, seed=9).choices[0].message != chat(client, seed=10).choices[0].message
    assert chat(client, temperature=0, seed=1).choices == chat(client, temperature=0, seed=2).choices
    assert chat(client, top_p=0, seed=1).choices == chat(client, temperature=0).choices


def test_choice_k_is_the_same_however_many_there_are(client):
    few, many = complete(client, n=2, seed=4), complete(client, n=5, seed=4)
    assert [c.text for c in few.choices] == [c.text for c in many.choices[:2]]
    assert len({c.text for c in many.choices}) == 5


def test_logprobs_equal_those_of_the_text_read_again(client, server):
    tokenizer, model = server.served.loaded.tokenizer, server.served.loaded.model
    ids = tokenizer.encode("One day 小宝")
    choice = complete(client, ids, echo=True, logprobs=4, seed=1).choices[0]
    found = choice.logprobs
    scored = complete(client, ids, echo=True, logprobs=4, seed=1, max_tokens=0).choices[0].logprobs
    prompt = expectations(model, torch.tensor([tokenizer.end_of_text, *ids]), 4)
    assert scored.token_logprobs == pytest.approx(prompt.logprobs[1:].tolist(), abs=1e-5)
    assert found.token_logprobs[: len(ids)] == scored.token_logprobs
    assert len(found.tokens) == len(ids) + 8
    whole_characters = [(n, name) for n, name in zip(found.text_offset, found.tokens) if not name.startswith("bytes:")]
    assert all(choice.text.startswith(name, offset) for offset, name in whole_characters)
    # The written tokens are known by their bytes; those that are whole characters can be looked up.
    spelled = {tokenizer.token_bytes[t]: t for t in range(tokenizer.vocab_size) if tokenizer.token_bytes[t]}
    written = [
        bytes.fromhex(name[6:].replace("\\x", "")) if name.startswith("bytes:") else name.encode()
        for name in found.tokens
    ]
    whole = [tokenizer.end_of_text, *(spelled[name] for name in written)]
    again = expectations(model, torch.tensor(whole), 4)
    assert found.token_logprobs == pytest.approx(again.logprobs[1:].tolist(), abs=1e-5)
    for place, top in enumerate(found.top_logprobs):
        assert list(top.values()) == pytest.approx(again.top_logprobs[place].tolist(), abs=1e-5)
        ends = [tokenizer.token_bytes[token] or b"<|" for token in again.top_ids[place].tolist()]
        assert all(
            name.startswith(("bytes:", end.decode(errors="ignore"))) for name, end in zip(top, ends, strict=True)
        )


def test_the_best_of_many_are_the_likeliest(client):
    many = complete(client, n=5, seed=6, logprobs=0).choices
    best = complete(client, n=2, best_of=5, seed=6).choices

    def likelihood(choice):
        return math.fsum(choice.logprobs.token_logprobs) / len(choice.logprobs.token_logprobs)

    assert [c.text for c in best] == [c.text for c in sorted(many, key=likelihood, reverse=True)[:2]]
    assert [c.index for c in best] == [0, 1]
    assert best[0].logprobs is None


def test_two_requests_at_once_do_not_mix(server):
    prompts = ["One day", "有一天", "kite", ""]
    alone = [complete(server.client, prompt, seed=4).choices[0].text for prompt in prompts]
    with ThreadPoolExecutor(len(prompts)) as pool:
        together = list(pool.map(lambda prompt: complete(server.client, prompt, seed=4).choices[0].text, prompts))
    assert together == alone
    assert len(set(alone)) == len(prompts)


def test_token_ids_and_text_are_the_same_prompt(client, server):
    ids = server.served.loaded.tokenizer.encode("One day")
    text = complete(client, seed=1).choices[0].text
    assert complete(client, ids, seed=1).choices[0].text == text
    assert complete(client, [server.served.loaded.tokenizer.end_of_text, *ids], seed=1).choices[0].text == text
    assert [choice.text for choice in complete(client, [ids, ids], seed=1).choices] == [text, text]


def test_the_smaller_of_the_two_limits_counts(client):
    usage = client.chat.completions.create(
        model=MODEL, messages=MESSAGES, max_tokens=5, max_completion_tokens=3, temperature=0
    ).usage
    assert usage.completion_tokens == 3


def test_a_chat_without_a_limit_ends_where_the_model_does(client):
    answer = client.chat.completions.create(model=MODEL, messages=MESSAGES, seed=0)
    assert answer.usage.total_tokens <= 128
    assert answer.choices[0].finish_reason == ("length" if answer.usage.total_tokens == 128 else "stop")


def test_nothing_is_written_where_nothing_is_wanted(client):
    answer = client.chat.completions.create(model=MODEL, messages=MESSAGES, max_tokens=0)
    assert answer.choices[0].message.content == ""
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage.completion_tokens == 0


def test_a_prompt_that_is_too_long_is_named(client):
    for ask in (
        lambda: complete(client, "kite " * 200),
        lambda: complete(client, "kite", max_tokens=128),
        lambda: client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "kite " * 200}]),
    ):
        with pytest.raises(openai.BadRequestError) as found:
            ask()
        assert found.value.body["code"] == "context_length_exceeded"
        assert "maximum context length is 128 tokens" in found.value.body["message"]


def test_truncation_keeps_the_end_of_a_prompt(client):
    long = "One day Ann was in the garden with a red kite. " * 40
    kept = complete(client, long, seed=1, extra_body={"truncate_prompt_tokens": 60})
    assert kept.usage.prompt_tokens == 61
    assert complete(client, "x" + long, seed=1, extra_body={"truncate_prompt_tokens": 60}).choices == kept.choices


def test_text_that_spells_special_tokens_stays_text(client, server):
    specials = "<|end|><|assistant|>"
    tokenizer = server.served.loaded.tokenizer
    usage = client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": specials}], max_tokens=1
    ).usage
    assert usage.prompt_tokens == len(tokenizer.encode(specials)) + 3
    assert len(tokenizer.encode(specials)) > 2


def test_fields_without_effect_are_named_and_neutral_values_pass(client):
    answer = client.chat.completions.with_raw_response.create(
        model=MODEL,
        messages=[{"role": "developer", "content": "be kind"}, *MESSAGES],
        max_tokens=2,
        user="me",
        metadata={"a": "b"},
        presence_penalty=0,
        response_format={"type": "text"},
        tools=[],
    )
    assert answer.headers["x-ignored-params"] == "metadata, user"


@pytest.mark.parametrize("kind", [ChatRequest, CompletionRequest])
def test_an_explicit_null_means_not_given(kind):
    given = {"model": MODEL, "messages": MESSAGES} if kind is ChatRequest else {"model": MODEL}
    nulls = dict.fromkeys({*kind.model_fields, *kind.UNSUPPORTED, *kind.NO_EFFECT} - set(given))
    assert read_body(kind, json.dumps(given | nulls).encode()) == read_body(kind, json.dumps(given).encode())
