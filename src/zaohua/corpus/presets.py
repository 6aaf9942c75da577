"""Presets: which limits a recipe sets to which rules, as data with their sources, and the settings that choose one."""

from __future__ import annotations  # the types of the rules are named, the rules not loaded

import difflib
import inspect
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import field_validator, model_validator

from zaohua.settings import SettingError, Settings, did_you_mean

if TYPE_CHECKING:
    from zaohua.corpus.rules import Limits, Preset

# FineWeb's border on fastText's score. Gopher does not say how it chose English, C4 asked another tool for 0.99.
_ENGLISH: dict[str, Limits] = {"language": {"min": 0.65}}
# Rae et al. 2021 (Gopher), table A1; order and arithmetic of datatrove 0.10.
_GOPHER_REPETITION: dict[str, Limits] = {
    "duplicate_paragraphs": {"max": 0.30},
    "duplicate_paragraph_characters": {"max": 0.20},
    "duplicate_lines": {"max": 0.30},
    "duplicate_line_characters": {"max": 0.20},
    "top_2gram": {"max": 0.20},
    "top_3gram": {"max": 0.18},
    "top_4gram": {"max": 0.16},
    "duplicate_5grams": {"max": 0.15},
    "duplicate_6grams": {"max": 0.14},
    "duplicate_7grams": {"max": 0.13},
    "duplicate_8grams": {"max": 0.12},
    "duplicate_9grams": {"max": 0.11},
    "duplicate_10grams": {"max": 0.10},
}
# Rae et al. 2021 (Gopher), appendix A1.1; a hyphen is a bullet as in datatrove 0.10.
_GOPHER_QUALITY: dict[str, Limits] = {
    "words": {"min": 50, "max": 100_000},
    "mean_word_length": {"min": 3, "max": 10},
    "hashes_per_word": {"max": 0.1},
    "ellipses_per_word": {"max": 0.1},
    "bullet_lines": {"max": 0.9},
    "ellipsis_lines": {"max": 0.3},
    "alphabetic_words": {"min": 0.8},
    "english_stop_words": {"min": 2},
}
# Raffel et al. 2020 (T5), section 2.2, on what the line edit has left.
_C4_PAGES: dict[str, Limits] = {"lorem_ipsum": {"max": 0}, "curly_brackets": {"max": 0}, "sentences": {"min": 5}}

