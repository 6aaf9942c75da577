"""A tokenizer: text to ids and back, and a folder that other programs read alike."""

import functools
import itertools
import json
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zaohua import folders
from zaohua.settings import UserError
from zaohua.tokenizer.characters import characters
from zaohua.tokenizer.definition import CHAT_TEMPLATE, DEFINITION, STYLE, problem, style, vocabulary_of, whole
from zaohua.tokenizer.forms import expression_of, form_of
from zaohua.tokenizer.gpt1 import GPT1, words_of_gpt1
from zaohua.tokenizer.words import AddedWords

if TYPE_CHECKING:
    import tiktoken
    import tokenizers

# Below this many characters a batch is done before tiktoken's tables and threads would have been set up.
_BULK_CHARACTERS = 50_000
_UNSPEAKABLE = "\U0010fffe"  # a noncharacter
_ENDS = ("<|endoftext|>", "</s>", "[SEP]")


class Tokenizer:
    """Any text is encoded as what it is: the spelling of a special token in it is ordinary text.

    This holds by construction: the engine that sees text has never heard of special tokens; their ids are only ever
    placed by our own code. What we train loses nothing of a text, unless `lossless` says otherwise.
    """

    def __init__(
        self, definition: dict[str, Any], chat_template: str | None = CHAT_TEMPLATE, preparation: str | None = None
    ) -> None:
        """From the content of a tokenizer.json that `definition.problem` finds nothing wrong with."""
        form = form_of(definition)
        assert form is not None
        self.definition, self.form = definition, form
        self.chat_template, self.preparation = chat_template, preparation
        self.specials: dict[str, int] = {}
        words: dict[str, int] = {}
        flagged: set[str] = set()
        for token in definition["added_tokens"]:
            (self.specials if token["special"] else words)[token["content"]] = token["id"]
            if token.get("single_word"):
                flagged.add(token["content"])
        self.words = AddedWords(words, flagged)
        """Words that were added, which are cut out of a text before the engine sees the rest."""
        vocabulary = vocabulary_of(definition)
        size = max([*vocabulary.values(), *self.specials.values(), *words.values()], default=-1) + 1
        self.token_bytes: list[bytes] = [b""] * size
        for token, index in vocabulary.items():
            self.token_bytes[index] = form.spell(token)
        for word, index in words.items():
            self.token_bytes[index] = word.encode()
        for index in self.specials.values():
            self.token_bytes[index] = b""
        self._spelling = {index: token.encode() for token, index in self.specials.items()}

    @property
    def vocab_size(self) -> int:
        """All ids, special tokens included."""
        return len(self.token_bytes)

    @property
    def lossless(self) -> bool:
        """Whether decoding gives every text back as it was."""
        return self.form.lossless

    @property
    def end_of_text(self) -> int:
        """The id that stands before and after every document; raises UserError where an imported one has none."""
        name = next((name for name in _ENDS if name in self.specials), None)
        if name is None:
            raise UserError(
                "this vocabulary has no token for the end of a text: `zaohua tokenizer extend MODEL --chat` adds one",
                "这个词表没有表示文本结束的词元：可用 `zaohua tokenizer extend MODEL --chat` 添加",
            )
        return self.specials[name]

    @functools.cached_property
    def digest(self) -> str:
        """SHA-256 of everything that decides which ids a text gets; formatting and chat template do not."""
        model = dict(self.definition["model"])
        merges = [merge.split(" ") if isinstance(merge, str) else merge for merge in model.pop("merges", [])]
        cut = [self.definition["normalizer"], self.definition["pre_tokenizer"], self.preparation]
        return folders.digest_of([cut, model, merges, self.specials, self.words.ids, sorted(self.words.single)])

    def encode(self, text: str) -> list[int]:
        """The ids of a text. A lone surrogate, which is no character, is read as U+FFFD."""
        return self._encode_few([characters(text)])[0]

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text, as `encode` gives them; large batches go through the faster engine on all cores."""
        texts = [characters(text) for text in texts]
        if sum(map(len, texts)) < _BULK_CHARACTERS or self._bulk is None:
            return self._encode_few(texts)
        # In slices: tiktoken's own batch makes a task of each text, which costs short texts five times the work.
        threads, bulk, words = os.cpu_count() or 1, self._bulk, self.words
        step = -(-len(texts) // (4 * threads))
        slices = [texts[start : start + step] for start in range(0, len(texts), step)]

        def encode(part: list[str]) -> list[list[int]]:
            if words:
                return [words.encode(text, bulk.encode_ordinary) for text in part]
            return [bulk.encode_ordinary(text) for text in part]

        with ThreadPoolExecutor(threads) as pool:
            return [ids for part in pool.map(encode, slices) for ids in part]

    def decode(self, ids: Iterable[int], *, skip_specials: bool = True) -> str:
        """The text of the ids; bytes that are no UTF-8 become U+FFFD, special tokens are left out or spelled."""
        shown = {} if skip_specials else self._spelling
        table = self.token_bytes
        parts = []
        for index in ids:
            if not 0 <= index < len(table):
                raise ValueError(f"id {index} is not in the vocabulary of {len(table)} ids")
            parts.append(shown.get(index) or table[index])
        text = b"".join(parts).decode("utf-8", errors="replace")
        if self.form.strip and self.preparation == GPT1:
            return text.removesuffix(self.form.strip)
        return text.removeprefix(self.form.strip) if self.form.strip else text

    def save(self, folder: Path) -> None:
        """Write tokenizer.json and tokenizer_config.json; `transformers.AutoTokenizer` gives the same ids from them.

        Except for texts that spell a special token: transformers takes the spelling for the token, we never do; and
        except for a vocabulary with a `preparation`, which no tokenizer.json can say.
        """
        folder.mkdir(parents=True, exist_ok=True)
        content = json.dumps(self.definition, ensure_ascii=False, indent=1)
        folders.write_file(folder / DEFINITION, content + "\n")
        content = json.dumps(style(self.specials, self.chat_template, self.preparation), ensure_ascii=False, indent=1)
        folders.write_file(folder / STYLE, content + "\n")

    @classmethod
    def load(cls, folder: Path) -> "Tokenizer":
        """The tokenizer of a folder; raises UserError when a file is missing, damaged or of another kind."""
        remedy = (
            "make the folder again with `zaohua tokenizer`, or take it from its source again",
            "请用 `zaohua tokenizer` 重新生成这个文件夹，或从来源重新获取",
        )
        definition, config = (folders.read_json(folder / name, *remedy) for name in (DEFINITION, STYLE))
        wrong = problem(definition)
        if wrong:
            raise UserError(
                f"{folder / DEFINITION} {wrong[0]}: it was not made by `zaohua tokenizer`, or is damaged",
                f"{folder / DEFINITION} {wrong[1]}：它不是 `zaohua tokenizer` 生成的，或已损坏",
            )
        template, preparation = config.get("chat_template"), config.get("preparation")
        form = form_of(definition)
        if form and form.own and not isinstance(template, str):
            raise UserError(
                f"{folder / STYLE} has no chat_template: write the folder again with `zaohua tokenizer`",
                f"{folder / STYLE} 没有 chat_template：请用 `zaohua tokenizer` 重新写出这个文件夹",
            )
        if preparation not in (None, GPT1):
            raise UserError(
                f"{folder / STYLE} asks for the preparation {preparation!r}, which is not known: {remedy[0]}",
                f"{folder / STYLE} 要求的预处理 {preparation!r} 无法识别：{remedy[1]}",
            )
        tokenizer = cls(definition, template if isinstance(template, str) else None, preparation)
        try:
            _ = tokenizer._engine
        except Exception as error:  # the Rust library has no class of its own for a file it cannot use
            raise UserError(
                f"{folder / DEFINITION} is damaged ({error}): train the tokenizer again",
                f"{folder / DEFINITION} 已损坏（{error}）：请重新训练分词器",
            ) from None
        return tokenizer

    def _encode_few(self, texts: list[str]) -> list[list[int]]:
        """The ids of texts from the engine that reads any definition."""
        if self.words:
            return [self.words.encode(text, lambda part: self._encode_plain([part])[0]) for text in texts]
        return self._encode_plain(texts)

    def _encode_plain(self, texts: list[str]) -> list[list[int]]:
        if self.preparation == GPT1:
            prepared = [words_of_gpt1(text) for text in texts]
            found = self._engine.encode_batch_fast(prepared, is_pretokenized=True, add_special_tokens=False)
        else:
            found = self._engine.encode_batch_fast(texts, add_special_tokens=False)
        return [encoding.ids for encoding in found]

    @functools.cached_property
    def _engine(self) -> "tokenizers.Tokenizer":
        """The engine for text: the same definition without the added tokens, special or not.

        Special tokens that stand in the model's vocabulary have another spelling there, which no text has.
        """
        import tokenizers

        plain = self.definition | {"added_tokens": [], "post_processor": None}
        if self.preparation:
            plain |= {"normalizer": None, "pre_tokenizer": None}
        model = dict(plain["model"])
        hidden = {token: _UNSPEAKABLE + token for token in self.specials}
        if isinstance(model["vocab"], list):
            model["vocab"] = [[hidden.get(token, token), score] for token, score in model["vocab"]]
        else:
            model["vocab"] = {hidden.get(token, token): index for token, index in model["vocab"].items()}
        if model.get("unk_token"):
            model["unk_token"] = hidden.get(model["unk_token"], model["unk_token"])
        return tokenizers.Tokenizer.from_str(json.dumps(plain | {"model": model}, ensure_ascii=False))

    @functools.cached_property
    def _bulk(self) -> "tiktoken.Encoding | None":
        """The same merges in tiktoken, which encodes three to five times as fast, or None; nothing is fetched.

        tiktoken joins any neighbours whose joined bytes are a token, lowest id first; BPE joins only the pair that made
        the token. The two agree for a trained vocabulary: whenever two neighbours spell a token, all earlier merges
        inside them have happened as they would have on the token alone, so they are the pair that made it. This needs
        ids in the order of the merges, one for each; a vocabulary that was tiktoken's own ignores merges.
        """
        model, expression = self.definition["model"], expression_of(self.definition)
        if not self.form.bulk or expression is None or self.definition["normalizer"]:
            return None
        tokens = set(model["vocab"]) - self.specials.keys() - self.words.ids.keys()
        ranks = {self.form.spell(token): model["vocab"][token] for token in tokens}
        if b"" in ranks or not (model.get("ignore_merges") or self._is_in_order(model, len(ranks) - 256)):
            return None
        import tiktoken

        return tiktoken.Encoding("zaohua", pat_str=expression, mergeable_ranks=ranks, special_tokens={})

    @staticmethod
    def _is_in_order(model: dict[str, Any], count: int) -> bool:
        """Whether a model's merges make `count` tokens, one each, in the order of their ids."""
        merges = [merge.split(" ") if isinstance(merge, str) else merge for merge in model["merges"]]
        made = [model["vocab"][left + right] for left, right in merges]
        return len(made) == count and all(first < second for first, second in itertools.pairwise(made))


def of_definition(definition: dict[str, Any]) -> Tokenizer:
    """A tokenizer of a definition that was just learned, with our special tokens behind its vocabulary."""
    definition = whole(definition)
    wrong = problem(definition)
    assert not wrong, wrong
    return Tokenizer(definition)
