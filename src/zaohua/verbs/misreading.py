"""What is wrong with the words of a command line, which cyclopts says in English, as one sentence in both languages."""

import difflib
from typing import Literal, get_args, get_origin

from cyclopts import (
    CoercionError,
    CycloptsError,
    MissingArgumentError,
    RepeatArgumentError,
    UnknownCommandError,
    UnknownOptionError,
    UnusedCliTokensError,
)

from zaohua.settings import UserError, did_you_mean

_NEAR = 0.6  # as cyclopts has it
_KINDS: dict[object, str] = {int: "整数", float: "数", bool: "true 或 false"}


def misread(error: CycloptsError) -> UserError:
    """The user's mistake behind an error of cyclopts."""
    return UserError(_english(error), _chinese(error))


def _english(error: CycloptsError) -> str:
    if type(error) is UnusedCliTokensError:
        return f"nothing takes {' '.join(error.unused_tokens or ())}: put a text of several words in quotes"
    return str(error)


def _chinese(error: CycloptsError) -> str:
    match error:
        case UnknownOptionError():
            typed = error.token.keyword or error.token.value
            names = [name for argument in error.argument_collection if argument.parse for name in argument.names]
            return f"没有选项 {typed}{_near(typed, names)}"
        case UnknownCommandError() if error.unused_tokens:
            known = [name for name in error.app or () if not name.startswith("-")]
            typed = error.unused_tokens[0]
            return f"没有子命令 {typed}{_near(typed, known)}；已有的是 {'、'.join(known)}"
        case UnusedCliTokensError():
            return f"用不到 {' '.join(error.unused_tokens or ())}：含空格的文本请加引号"
        case RepeatArgumentError():
            return f"{error.token.keyword} 给出了不止一次"
        case MissingArgumentError() if error.argument is not None and type(error) is MissingArgumentError:
            flags = [word for word in error.unused_tokens or () if word.startswith("-")]
            near = difflib.get_close_matches(error.argument.name, flags, n=1, cutoff=_NEAR)
            wrong = next((word for word in near if word not in error.argument.names), "")
            given = [token.keyword for token in error.argument.tokens if token.keyword]
            name = error.keyword or (given[-1] if given else error.argument.name)
            return f"缺少 {name} 的值" + (f"（{wrong} 是否想写 {error.argument.name}？）" if wrong else "")
        case CoercionError() if error.token and error.msg is None:
            typed = error.token.value
            name = error.token.keyword or (error.argument.name.lstrip("-").upper() if error.argument else "")
            if get_origin(error.target_type) is Literal:
                allowed = [str(value) for value in get_args(error.target_type)]
                return f"{name} 的值为 {typed}，必须是以下之一：{'、'.join(allowed)}{_near(typed, allowed)}"
            if error.target_type in _KINDS:
                return f"{name} 的值为 {typed}，必须是{_KINDS[error.target_type]}"
    return f"无法读懂这行命令：{error}"


def _near(typed: str, known: list[str]) -> str:
    found = difflib.get_close_matches(typed, known, n=1, cutoff=_NEAR)
    return did_you_mean(found[0] if found else "")[1]