PRESETS: dict[str, Preset] = {
    # Ours, for any language and also for poems, chat lines and questions: it drops what no reader would call a text.
    # What each limit drops of real sources is in benchmarks/rules.py and LOG.md.
    "default": {
        "words": "characters",
        "languages": (),
        "rules": {
            "unreadable_characters": {"max": 0.01, "from": 100},
            "misread_characters": {"max": 0.04},
            "letters": {"min": 0.25, "from": 20},
            "top_character": {"max": 0.5, "from": 40},
            "numerals": {"max": 0.8, "from": 200},
            "long_run_characters": {"max": 0.3, "from": 200},
            "link_characters": {"max": 0.6, "from": 100},
            "markup_characters": {"max": 0.6, "from": 100},
            "duplicate_line_characters": {"max": 0.7, "from": 200},
            "repeated_passages": {"max": 0.8, "from": 200},
            "top_passage": {"max": 0.5, "from": 200},
        },
    },
    "none": {"words": "spaces", "languages": (), "rules": {}},
    "gopher": {
        "words": "words",
        "languages": ("en",),
        "rules": {**_ENGLISH, **_GOPHER_REPETITION, **_GOPHER_QUALITY},
    },
    "c4": {
        "words": "words",
        "languages": ("en",),
        "rules": {
            **_ENGLISH,
            "c4_lines": {"punctuated": True, "citations": True, "longest_word": 1000, "least_words": 3},
            **_C4_PAGES,
        },
    },
    # Penedo et al. 2024 (FineWeb), section 3, and its script in datatrove 0.10.
    "fineweb": {
        "words": "words",
        "languages": ("en",),
        "rules": {
            **_ENGLISH,
            **_GOPHER_REPETITION,
            **_GOPHER_QUALITY,
            "c4_lines": {"punctuated": False, "citations": True, "longest_word": 1000, "least_words": 3},
            **_C4_PAGES,
            "punctuated_lines": {"min": 0.12},
            "short_lines": {"max": 0.67},
            "repeated_line_characters": {"max": 0.01},
            "newlines_per_word": {"max": 0.3},
        },
    },
    # FineWeb-2 (2025), configuration cmn_Hani and the script that reads it; its words are jieba's.
    "fineweb2-zh": {
        "words": "rjieba",
        "languages": ("zh",),
        "rules": {
            "language": {"min": 0.692},
            "duplicate_lines": {"max": 0.287},
            "top_2gram": {"max": 0.256},
            "top_3gram": {"max": 0.201},
            "top_4gram": {"max": 0.171},
            "duplicate_5grams": {"max": 0.198},
            "duplicate_6grams": {"max": 0.182},
            "duplicate_7grams": {"max": 0.167},
            "duplicate_8grams": {"max": 0.154},
            "duplicate_9grams": {"max": 0.140},
            "duplicate_10grams": {"max": 0.127},
            "punctuated_lines": {"min": 0.106},
            "repeated_line_characters": {"max": 0.1},
            "newlines_per_word": {"max": 0.178},
            "words": {"min": 50, "max": 100_000},
            "mean_word_length": {"min": 1, "max": 5},
            "hashes_per_word": {"max": 0.1},
            "ellipses_per_word": {"max": 0.1},
            "bullet_lines": {"max": 0.9},
            "ellipsis_lines": {"max": 0.3},
            "alphabetic_words": {"min": 0.735},
            "chinese_stop_words": {"min": 2},
        },
    },
    # Du et al. 2024 (MAP-CC), section 3.1, and the filter of MAP-NEO. There the repetition rules never dropped a text,
    # since a tuple that is not empty was tested, and counted distinct characters; here they measure what was meant, so
    # that these limits were not tried by their authors.
    "map-cc": {
        "words": "rjieba",
        "languages": ("zh",),
        "rules": {
            "language": {"min": 0.4},
            "bracketed_characters": {"max": 0.1},
            "ended_sentences": {"min": 2},
            "folded_characters": {"min": 50, "max": 10_000},
            "mean_word_length": {"min": 1.3, "max": 10},
            "hash_runs": {"max": 0.1},
            "ellipsis_runs": {"max": 0.1},
            "digits": {"max": 0.3},
            "read_more_lines": {"max": 0.3},
            "marked_lines": {"max": 0.9},
            "punctuation": {"min": 1e-9},
            "distinct_characters": {"min": 0.1},
            "character_entropy": {"min": 3},
            "top_character_2gram": {"max": 0.20},
            "top_character_3gram": {"max": 0.18},
            "top_character_4gram": {"max": 0.16},
            "covered_5grams": {"max": 0.60},
            "covered_6grams": {"max": 0.60},
            "covered_7grams": {"max": 0.60},
            "covered_8grams": {"max": 0.60},
            "covered_9grams": {"max": 0.60},
            "covered_10grams": {"max": 0.60},
        },
    },
    # Chen et al. 2023 (ChineseWebText), section 3.2, and its preprocess.py, without its sensitive words and without
    # the rule that drops any traditional character.
    "chinesewebtext": {
        "words": "characters",
        "languages": ("zh",),
        "rules": {
            "language": {"min": 0.5},
            "characters": {"min": 201},
            "mean_line_length": {"min": 10},
            "han_characters": {"min": 0.30},
            "repeated_13grams": {"max": 0.5},
        },
    },
}


class RuleSettings(Settings):
    """Which texts are good enough."""

    preset: tuple[str, ...] = ("default",)
    """The rules: default, none, gopher, c4, fineweb, fineweb2-zh, map-cc or chinesewebtext. Of several, each document
    is judged by the first that is made for its language."""

    limits: tuple[str, ...] = ()
    """Other limits, each as words.min=20, top_2gram=0.3 (of a rule that has one limit) or curly_brackets=false, which
    leaves the rule out."""

    overrides: dict[str, Any] = {}  # noqa: RUF012  pydantic copies it
    """The same in a recipe: {words = {min = 20}, top_2gram = 0.3, curly_brackets = false}. There they may also stand
    beside `preset` by their names."""

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, data: Any) -> Any:
        if not isinstance(data, Mapping) or not isinstance(data.get("overrides", {}), Mapping):
            return data
        own = {key: value for key, value in data.items() if key in cls.model_fields}
        if isinstance(own.get("preset"), str):
            own["preset"] = (own["preset"],)
        named = {key: value for key, value in data.items() if key not in cls.model_fields}
        return own | ({"overrides": {**data.get("overrides", {}), **named}} if named else {})

    @field_validator("preset")
    @classmethod
    def _known(cls, preset: tuple[str, ...]) -> tuple[str, ...]:
        if not preset:
            raise SettingError(
                f"no preset; give at least one of {', '.join(PRESETS)}",
                f"没有给出预设，至少要给出以下之一：{'、'.join(PRESETS)}",
            )
        for name in preset:
            if name not in PRESETS:
                english, chinese = _near(name, PRESETS)
                raise SettingError(
                    f"there is no preset {name!r}{english}; give one of {', '.join(PRESETS)}",
                    f"没有预设 {name!r}{chinese}；可用的有 {'、'.join(PRESETS)}",
                )
        return preset

    @model_validator(mode="after")
    def _fit(self) -> RuleSettings:
        presets_of(self)
        return self


