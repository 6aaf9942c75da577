"""A conversation as ids: special tokens are placed by role, so no text can forge one."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from zaohua.settings import UserError
from zaohua.tokenizer.tokenizer import Tokenizer

ROLES = ("system", "user", "assistant")


class Rendered(NamedTuple):
    """A conversation's ids, and for each whether a model should learn to write it."""

    ids: list[int]
    learn: list[bool]


def render(tokenizer: Tokenizer, messages: Sequence[Mapping[str, str]], *, add_reply: bool = False) -> Rendered:
    """`<|role|>text<|end|>` for each message; learned are the assistant's texts and the `<|end|>` after each.

    `add_reply` opens the assistant's answer, for generation. Raises UserError for a conversation that cannot be one.
    """
    check(messages, add_reply=add_reply)
    if missing := {"<|end|>", *(f"<|{role}|>" for role in ROLES)} - tokenizer.specials.keys():
        raise UserError(
            f"this vocabulary has no {', '.join(sorted(missing))}, so it can hold no conversation: "
            "add them with `zaohua tokenizer extend MODEL --chat`"
        )
    end = tokenizer.specials["<|end|>"]
    ids: list[int] = []
    learn: list[bool] = []
    for message in messages:
        words = [*tokenizer.encode(message["content"]), end]
        ids += [tokenizer.specials[f"<|{message['role']}|>"], *words]
        learn += [False] + [message["role"] == "assistant"] * len(words)
    if add_reply:
        ids.append(tokenizer.specials["<|assistant|>"])
        learn.append(False)
    return Rendered(ids, learn)


def check(messages: Sequence[Mapping[str, str]], *, add_reply: bool = False) -> None:
    """Raise UserError naming the first message that cannot stand where it stands."""
    if not messages:
        raise UserError('the conversation is empty: give at least one message such as {"role": "user", "content": "…"}')
    for number, message in enumerate(messages, 1):
        role = message.get("role")
        if role not in ROLES:
            raise UserError(f"message {number} has the role {role!r}: it must be one of {', '.join(ROLES)}")
        if not isinstance(message.get("content"), str):
            raise UserError(f'message {number} ({role}) has no text: give its "content" as a string')
        if role == "system" and number > 1:
            raise UserError(f"message {number} is a system message: it must be the first message of the conversation")
    if add_reply and messages[-1]["role"] == "assistant":
        raise UserError("the last message is the assistant's: end the conversation with a user message to get a reply")
