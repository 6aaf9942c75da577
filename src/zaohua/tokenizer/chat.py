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
            "add them with `zaohua tokenizer extend MODEL --chat`",
            f"这个词表没有 {'、'.join(sorted(missing))}，表示不了对话："
            "请用 `zaohua tokenizer extend MODEL --chat` 添加",
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
        raise UserError(
            'the conversation is empty: give at least one message such as {"role": "user", "content": "…"}',
            '对话是空的：请至少给出一条消息，如 {"role": "user", "content": "…"}',
        )
    for number, message in enumerate(messages, 1):
        role = message.get("role")
        if role not in ROLES:
            raise UserError(
                f"message {number} has the role {role!r}: it must be one of {', '.join(ROLES)}",
                f"第 {number} 条消息的角色是 {role!r}，应是以下之一：{'、'.join(ROLES)}",
            )
        if not isinstance(message.get("content"), str):
            raise UserError(
                f'message {number} ({role}) has no text: give its "content" as a string',
                f'第 {number} 条消息（{role}）没有文本：它的 "content" 应是字符串',
            )
        if role == "system" and number > 1:
            raise UserError(
                f"message {number} is a system message: it must be the first message of the conversation",
                f"第 {number} 条消息是 system 消息：它只能是对话的第一条",
            )
    if add_reply and messages[-1]["role"] == "assistant":
        raise UserError(
            "the last message is the assistant's: end the conversation with a user message to get a reply",
            "最后一条消息是助手的：要得到回答，请以用户的消息结束对话",
        )