def presets_of(settings: RuleSettings) -> tuple[Preset, ...]:
    """The presets that the settings name, with the overrides over each; raises SettingError when one does not fit."""
    changes = {**settings.overrides, **_spelled(settings.limits)}
    return tuple(overridden(PRESETS[name], changes) for name in settings.preset)


def _spelled(limits: Sequence[str]) -> dict[str, Any]:
    """Words such as words.min=20 as overrides; raises SettingError for others."""
    found: dict[str, Any] = {}
    for word in limits:
        name, _, value = word.partition("=")
        rule, _, side = name.strip().partition(".")
        try:
            limit = False if value.strip().lower() == "false" else float(value)
        except ValueError:
            raise SettingError(
                f"{word!r} is no limit: write words.min=20 or curly_brackets=false",
                f"{word!r} 不是界限：请写成 words.min=20 或 curly_brackets=false",
            ) from None
        if side:
            found[rule] = {**(found[rule] if isinstance(found.get(rule), dict) else {}), side: limit}
        else:
            found[rule] = limit
    return found


def preset_for(presets: Sequence[Preset], language: str | None) -> Preset:
    """The first preset made for the language or for all; where none is, the first, whose language rule has its say."""
    fitting = (preset for preset in presets if not preset["languages"] or language in preset["languages"])
    return next(fitting, presets[0])


def overridden(preset: Preset, changes: Mapping[str, Any]) -> Preset:
    """The preset with other limits; raises SettingError, naming the nearest right name, for a change that cannot be."""
    if not changes:
        return preset
    from zaohua.corpus.rules import EDITS, RULES  # only here: they load numpy

    rules = dict(preset["rules"])
    for name, change in changes.items():
        if name not in RULES and name not in EDITS:
            english, chinese = _near(name, [*RULES, *EDITS, "preset", "overrides"])
            raise SettingError(f"there is no rule {name!r}{english}", f"没有规则 {name!r}{chinese}")
        if change is False:
            rules.pop(name, None)
        else:
            rules[name] = _limits(name, rules.get(name, {}), change)
    return {"words": preset["words"], "languages": preset["languages"], "rules": rules}


def _limits(name: str, old: Limits, change: Any) -> Limits:
    from zaohua.corpus.rules import EDITS, RULES

    if isinstance(change, Mapping):
        allowed = list(inspect.signature(EDITS[name]).parameters)[1:] if name in EDITS else ["min", "max", "from"]
        for side, limit in change.items():
            if side not in allowed:
                english, chinese = _near(side, allowed)
                raise SettingError(
                    f"{name} has no limit {side!r}{english}; give one of {', '.join(allowed)}",
                    f"{name} 没有界限 {side!r}{chinese}；可用的有 {'、'.join(allowed)}",
                )
            if not _is_number(limit) and not (name in EDITS and isinstance(limit, bool)):
                raise SettingError(
                    f"{name}.{side} is {limit!r}; it must be a number", f"{name}.{side} 的值为 {limit!r}，必须是数"
                )
        return {**old, **change}
    if change is True and (old or name in EDITS):
        return old
    if not _is_number(change) or name in EDITS:
        raise SettingError(
            f"{name} is {change!r}; it must be a limit, limits such as {{min = 1}}, or false for none",
            f"{name} 的值为 {change!r}，必须是一个界限，或如 {{min = 1}} 的几个界限，或表示不设的 false",
        )
    sides = [side for side in ("min", "max") if side in old] or [RULES[name].side]
    if len(sides) > 1:
        raise SettingError(
            f"{name} has two limits; write {{min = {old['min']:g}, max = {old['max']:g}}} instead of {change}",
            f"{name} 有两个界限：请写成 {{min = {old['min']:g}, max = {old['max']:g}}}，而不是 {change}",
        )
    return {**old, sides[0]: change}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(value)


def _near(name: str, known: Iterable[str]) -> tuple[str, str]:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return did_you_mean(near[0] if near else "")
