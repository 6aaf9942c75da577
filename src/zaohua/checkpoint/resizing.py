"""A model whose vocabulary grew: its tables get rows for the new ids, and so does the optimiser's state.

A new row is the mean of the rows of the pieces that its token replaces. So a new word enters where its spelling
stood, and its score is the mean of theirs; nothing else changes, and the old rows are the same numbers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from zaohua import folders
from zaohua.checkpoint.model_folder import load_model, save_model, tokenizer_of
from zaohua.checkpoint.tensors import write_tensors
from zaohua.checkpoint.weights import OPTIMIZER
from zaohua.model.transformer import Transformer
from zaohua.settings import UserError
from zaohua.tokenizer.extension import Extended
from zaohua.tokenizer.tokenizer import Tokenizer

TABLES = ("embedding.token.weight", "head.weight")
"""The parameters with a row for each id, by the end of their names."""
Pieces = Mapping[int, Sequence[int]]


def resized(model: Transformer, pieces: Pieces, vocab_size: int) -> Transformer:
    """The model with at least `vocab_size` rows in its tables; `pieces` gives the old ids that each new id replaces.

    Rows that only padded the table are used first. The model given is left as it was; its dtype and device are kept.
    """
    size = max(vocab_size, model.config.vocab_size)
    with torch.device("meta"):
        larger = Transformer(replace(model.config, vocab_size=size))
    state = {
        name: with_rows(tensor, pieces, size) if name.endswith(TABLES) else tensor.clone()
        for name, tensor in model.state_dict().items()
    }
    larger.load_state_dict(state, assign=True)
    return larger.train(model.training)


def resized_state(state: Mapping[str, Tensor], pieces: Pieces, vocab_size: int) -> dict[str, Tensor]:
    """An optimiser's state, {parameter name/quantity: tensor}, for the tables that `resized` makes.

    AdamW's mean gradient of a new row begins at zero, its mean square at the mean of the pieces': a row that begins
    with neither would take its first steps at many times the size of its neighbours'.
    """
    found = {}
    for key, tensor in state.items():
        name, _, quantity = key.rpartition("/")
        if name.endswith(TABLES) and tensor.ndim == 2:
            tensor = with_rows(tensor, pieces, max(vocab_size, len(tensor)))
            if quantity == "exp_avg":
                tensor[list(pieces)] = 0.0
        found[key] = tensor
    return found


def with_rows(table: Tensor, pieces: Pieces, size: int) -> Tensor:
    """table (rows, width) -> (size, width): the old rows, and for each new id the mean of the rows of its pieces.

    Rows that are nobody's, which only fill the table, are the mean of all.
    """
    larger = table.new_empty((size, table.shape[1]))
    larger[: len(table)] = table
    if size > len(table):
        larger[len(table) :] = table.float().mean(dim=0).to(table.dtype)
    for index, old in pieces.items():
        if old:
            larger[index] = table[list(old)].float().mean(dim=0).to(table.dtype)
    return larger


def extend_model(
    folder: Path, grown: Callable[[Tokenizer], Extended], output: Path, *, optimizer: Path | None = None
) -> Extended:
    """Write the model of a folder with the vocabulary that `grown` makes of its own -> the model folder `output`.

    With the file of an `optimizer`'s state that goes with the model, its state for the larger model is written beside
    it, so that training can go on. Raises UserError where nothing is new.
    """
    loaded = load_model(folder)
    found = grown(tokenizer_of(loaded))
    if not found.pieces:
        raise UserError(
            f"{folder} has a token for all of this already: give other words, or another corpus",
            f"要添加的内容在 {folder} 里都已有词元：请换别的词，或换一份语料",
        )
    model = resized(loaded.model, found.pieces, found.tokenizer.vocab_size)
    manifest = {
        "stage": "model",
        "settings": {"tokens": len(found.pieces), "tokenizer": found.tokenizer.digest},
        "inputs": {"model": folders.digest(Path(folder) / "model.safetensors")},
    }
    state = load_file(optimizer) if optimizer else None
    with folders.writing(output, manifest) as temporary:
        kept = _kept(loaded.generation)
        save_model(temporary, model.cpu(), tokenizer=found.tokenizer, generation=kept, about=loaded.about)
        if state is not None:
            larger = resized_state(state, found.pieces, found.tokenizer.vocab_size)
            write_tensors(temporary / OPTIMIZER, larger)
    return found


def _kept(generation: Mapping[str, object]) -> dict[str, object]:
    """What a generation_config.json says besides the ids of the ends, which follow the tokenizer."""
    return {key: value for key, value in generation.items() if not key.endswith("_token_id")}
