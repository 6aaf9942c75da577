"""What is wrong with the words of a command line, as one sentence in both languages; cyclopts has English alone."""

import difflib
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

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
_KINDS: dict[object, tuple[str, str]] = {
    int: ("a whole number", "整数"),
    float: ("a number", "数"),
    bool: ("true or false", "true 或 false"),
    Path: ("a path", "路径"),
}


def misread(error: CycloptsError, verb: str) -> UserError:
    """The user's mistake behind an error of cyclopts in the words of a verb."""
    match error:
        case UnknownOptionError():
            typed = error.token.keyword or error.token.value
            names = [name for argument in error.argument_collection if argument.parse for name in argument.names]
            english, chinese = _near(typed, names)
            return UserError(f"there is no option {typed}{english}", f"没有选项 {typed}{chinese}")
        case UnknownCommandError() if error.unused_tokens:
            known = [name for name in error.app or () if not name.startswith("-")]
            typed = error.unused_tokens[0]
            english, chinese = _near(typed, known)
            return UserError(
                f"{verb} has no {typed}{english}; there are {', '.join(known)}",
                f"{verb} 没有子命令 {typed}{chinese}；已有的是 {'、'.join(known)}",
            )
        case UnusedCliTokensError():
            typed = " ".join(error.unused_tokens or ())
            return UserError(
                f"nothing takes {typed}: put a text of several words in quotes", f"用不到 {typed}：含空格的文本请加引号"
            )
        case RepeatArgumentError():
            name = error.token.keyword
            return UserError(f"{name} is given more than once: give it once", f"{name} 给出了不止一次：请只给一次")
        case MissingArgumentError() if error.argument is not None and type(error) is MissingArgumentError:
            return _missing(error, error.argument, verb)
        case CoercionError() if error.token and error.msg is None:
            typed = error.token.value
            name = error.token.keyword or (error.argument.name.lstrip("-").upper() if error.argument else "")
            if get_origin(error.target_type) is Literal:
                allowed = [str(value) for value in get_args(error.target_type)]
                english, chinese = _near(typed, allowed)
                return UserError(
                    f"{name} is {typed}; it must be one of {', '.join(allowed)}{english}",
                    f"{name} 的值为 {typed}，必须是以下之一：{'、'.join(allowed)}{chinese}",
                )
            if error.target_type in _KINDS:
                english, chinese = _KINDS[error.target_type]
                return UserError(f"{name} is {typed}; it must be {english}", f"{name} 的值为 {typed}，必须是{chinese}")
    return UserError(str(error), f"无法读懂这行命令：{error}")


def _missing(error: MissingArgumentError, argument: Any, verb: str) -> UserError:
    """What is asked for and not there: a word, or the value of an option."""
    flags = [word for word in error.unused_tokens or () if word.startswith("-")]
    near = difflib.get_close_matches(argument.name, flags, n=1, cutoff=_NEAR)
    wrong = next((word for word in near if word not in argument.names), "")
    given = [token.keyword for token in argument.tokens if token.keyword]
    name = error.keyword or (given[-1] if given else argument.name)
    english, chinese = _KINDS.get(_plain(argument.hint), ("a value", "值"))
    if wrong:
        return UserError(
            f"{name} is missing: did you mean it by {wrong}?", f"缺少 {name}（{wrong} 是否想写 {argument.name}？）"
        )
    return UserError(
        f"{name} is missing: give {english} (zaohua {verb} --help shows how)",
        f"缺少 {name}：请给出{chinese}（用法见 zaohua {verb} --help）",
    )


def _plain(hint: Any) -> Any:
    """A type without the None that may stand beside it."""
    inner = [each for each in get_args(hint) if each is not type(None)]
    return inner[0] if len(inner) == 1 else hint


def _near(typed: str, known: list[str]) -> tuple[str, str]:
    found = difflib.get_close_matches(typed, known, n=1, cutoff=_NEAR)
    return did_you_mean(found[0] if found else "")
