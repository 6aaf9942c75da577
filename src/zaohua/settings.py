"""Outside data becomes checked, frozen settings here; every mistake is named in one sentence."""

import contextlib
import contextvars
import difflib
import json
import tomllib
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from zaohua.language import speaks_chinese

SettingsType = TypeVar("SettingsType", bound="Settings")


class Sentence(Exception):  # noqa: N818 - what its subclasses are errors of, they say
    """One sentence in both languages; as text it is in the reader's. What is kept, sent or compared is `english`."""

    def __init__(self, english: str, chinese: str) -> None:
        super().__init__(english, chinese)
        self.english, self.chinese = english, chinese

    def __str__(self) -> str:
        return self.chinese if speaks_chinese() else self.english


class UserError(Sentence):
    """A mistake of the user: what was given, what is allowed, what to do next. Printed without a traceback."""


class SettingError(Sentence, ValueError):
    """What a validator finds wrong with settings; `check` makes a UserError of it."""


class Settings(BaseModel):
    """The base of every group of settings: frozen, strict, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _from_flags(cls, data: Any) -> Any:
        if not _flags_are_read.get() or not isinstance(data, Mapping):
            return data
        return {key: _flag_value(cls, key, value) for key, value in data.items()}


_flags_are_read: contextvars.ContextVar[bool] = contextvars.ContextVar("flags_are_read", default=False)


@contextlib.contextmanager
def reading_flags() -> Iterator[None]:
    """While entered, words from a command line are taken as the values they spell: 3, 1e-4, true."""
    token = _flags_are_read.set(True)
    try:
        yield
    finally:
        _flags_are_read.reset(token)


def _flag_value(kind: type[Settings], key: str, value: Any) -> Any:
    """A flag's words as TOML values, unless the setting wants text or the words spell nothing else."""
    if isinstance(value, list | tuple):
        return tuple(_flag_value(kind, key, each) for each in value)
    field = kind.model_fields.get(key)
    if not isinstance(value, str) or field is None or str in _kinds(field.annotation):
        return value
    try:
        return tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        try:  # .9 and 1. are numbers to people
            return float(value)
        except ValueError:
            return value


def _kinds(annotation: Any) -> set[Any]:
    inner = get_args(annotation)
    return {annotation} if not inner or get_origin(annotation) is Literal else set().union(*map(_kinds, inner))


def check(kind: type[SettingsType], data: Mapping[str, Any]) -> SettingsType:
    """A mapping from outside -> `kind`; raises UserError naming the first mistakes, with the nearest right key."""
    try:
        return kind.model_validate(_frozen(data))
    except ValidationError as error:
        raise mistakes(error, kind) from None


def _frozen(value: Any) -> Any:
    """Arrays of TOML or JSON as the tuples that settings hold."""
    if isinstance(value, Mapping):
        return {key: _frozen(inner) for key, inner in value.items()}
    return tuple(map(_frozen, value)) if isinstance(value, list | tuple) else value


def mistakes(error: ValidationError, kind: type[Settings], *, flags: bool = False) -> UserError:
    """The first mistakes that pydantic found in settings of `kind`, as one; `flags` names them as typed: --top-p."""
    found = [_mistake(kind, problem, flags=flags) for problem in error.errors()]
    more = "" if len(found) <= 3 else " …"
    return UserError(
        "; ".join(each.english for each in found[:3]) + more, "；".join(each.chinese for each in found[:3]) + more
    )


def read_toml(path: Path) -> dict[str, Any]:
    """The mapping in a TOML file; raises UserError when it is missing or malformed."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(
            f"there is no file {path}: give the path of a recipe in TOML", f"没有文件 {path}：请给出 TOML 配方的路径"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, IsADirectoryError) as error:
        raise UserError(f"{path} is not a TOML file: {error}", f"{path} 不是 TOML 文件：{error}") from None


def override(data: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`data` with the nested `changes` laid over it."""
    merged = dict(data)
    for key, value in changes.items():
        old = merged.get(key)
        merged[key] = override(old, value) if isinstance(value, Mapping) and isinstance(old, Mapping) else value
    return merged


