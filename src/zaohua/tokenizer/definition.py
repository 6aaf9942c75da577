"""The two files of a tokenizer folder: what stands in them, and what must."""

from collections.abc import Collection, Mapping
from typing import Any

from zaohua.tokenizer.forms import Wrong, form_of

DEFINITION = "tokenizer.json"
STYLE = "tokenizer_config.json"
SPECIALS = ("<|endoftext|>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>", "<|pad|>")
"""In the order of their ids, which follow those of the vocabulary that was learned."""

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

_ROLES = {  # what transformers calls the special tokens of each vocabulary
    "bos_token": ("<|endoftext|>", "<s>"),
    "eos_token": ("<|endoftext|>", "</s>"),
    "pad_token": ("<|pad|>", "[PAD]", "<pad>"),
    "unk_token": ("[UNK]", "<unk>"),
    "cls_token": ("[CLS]",),
    "sep_token": ("[SEP]",),
    "mask_token": ("[MASK]",),
}


def whole(definition: Mapping[str, Any], specials: Collection[str] = SPECIALS) -> dict[str, Any]:
    """A definition with special tokens behind its vocabulary, or where its vocabulary has them."""
    vocabulary = vocabulary_of(definition)
    new = [token for token in specials if token not in vocabulary]
    known = [added(token, vocabulary[token], special=True) for token in specials if token in vocabulary]
    rest = [added(token, len(vocabulary) + n, special=True) for n, token in enumerate(new)]
    return {**definition, "added_tokens": sorted(known + rest, key=lambda token: token["id"])}


def added(content: str, index: int, *, special: bool, single_word: bool = False) -> dict[str, Any]:
    """One entry of a definition's added tokens."""
    flags = {"single_word": single_word, "lstrip": False, "rstrip": False, "normalized": False, "special": special}
    return {"id": index, "content": content, **flags}


def vocabulary_of(definition: Mapping[str, Any]) -> dict[str, int]:
    """{token: id} of a definition's model, as the model spells its tokens."""
    vocabulary = definition["model"]["vocab"]
    if isinstance(vocabulary, list):  # a unigram model: [[token, score], ...]
        return {token: index for index, (token, _) in enumerate(vocabulary)}
    return vocabulary


def style(specials: Collection[str], chat_template: str | None, preparation: str | None) -> dict[str, Any]:
    """The content of tokenizer_config.json.

    Without the class named, transformers 5 builds a tokenizer from the model's type and silently gives other ids.
    """
    roles = {role: next((token for token in tokens if token in specials), None) for role, tokens in _ROLES.items()}
    others = [token for token in specials if token not in roles.values()]
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        **{role: token for role, token in roles.items() if token},
        "additional_special_tokens": others,
        "clean_up_tokenization_spaces": False,
        "model_max_length": int(1e30),
        **({"chat_template": chat_template} if chat_template else {}),
        **({"preparation": preparation} if preparation else {}),
    }


def problem(definition: dict[str, Any]) -> Wrong | None:
    """What is wrong with a tokenizer.json, or None.

    Only known splitting expressions pass, so that no file can make an engine backtrack for ever.
    """
    try:
        form = form_of(definition)
        tokens = [(token["content"], token["id"], bool(token["special"])) for token in definition["added_tokens"]]
        vocabulary = vocabulary_of(definition)
        ids = [*vocabulary.values(), *(index for content, index, _ in tokens if content not in vocabulary)]
        if form is None:
            return (
                "splits text or spells its tokens in a way that this program does not know",
                "切分文本或拼写词元的方式无法识别",
            )
        if not all(type(index) is int for index in ids) or sorted(ids) != list(range(len(ids))):
            return "has ids that are missing or double", "的编号有缺失或重复"
        if any(vocabulary.get(content, index) != index for content, index, _ in tokens):
            return "gives one token two ids", "给了同一个词元两个编号"
        if form.own and [content for content, _, special in tokens if special] != list(SPECIALS):
            return "has not the special tokens behind its vocabulary", "的词表后面没有特殊词元"
        return form.problem(definition["model"], {content for content, _, _ in tokens})
    except (KeyError, TypeError, ValueError, AttributeError):
        return "has not the parts of a tokenizer", "缺少分词器应有的部分"
