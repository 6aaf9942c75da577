"""Text from a loaded model as it is written: a completion of text, or a reply in a conversation."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from zaohua.checkpoint.model_folder import LoadedModel, tokenizer_of
from zaohua.generation.decode import generate, tokens
from zaohua.generation.settings import Sampling
from zaohua.generation.streaming import TextStream
from zaohua.model.transformer import Transformer
from zaohua.tokenizer.chat import render
from zaohua.tokenizer.tokenizer import Tokenizer

_END_OF_REPLY = "<|end|>"


def complete(loaded: LoadedModel, prompt: str, sampling: Sampling) -> Iterator[str]:
    """The pieces of a text's continuation; the text stands at the beginning of a document."""
    tokenizer = tokenizer_of(loaded)
    return _write(loaded, [tokenizer.end_of_text, *tokenizer.encode(prompt)], sampling, {tokenizer.end_of_text})


def reply(loaded: LoadedModel, messages: Sequence[Mapping[str, str]], sampling: Sampling) -> Iterator[str]:
    """The pieces of the assistant's answer to a conversation of {"role", "content"}.

    When the conversation and the answer do not fit into the model, the oldest messages after a system message are left
    out; raises UserError when the last one alone does not fit.
    """
    tokenizer = tokenizer_of(loaded)
    prompt = render(tokenizer, messages, add_reply=True).ids
    messages = list(messages)
    first = 1 if messages[0]["role"] == "system" else 0
    room = min(sampling.max_new_tokens, loaded.model.config.max_length // 2)
    while len(prompt) + room > loaded.model.config.max_length and len(messages) > first + 1:
        del messages[first]
        prompt = render(tokenizer, messages, add_reply=True).ids
    return _write(loaded, prompt, sampling, ends_of(tokenizer))


def _write(loaded: LoadedModel, prompt: Sequence[int], sampling: Sampling, ends: Collection[int]) -> Iterator[str]:
    """The pieces of what follows the prompt, until an end, a stop string or the last token allowed."""
    tokenizer = tokenizer_of(loaded)
    stream = TextStream(tokenizer.token_bytes, stop=sampling.stop)
    forbidden = never_written(tokenizer, loaded.model.config.vocab_size, ends)
    for _, ids, _ in tokens(loaded.model, [prompt], sampling, end_ids=ends, forbidden=forbidden):
        if piece := stream.feed(ids):  # an end has no text, and nothing follows it
            yield piece
        if stream.stopped:
            break
    if piece := stream.flush():
        yield piece


def ends_of(tokenizer: Tokenizer) -> set[int]:
    """The ids that end what a model writes: of a text, and of a reply where the vocabulary has one."""
    reply = tokenizer.specials.get(_END_OF_REPLY)
    return {tokenizer.end_of_text} if reply is None else {tokenizer.end_of_text, reply}


def never_written(tokenizer: Tokenizer, vocab_size: int, ends: Collection[int]) -> list[int]:
    """Ids that no text may hold: special tokens other than the ends, and rows that only pad the model's vocabulary."""
    return [
        *sorted(set(tokenizer.specials.values()) - set(ends)),
        *range(tokenizer.vocab_size, vocab_size),
    ]


def written(model: Transformer, tokenizer: Tokenizer, prompts: Sequence[list[int]], sampling: Sampling) -> list[str]:
    """What the model writes after each prompt of ids, all at once, as text."""
    ends = ends_of(tokenizer)
    forbidden = never_written(tokenizer, model.config.vocab_size, ends)
    found = generate(model, list(prompts), sampling, end_ids=ends, forbidden=forbidden)
    return [tokenizer.decode(ids) for ids in found]