def to_toml(settings: Mapping[str, Any]) -> str:
    """Nested mappings of plain values as TOML text that `read_toml` reads back equal; None is left out."""
    lines: list[str] = []

    def write(group: Mapping[str, Any], path: str) -> None:
        plain = {k: v for k, v in group.items() if not isinstance(v, Mapping) and v is not None}
        if path and (plain or not group):
            lines.extend(["", f"[{path}]"])
        lines.extend(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in plain.items())
        for key, value in group.items():
            if isinstance(value, Mapping):
                write(value, f"{path}.{key}" if path else key)

    write(settings, "")
    return "\n".join(lines).lstrip("\n") + "\n"


_MUST_BE = {
    "greater_than": "必须大于 {}",
    "greater_than_equal": "不能小于 {}",
    "less_than": "必须小于 {}",
    "less_than_equal": "不能大于 {}",
    "finite_number": "必须是有限的数",
    "int_type": "必须是整数",
    "int_from_float": "必须是整数",
    "float_type": "必须是数",
    "bool_type": "必须是 true 或 false",
    "string_type": "必须是字符串",
    "tuple_type": "必须是列表",
    "dict_type": "必须是一组设置",
    "model_type": "必须是一组设置",
}
"""What pydantic asks of a value, by its names for what is wrong with it; a bound is the last word of its message."""


def _mistake(kind: type[Settings], problem: Mapping[str, Any], *, flags: bool) -> UserError:
    """One of pydantic's problems as one sentence about the setting it concerns."""
    path = [str(part) for part in problem["loc"] if not _is_union_branch(str(part))]
    name = ".".join(path)
    if flags and name:
        name = f"--{name.replace('_', '-')}"
    match problem["type"]:
        case "extra_forbidden":
            group = _group_at(kind, problem["loc"][:-1])
            near = difflib.get_close_matches(path[-1], group.model_fields if group else (), n=1, cutoff=0.5)
            english, chinese = did_you_mean(".".join(path[:-1] + near) if near else "")
            return UserError(f"unknown setting {name}{english}", f"没有设置 {name}{chinese}")
        case "missing":
            return UserError(f"missing setting {name}", f"缺少设置 {name}")
        case "literal_error":
            allowed = problem["ctx"]["expected"]
            return UserError(
                f"{name} is {problem['input']!r}; it must be one of {allowed}",
                f"{name} 的值为 {problem['input']!r}，必须是 {allowed.replace(', ', '、').replace(' or ', ' 或 ')}",
            )
        case "value_error":
            error: SettingError = problem["ctx"]["error"]
            return UserError(
                f"{name + ': ' if name else ''}{error.english}", f"{name + '：' if name else ''}{error.chinese}"
            )
        case said:
            value = json.dumps(problem["input"], ensure_ascii=False, default=str)
            english = problem["msg"].removeprefix("Input should be ").removeprefix("a valid ")
            bound = english.rpartition(" ")[2]
            chinese = _MUST_BE[said].format(bound) if said in _MUST_BE else f"不合要求：{english}"
            return UserError(f"{name} is {value}; it must be {english}", f"{name} 的值为 {value}，{chinese}")


def did_you_mean(name: str) -> tuple[str, str]:
    """What a sentence about an unknown name ends in, in English and in Chinese: the right one, where one is near."""
    return (f" (did you mean {name}?)", f"（是否想写 {name}？）") if name else ("", "")


def _is_union_branch(part: str) -> bool:
    return part in {"int", "float", "str", "bool", "none"} or part.startswith(("literal[", "function-", "tuple["))


def _group_at(kind: type[Settings], path: tuple[Any, ...]) -> type[Settings] | None:
    """The group of settings that stands at `path` inside `kind`."""
    group: Any = kind
    for part in path:
        field = group.model_fields.get(part) if isinstance(group, type) and issubclass(group, Settings) else None
        group = _settings_in(field.annotation) if field else group
    return group if isinstance(group, type) and issubclass(group, Settings) else None


def _settings_in(annotation: Any) -> Any:
    if get_origin(annotation) in (Union, types.UnionType, tuple, list, dict):
        inner = [_settings_in(a) for a in get_args(annotation)]
        return next((a for a in inner if isinstance(a, type) and issubclass(a, Settings)), None)
    return annotation if get_origin(annotation) is not Literal else None
