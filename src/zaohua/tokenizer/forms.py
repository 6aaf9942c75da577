"""The forms of tokenizer.json that this program knows: how each cuts text, and which bytes its tokens stand for."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from zaohua.tokenizer import splitting
from zaohua.tokenizer.symbols import SYMBOL_BYTES

_BYTE_TOKEN = re.compile(r"<0x([0-9A-F]{2})>")
_SPACE = "▁"  # SentencePiece's sign for a space
_BERT_MARKS = re.compile(
    "[\u3000-\u303f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0002fa1f!-/:-@\\[-`{-~]"
)

Wrong = tuple[str, str]
"""What is wrong with a tokenizer.json as the end of a sentence that begins with its path, in English and in Chinese."""


@dataclass(frozen=True, kw_only=True)
class Form:
    """`spell` gives a token's bytes as they follow other text; `strip` is what decoded text begins or ends with too
    much. `own` forms are those that we train; a form that is not `lossless` says so."""

    name: str
    own: bool
    lossless: bool
    spell: Callable[[str], bytes]
    problem: Callable[[Mapping[str, Any], Collection[str]], Wrong | None]  # of a model and its added tokens
    strip: str = ""
    bulk: bool = False  # tiktoken gives the same ids, when the merges are in the order of their ids


def form_of(definition: Mapping[str, Any]) -> Form | None:
    """The form that a definition has; None for one that is not known."""
    normalizer, cut, model = definition["normalizer"], definition["pre_tokenizer"], definition["model"]
    kind = model.get("type") or ("BPE" if "merges" in model else None)
    steps = [step.get("type") for step in _steps(cut, "pretokenizers")]
    changes = [step.get("type") for step in _steps(normalizer, "normalizers")]
    if not all(_is_known(step) for step in (*_steps(cut, "pretokenizers"), *_steps(normalizer, "normalizers"))):
        return None
    if not changes and steps in (["Split", "ByteLevel"], ["ByteLevel"]) and kind in ("BPE", "Unigram"):
        expression = expression_of(definition)
        if steps[0] == "Split" and _steps(cut, "pretokenizers")[1].get("use_regex", True):
            return None
        ours = expression is not None and splitting.rule_of(expression) is not None
        if kind == "Unigram":
            return UNIGRAM if ours else None
        return BYTES if ours else FOREIGN_BYTES
    if not changes and steps == ["Split"] and kind == "WordPiece":
        return WORDPIECE
    if changes == ["BertNormalizer"] and steps == ["BertPreTokenizer"] and kind == "WordPiece":
        return BERT
    if steps == ["BertPreTokenizer"] and kind == "BPE" and model.get("end_of_word_suffix") == "</w>":
        return GPT1
    if kind in ("BPE", "Unigram") and {*changes} <= {"Prepend", "Replace", "Precompiled", "Strip"}:
        replacing = any(step.get("content") == _SPACE for step in _steps(normalizer, "normalizers"))
        spaces = "Metaspace" in steps or replacing
        return SENTENCEPIECE if spaces and set(steps) <= {"Metaspace"} else None
    return None


def expression_of(definition: Mapping[str, Any]) -> str | None:
    """The regular expression that a definition cuts text by, GPT-2's where that is built in; None without one."""
    for step in _steps(definition["pre_tokenizer"], "pretokenizers"):
        if step.get("type") == "Split":
            return step["pattern"]["Regex"]
        if step.get("type") == "ByteLevel" and step.get("use_regex", True):
            return splitting.FOREIGN["gpt2"]
    return None


def _steps(part: Mapping[str, Any] | None, inner: str) -> list[Mapping[str, Any]]:
    """The steps of a normalizer or pre_tokenizer, which may be none, one or a sequence."""
    if part is None:
        return []
    return part[inner] if part["type"] == "Sequence" else [part]


