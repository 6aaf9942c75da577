"""The two files of a tokenizer folder: what stands in them, and what must."""

from typing import Any

from zaohua.tokenizer.splitting import rule_of
from zaohua.tokenizer.symbols import SYMBOL_BYTES

DEFINITION = "tokenizer.json"
STYLE = "tokenizer_config.json"
SPECIALS = ("<|endoftext|>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>", "<|pad|>")
"""In the order of their ids, which are the last of the vocabulary."""

CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{%- if message['role'] not in ['system', 'user', 'assistant'] -%}"
    "{{- raise_exception('roles are system, user and assistant') -}}"
    "{%- endif -%}"
    "{{- '<|' + message['role'] + '|>' + message['content'] + '<|end|>' -}}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|assistant|>' -}}{%- endif -%}"
)
"""The layout of `chat.render` in Jinja, for programs that render a conversation as one string."""


def whole(definition: dict[str, Any]) -> dict[str, Any]:
    """A trained engine's definition with the special tokens behind its vocabulary."""
    first = len(definition["model"]["vocab"])
    return definition | {"added_tokens": [_added(token, first + n) for n, token in enumerate(SPECIALS)]}


def style(chat_template: str) -> dict[str, Any]:
    """The content of tokenizer_config.json.

    Without the class named, transformers 5 builds a tokenizer from the model's type and silently gives other ids.
    """
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "<|endoftext|>",
        "eos_token": "<|endoftext|>",
        "pad_token": "<|pad|>",
        "additional_special_tokens": [token for token in SPECIALS if token not in ("<|endoftext|>", "<|pad|>")],
        "clean_up_tokenization_spaces": False,
        "model_max_length": int(1e30),
        "chat_template": chat_template,
    }


def problem(definition: dict[str, Any]) -> str | None:
    """What is wrong with a tokenizer.json, as the end of a sentence, or None.

    Only known splitting expressions pass, so that no file can make an engine backtrack for ever.
    """
    try:
        model, added = definition["model"], definition["added_tokens"]
        split, byte_level = definition["pre_tokenizer"]["pretokenizers"]
        vocabulary, merges = model["vocab"], model["merges"]
        ids = list(vocabulary.values())
        tokens = [(token["content"], token["id"]) for token in added]
        expression = split["pattern"]["Regex"]
        bare = byte_level["type"] == "ByteLevel" and not byte_level["use_regex"] and not byte_level["add_prefix_space"]
    except (KeyError, TypeError, ValueError, AttributeError):
        return "has not the parts of a byte-level BPE"
    if model.get("type") != "BPE" or definition.get("normalizer") or definition.get("post_processor"):
        return "is not a plain byte-level BPE"
    if split.get("type") != "Split" or split.get("behavior") != "Isolated" or split.get("invert") or not bare:
        return "does not split text in the way that this program knows"
    if rule_of(expression) is None:
        return "splits text by an expression that this program does not know"
    if sorted(ids) != list(range(len(ids))):
        return "has ids that are missing or double"
    if not vocabulary.keys() >= SYMBOL_BYTES.keys():
        return "lacks some of the 256 bytes"
    if any(not token or not set(token) <= SYMBOL_BYTES.keys() for token in vocabulary):
        return "has tokens that are no bytes"
    if len(merges) != len(ids) - len(SYMBOL_BYTES):
        return "has not one merge for each token"
    if tokens != [(token, len(ids) + n) for n, token in enumerate(SPECIALS)]:
        return "has not the special tokens behind its vocabulary"
    return None


def _added(token: str, index: int) -> dict[str, Any]:
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {"id": index, "content": token, **flags}
