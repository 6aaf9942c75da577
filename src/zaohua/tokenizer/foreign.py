"""Vocabularies of others, read from the files they come in: the same ids for the same text as in their own library."""

import base64
import binascii
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from zaohua import folders
from zaohua.settings import UserError
from zaohua.tokenizer import piece_model
from zaohua.tokenizer.definition import DEFINITION, STYLE, problem, whole
from zaohua.tokenizer.gpt1 import GPT1
from zaohua.tokenizer.merges import bpe_model, byte_level, spelled
from zaohua.tokenizer.splitting import FOREIGN
from zaohua.tokenizer.symbols import SYMBOL_BYTES
from zaohua.tokenizer.tokenizer import Tokenizer

Source = Literal["gpt1", "gpt2", "bert", "sentencepiece", "tiktoken", "tokenizer.json"]
_PAIRS = {  # the two files of a vocabulary with merges, by the names of its first release and of transformers
    "gpt1": (("encoder_bpe_40000.json", "vocab_40000.bpe"), ("vocab.json", "merges.txt")),
    "gpt2": (("encoder.json", "vocab.bpe"), ("vocab.json", "merges.txt")),
}
_BERT_SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_GAPS = 1000
_REMEDY = "take the file from its source again", "请从来源重新获取这个文件"


def import_vocabulary(path: Path, source: Source | None = None, *, cut: str | None = None) -> Tokenizer:
    """The tokenizer of a file or folder of others; what it is follows from the names of its files unless `source` says.

    `cut` names the expression that a tiktoken file was made with, which the file itself does not say. Raises UserError
    for what is missing, damaged or not known.
    """
    path = Path(path)
    source = source or _guessed(path)
    try:
        definition, preparation = READERS[source](path, cut)
    except UserError as error:
        raise UserError(f"{path}: {error.english}", f"{path}：{error.chinese}") from None
    wrong = problem(definition)
    if wrong:
        raise UserError(
            f"{path} {wrong[0]}: {_REMEDY[0]}, or give another one", f"{path} {wrong[1]}：{_REMEDY[1]}，或换一个"
        )
    return Tokenizer(definition, _template(path), preparation)


def _guessed(path: Path) -> Source:
    """What a path holds, by the names of the files there."""
    if path.is_dir():
        if (path / DEFINITION).is_file():
            return "tokenizer.json"
        if all((path / name).is_file() for name in _PAIRS["gpt1"][0]):
            return "gpt1"
        if any(all((path / name).is_file() for name in pair) for pair in _PAIRS["gpt2"]):
            return "gpt2"
        if (path / "vocab.txt").is_file():
            return "bert"
        if (path / "tokenizer.model").is_file():
            return "sentencepiece"
    elif path.is_file():
        endings: dict[str, Source] = {".txt": "bert", ".model": "sentencepiece", ".tiktoken": "tiktoken"}
        endings[".json"] = "tokenizer.json"
        if path.suffix in endings:
            return endings[path.suffix]
    else:
        raise UserError(
            f"there is no file or folder {path}: give the path of a vocabulary",
            f"没有文件或文件夹 {path}：请给出词表的路径",
        )
    raise UserError(
        f"{path} has no file of a known vocabulary: say with --kind which of {', '.join(READERS)} it is",
        f"{path} 里没有已知词表的文件：请用 --kind 指明它是 {'、'.join(READERS)} 中的哪一种",
    )


def _merged(source: str, path: Path) -> tuple[dict[str, int], list[list[str]]]:
    """Vocabulary and merges of a folder in the form of GPT-1 and GPT-2."""
    if path.is_file():
        raise UserError(
            f"a {source} vocabulary is two files: give the folder that holds them",
            f"{source} 的词表是两个文件：请给出存放它们的文件夹",
        )
    pairs = _PAIRS[source]
    names = next((pair for pair in pairs if all((path / name).is_file() for name in pair)), pairs[-1])
    vocabulary = folders.read_json(path / names[0], *_REMEDY)
    try:
        lines = (path / names[1]).read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"{names[1]} cannot be read ({error}): {_REMEDY[0]}", f"无法读取 {names[1]}（{error}）：{_REMEDY[1]}"
        ) from None
    return vocabulary, [line.split(" ") for line in lines if line and not line.startswith("#version")]


def _gpt1(path: Path, cut: str | None) -> tuple[dict[str, Any], str | None]:
    """Other programs prepare text as BERT does, which is what this tokenizer.json says to them."""
    vocabulary, merges = _merged("gpt1", path)
    model = bpe_model(vocabulary, merges) | {"unk_token": "<unk>", "end_of_word_suffix": "</w>"}
    changes = {
        "type": "BertNormalizer",
        "clean_text": True,
        "handle_chinese_chars": True,
        "strip_accents": None,
        "lowercase": True,
    }
    definition = _definition(model, changes, {"type": "BertPreTokenizer"}, {"type": "BPEDecoder", "suffix": "</w>"})
    return whole(definition, ["<unk>"]), GPT1


def _gpt2(path: Path, cut: str | None) -> tuple[dict[str, Any], str | None]:
    vocabulary, merges = _merged("gpt2", path)
    whole_bytes = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    definition = _definition(bpe_model(vocabulary, merges), None, whole_bytes, whole_bytes)
    return whole(definition, ["<|endoftext|>"]), None


