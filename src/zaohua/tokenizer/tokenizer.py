"""A trained tokenizer: text to ids and back, exactly, and a folder that other programs read alike."""

import functools
import json
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zaohua import folders
from zaohua.settings import UserError
from zaohua.tokenizer.characters import characters
from zaohua.tokenizer.definition import CHAT_TEMPLATE, DEFINITION, STYLE, problem, style, whole
from zaohua.tokenizer.symbols import SYMBOL_BYTES

if TYPE_CHECKING:
    import tiktoken
    import tokenizers

# Below this many characters a batch is done before tiktoken's tables and threads would have been set up.
_BULK_CHARACTERS = 50_000


class Tokenizer:
    """Byte-level BPE. Any text is encoded as what it is: the spelling of a special token in it is ordinary text.

    This holds by construction: the engine that sees text has never heard of special tokens; their ids, the last six,
    are only ever placed by our own code.
    """

    def __init__(self, definition: dict[str, Any], chat_template: str = CHAT_TEMPLATE) -> None:
        """From the content of a tokenizer.json that `definition.problem` finds nothing wrong with."""
        vocabulary = definition["model"]["vocab"]
        self.definition = definition
        self.chat_template = chat_template
        self.specials: dict[str, int] = {token["content"]: token["id"] for token in definition["added_tokens"]}
        ordinary = sorted(vocabulary, key=vocabulary.__getitem__)
        self.token_bytes: list[bytes] = [bytes(map(SYMBOL_BYTES.__getitem__, token)) for token in ordinary]
        self.token_bytes += [b""] * len(self.specials)
        self._spelling = {index: token.encode() for token, index in self.specials.items()}

    @property
    def vocab_size(self) -> int:
        """All ids, special tokens included."""
        return len(self.token_bytes)

    @property
    def end_of_text(self) -> int:
        """The id that stands before and after every document."""
        return self.specials["<|endoftext|>"]

    @functools.cached_property
    def digest(self) -> str:
        """SHA-256 of everything that decides which ids a text gets; formatting and chat template do not."""
        merges = [merge.split(" ") if isinstance(merge, str) else merge for merge in self.definition["model"]["merges"]]
        vocabulary = [token.hex() for token in self.token_bytes]
        return folders.digest_of([self._expression, vocabulary, merges, self.specials])

    def encode(self, text: str) -> list[int]:
        """The ids of a text. A lone surrogate, which is no character, is read as U+FFFD."""
        return self._engine.encode(characters(text), add_special_tokens=False).ids

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text, as `encode` gives them; large batches go through the faster engine on all cores."""
        texts = [characters(text) for text in texts]
        if sum(map(len, texts)) < _BULK_CHARACTERS:
            return [encoding.ids for encoding in self._engine.encode_batch_fast(texts, add_special_tokens=False)]
        # In slices: tiktoken's own batch makes a task of each text, which costs short texts five times the work.
        threads, bulk = os.cpu_count() or 1, self._bulk
        step = -(-len(texts) // (4 * threads))
        slices = [texts[start : start + step] for start in range(0, len(texts), step)]
        with ThreadPoolExecutor(threads) as pool:
            done = pool.map(lambda part: [bulk.encode_ordinary(text) for text in part], slices)
            return [ids for part in done for ids in part]

    def decode(self, ids: Iterable[int], *, skip_specials: bool = True) -> str:
        """The text of the ids; bytes that are no UTF-8 become U+FFFD, special tokens are left out or spelled."""
        shown = {} if skip_specials else self._spelling
        table = self.token_bytes
        parts = []
        for index in ids:
            if not 0 <= index < len(table):
                raise ValueError(f"id {index} is not in the vocabulary of {len(table)} ids")
            parts.append(shown.get(index) or table[index])
        return b"".join(parts).decode("utf-8", errors="replace")

    def save(self, folder: Path) -> None:
        """Write tokenizer.json and tokenizer_config.json; `transformers.AutoTokenizer` gives the same ids from them.

        Except for texts that spell a special token: transformers takes the spelling for the token, we never do.
        """
        folder.mkdir(parents=True, exist_ok=True)
        content = json.dumps(self.definition, ensure_ascii=False, indent=1)
        folders.write_file(folder / DEFINITION, content + "\n")
        content = json.dumps(style(self.chat_template), ensure_ascii=False, indent=1)
        folders.write_file(folder / STYLE, content + "\n")

    @classmethod
    def load(cls, folder: Path) -> "Tokenizer":
        """The tokenizer of a folder; raises UserError when a file is missing, damaged or of another kind."""
        remedy = "make the folder again with `zaohua tokenizer`, or take it from its source again"
        definition, config = (folders.read_json(folder / name, remedy) for name in (DEFINITION, STYLE))
        wrong = problem(definition)
        if wrong:
            raise UserError(f"{folder / DEFINITION} {wrong}: it was not made by `zaohua tokenizer`, or is damaged")
        template = config.get("chat_template")
        if not isinstance(template, str):
            raise UserError(f"{folder / STYLE} has no chat_template: write the folder again with `zaohua tokenizer`")
        tokenizer = cls(definition, template)
        try:
            _ = tokenizer._engine
        except Exception as error:  # the Rust library has no class of its own for a file it cannot use
            raise UserError(f"{folder / DEFINITION} is damaged ({error}): train the tokenizer again") from None
        return tokenizer

    @property
    def _expression(self) -> str:
        return self.definition["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"]

    @functools.cached_property
    def _engine(self) -> "tokenizers.Tokenizer":
        """The engine for text: the same definition without the special tokens."""
        import tokenizers

        return tokenizers.Tokenizer.from_str(json.dumps(self.definition | {"added_tokens": []}, ensure_ascii=False))

    @functools.cached_property
    def _bulk(self) -> "tiktoken.Encoding":
        """The same merges in tiktoken, which encodes three to five times as fast; nothing is fetched.

        tiktoken joins any neighbours whose joined bytes are a token, lowest id first; BPE joins only the pair that made
        the token. The two agree for a trained vocabulary: whenever two neighbours spell a token, all earlier merges
        inside them have happened as they would have on the token alone, so they are the pair that made it.
        """
        import tiktoken

        count = len(self.token_bytes) - len(self.specials)
        ranks = {token: index for index, token in enumerate(self.token_bytes[:count])}
        return tiktoken.Encoding("zaohua", pat_str=self._expression, mergeable_ranks=ranks, special_tokens={})


def from_engine(engine: "tokenizers.Tokenizer") -> Tokenizer:
    """A trained engine of the `tokenizers` library, with our special tokens behind its vocabulary."""
    definition = whole(json.loads(engine.to_str()))
    wrong = problem(definition)
    assert not wrong, wrong
    return Tokenizer(definition)