def _is_known(step: Mapping[str, Any]) -> bool:
    """Whether a step is one that we understand whole, and whose expression is one of ours or a plain string."""
    kind, expression = step["type"], step.get("pattern") or {}
    if kind == "Split":
        isolated = step.get("behavior") == "Isolated" and not step.get("invert")
        return bool(isolated) and splitting.known(expression.get("Regex", ""))
    if kind == "Replace":
        return "String" in expression or expression.get("Regex") == " {2,}"
    if kind == "ByteLevel":
        return not step.get("add_prefix_space")
    return kind in ("BertNormalizer", "BertPreTokenizer", "Metaspace", "Prepend", "Precompiled", "Strip")


def _bytes_of_symbols(token: str) -> bytes:
    try:
        return bytes(map(SYMBOL_BYTES.__getitem__, token))
    except KeyError:
        return b""


def _bytes_of_piece(token: str) -> bytes:
    byte = _BYTE_TOKEN.fullmatch(token)
    return bytes([int(byte[1], 16)]) if byte else token.replace(_SPACE, " ").encode()


def _bytes_of_wordpiece(token: str) -> bytes:
    return token.removeprefix("##").encode()


def _bytes_of_bert(token: str) -> bytes:
    """As words follow each other: a space before each that is not a continuation, a hanzi or a mark."""
    if token.startswith("##") and len(token) > 2:
        return token[2:].encode()
    return token.encode() if _BERT_MARKS.fullmatch(token) else b" " + token.encode()


def _bytes_of_gpt1(token: str) -> bytes:
    return (token.removesuffix("</w>") + " ").encode() if token.endswith("</w>") else token.encode()


def _wrong_bytes(model: Mapping[str, Any], added: Collection[str]) -> Wrong | None:
    """What is wrong with a byte-level vocabulary."""
    vocabulary = model["vocab"]
    tokens = [token for token, _ in vocabulary] if isinstance(vocabulary, list) else vocabulary
    if not SYMBOL_BYTES.keys() <= set(tokens):
        return "lacks some of the 256 bytes", "缺少 256 个字节中的一些"
    if any(not token for token in tokens):
        return "has an empty token", "有空的词元"
    return None if isinstance(vocabulary, list) else _wrong_merges(model, added)


def _wrong_own_bytes(model: Mapping[str, Any], added: Collection[str]) -> Wrong | None:
    tokens = [token for token in model["vocab"] if token not in added]
    if any(not set(token) <= SYMBOL_BYTES.keys() for token in tokens):
        return "has tokens that are no bytes", "有不是字节的词元"
    if len(model["merges"]) != len(tokens) - len(SYMBOL_BYTES):
        return "has not one merge for each token", "的合并与词元不是一一对应"
    return _wrong_bytes(model, added)


def _wrong_merges(model: Mapping[str, Any], added: Collection[str]) -> Wrong | None:
    vocabulary = model["vocab"]
    for merge in model["merges"]:
        left, right = merge.split(" ") if isinstance(merge, str) else merge
        if left not in vocabulary or right not in vocabulary or left + right not in vocabulary:
            return "has merges of tokens that it lacks", "的合并用到了它没有的词元"
    return None


def _wrong_unknown(model: Mapping[str, Any], added: Collection[str]) -> Wrong | None:
    if model.get("unk_token") in model["vocab"]:
        return None
    return "has no token for what it does not know", "没有表示未知内容的词元"


BYTES = Form(name="bytes", own=True, lossless=True, spell=_bytes_of_symbols, problem=_wrong_own_bytes, bulk=True)
FOREIGN_BYTES = Form(
    name="foreign-bytes", own=False, lossless=True, spell=_bytes_of_symbols, problem=_wrong_bytes, bulk=True
)
UNIGRAM = Form(name="unigram", own=True, lossless=True, spell=_bytes_of_symbols, problem=_wrong_bytes)
WORDPIECE = Form(name="wordpiece", own=True, lossless=False, spell=_bytes_of_wordpiece, problem=_wrong_unknown)
BERT = Form(name="bert", own=False, lossless=False, spell=_bytes_of_bert, problem=_wrong_unknown, strip=" ")
GPT1 = Form(name="gpt1", own=False, lossless=False, spell=_bytes_of_gpt1, problem=_wrong_merges, strip=" ")
SENTENCEPIECE = Form(
    name="sentencepiece", own=False, lossless=False, spell=_bytes_of_piece, problem=lambda model, added: None, strip=" "
)