def _bert(path: Path, cut: str | None) -> tuple[dict[str, Any], str | None]:
    """Text is lowered where the vocabulary has no capital letter. Words of more than 100 characters are unknown, as in
    transformers; the first release said 200."""
    file = path / "vocab.txt" if path.is_dir() else path
    try:
        lines = file.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"the vocabulary cannot be read ({error}): {_REMEDY[0]}", f"无法读取词表（{error}）：{_REMEDY[1]}"
        ) from None
    vocabulary = {token.removesuffix("\r"): index for index, token in enumerate(lines)}
    if "[UNK]" not in vocabulary or len(vocabulary) != len(lines):
        raise UserError(
            f"it is no vocabulary of BERT's form, one token a line with [UNK] among them: {_REMEDY[0]}",
            f"这不是 BERT 格式的词表（每行一个词元，其中要有 [UNK]）：{_REMEDY[1]}",
        )
    capitals = any(any("A" <= letter <= "Z" for letter in token) for token in vocabulary if token[:1] not in "[<")
    changes = {
        "type": "BertNormalizer",
        "clean_text": True,
        "handle_chinese_chars": True,
        "strip_accents": None,
        "lowercase": not capitals,
    }
    model = {
        "type": "WordPiece",
        "unk_token": "[UNK]",
        "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 100,
        "vocab": vocabulary,
    }
    decoder = {"type": "WordPiece", "prefix": "##", "cleanup": True}
    specials = [token for token in _BERT_SPECIALS if token in vocabulary]
    return whole(_definition(model, changes, {"type": "BertPreTokenizer"}, decoder), specials), None


def _sentencepiece(path: Path, cut: str | None) -> tuple[dict[str, Any], str | None]:
    file = path / "tokenizer.model" if path.is_dir() else path
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UserError(
            f"the model cannot be read ({error.strerror}): {_REMEDY[0]}",
            f"无法读取模型（{error.strerror}）：{_REMEDY[1]}",
        ) from None
    return piece_model.definition(content), None


def _tiktoken(path: Path, cut: str | None) -> tuple[dict[str, Any], str | None]:
    """Ranks are ids; a gap among them, which special tokens fill elsewhere, is filled by an unused one."""
    if cut not in FOREIGN:
        raise UserError(
            f"a tiktoken file does not say how text is cut: name one of {', '.join(FOREIGN)}",
            f"tiktoken 文件没有写明如何切分文本：请指明是 {'、'.join(FOREIGN)} 中的哪一种",
        )
    ranks: dict[str, int] = {}
    try:
        for line in path.read_bytes().splitlines():
            token, rank = line.split()
            ranks[spelled(base64.b64decode(token, validate=True))] = int(rank)
    except (OSError, ValueError, binascii.Error):
        raise UserError(
            f"it is no tiktoken file, a token in base64 and its rank a line: {_REMEDY[0]}",
            f"这不是 tiktoken 文件（每行一个 base64 写的词元和它的序号）：{_REMEDY[1]}",
        ) from None
    taken = set(ranks.values())
    largest, least = max(taken, default=0), min(taken, default=0)
    if least < 0 or largest > len(taken) + _GAPS or len(taken) != len(ranks) or not ranks.keys() >= SYMBOL_BYTES.keys():
        raise UserError(
            f"its ranks are double or full of gaps, or it lacks some of the 256 bytes: {_REMEDY[0]}",
            f"它的序号有重复或缺口太多，或 256 个字节不全：{_REMEDY[1]}",
        )
    missing = sorted(set(range(largest)) - taken)
    specials = {f"<|unused-{rank}|>": rank for rank in missing}
    vocabulary = {**ranks, **specials}
    vocabulary["<|endoftext|>"] = len(vocabulary)
    model = bpe_model(vocabulary, piece_model.all_merges(ranks)) | {"ignore_merges": True}
    return whole(byte_level(model, FOREIGN[cut]), [*specials, "<|endoftext|>"]), None


def _tokenizer_json(path: Path, cut: str | None) -> tuple[dict[str, Any], str | None]:
    file = path / DEFINITION if path.is_dir() else path
    definition = folders.read_json(file, *_REMEDY)
    return {"normalizer": None, "pre_tokenizer": None, "added_tokens": [], "model": {}, **definition}, None


READERS: dict[Source, Callable[[Path, str | None], tuple[dict[str, Any], str | None]]] = {
    "gpt1": _gpt1,
    "gpt2": _gpt2,
    "bert": _bert,
    "sentencepiece": _sentencepiece,
    "tiktoken": _tiktoken,
    "tokenizer.json": _tokenizer_json,
}


def _template(path: Path) -> str | None:
    """The chat template that lies beside a tokenizer.json, where there is one."""
    file = path / STYLE
    if not path.is_dir() or not file.is_file():
        return None
    template = folders.read_json(file, *_REMEDY).get("chat_template")
    return template if isinstance(template, str) else None


def _definition(
    model: dict[str, Any], normalizer: dict[str, Any] | None, pre_tokenizer: dict[str, Any], decoder: dict[str, Any]
) -> dict[str, Any]:
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": normalizer,
        "pre_tokenizer": pre_tokenizer,
        "post_processor": None,
        "decoder": decoder,
        "model": model,
    }
