"""From a checked request to orders for text: prompts as ids that fit into the model, and how to draw."""

import secrets
from collections.abc import Sequence

from zaohua.checkpoint.model_folder import LoadedModel, tokenizer_of
from zaohua.generation.settings import Sampling
from zaohua.generation.text import ends_of
from zaohua.server.errors import ApiError
from zaohua.server.openai import ChatRequest, CompletionRequest, GenerationRequest
from zaohua.server.writing import Order
from zaohua.settings import UserError
from zaohua.tokenizer.chat import render

COMPLETION_TOKENS = 16
"""max_tokens of /v1/completions where none is given, as OpenAI's specification has it."""
MAX_TEXTS = 128
"""Prompts times choices that one request may ask for."""


def chat_orders(loaded: LoadedModel, request: ChatRequest) -> list[Order]:
    """One order for the assistant's answer; raises ApiError 400 where the conversation cannot be one or is too long."""
    tokenizer = tokenizer_of(loaded)
    roles = {"developer": "system"}  # OpenAI's newer name for the same
    messages = [{"role": roles.get(one.role, one.role), "content": one.text} for one in request.messages]
    try:
        prompt = render(tokenizer, messages, add_reply=True).ids
    except UserError as error:
        raise ApiError(400, error.english, param="messages", code="invalid_value") from None
    check_length(loaded, prompt, 0 if request.limit == 0 else 1, "messages")
    limit = loaded.model.config.max_length if request.limit is None else request.limit
    return [
        Order(
            prompt=prompt,
            sampling=_sampling(request, limit),
            write=limit > 0,
            choices=request.n,
            ends=frozenset(ends_of(tokenizer)),
            alternatives=request.alternatives,
        )
    ]


def completion_orders(loaded: LoadedModel, request: CompletionRequest) -> list[Order]:
    """One order a prompt; raises ApiError 400 for a prompt that is too long or holds ids that are no tokens."""
    tokenizer = tokenizer_of(loaded)
    choices = max(request.n, request.best_of or 0)
    if len(request.prompt) * choices > MAX_TEXTS:
        raise ApiError(400, f"prompts times n must be at most {MAX_TEXTS}", param="n", code="invalid_value")
    limit = COMPLETION_TOKENS if request.max_tokens is None else request.max_tokens
    orders = []
    for place, given in enumerate(request.prompt):
        ids = tokenizer.encode(given) if isinstance(given, str) else given
        if wrong := next((token for token in ids if token >= tokenizer.vocab_size), None):
            name = f"prompt[{place}]"
            raise ApiError(
                400,
                f"{name}: {wrong} is no token, ids are below {tokenizer.vocab_size}",
                param=name,
                code="invalid_value",
            )
        ids = ids[-request.truncate_prompt_tokens :] if request.truncate_prompt_tokens else ids
        # A document begins with the end of the one before it, unless the caller has placed that himself.
        prompt = ids if ids and ids[0] == tokenizer.end_of_text else [tokenizer.end_of_text, *ids]
        check_length(loaded, prompt, limit, "prompt")
        orders.append(
            Order(
                prompt=prompt,
                echo=ids if request.echo else [],
                sampling=_sampling(request, limit),
                write=limit > 0,
                choices=choices,
                ends=frozenset({tokenizer.end_of_text}),
                alternatives=0 if request.logprobs is None and choices > request.n else request.logprobs,
                first_choice=place * choices,
            )
        )
    return orders


def check_length(loaded: LoadedModel, prompt: Sequence[int], wanted: int, param: str) -> None:
    """Raise ApiError 400 where the prompt and what is wanted after it exceed what the model can read."""
    longest = loaded.model.config.max_length
    if len(prompt) + wanted > longest:
        raise ApiError(
            400,
            f"This model's maximum context length is {longest} tokens. However, you requested {len(prompt) + wanted} "
            f"tokens ({len(prompt)} in the {param}, {wanted} for the completion). Please reduce the length.",
            param=param,
            code="context_length_exceeded",
        )


def _sampling(request: GenerationRequest, limit: int) -> Sampling:
    return Sampling(
        temperature=request.temperature,
        top_p=max(request.top_p, 1e-9),  # 0, which OpenAI allows, leaves only the likeliest token, as does this
        max_new_tokens=max(limit, 1),
        stop=tuple(request.stop),
        seed=secrets.randbits(63) if request.seed is None else request.seed % 2**63,
    )
