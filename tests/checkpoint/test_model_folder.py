"""A model folder comes back as it was, or is refused in a sentence that says what to do."""

import dataclasses
import json
import shutil
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file, save_file

from zaohua import folders
from zaohua.checkpoint.families import FAMILIES, family_of
from zaohua.checkpoint.model_folder import load_model, save_model
from zaohua.model.config import TransformerConfig
from zaohua.model.initialization import new_model
from zaohua.model.presets import PRESETS, shape
from zaohua.settings import UserError


def model_of(family="gpt2", **change):
    config = dataclasses.replace(shape(family, dim=16, layers=2, vocab_size=40, max_length=12), **change)
    return new_model(config, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def folder(tmp_path):
    """A whole GPT-2 folder, to be damaged."""
    save_model(tmp_path, model_of())
    return tmp_path


def change_weights(folder, change):
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def change_config(folder, **change):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("change", [{}, {"tied_head": False}, {"max_length": 7, "initial_std": 0.5}])
def test_a_saved_model_comes_back_bit_equal(family, change, tmp_path):
    model = model_of(family, **change)
    save_model(tmp_path, model, generation={"temperature": 0.7})
    loaded = load_model(tmp_path)
    assert not loaded.model.training
    assert loaded.tokenizer is None
    assert loaded.model.config == model.config
    assert loaded.generation["temperature"] == 0.7
    state, again = model.state_dict(), loaded.model.state_dict()
    assert state.keys() == again.keys()
    assert all(torch.equal(state[name], again[name]) for name in state)
    assert all(parameter.requires_grad for parameter in loaded.model.parameters())


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_is_stored_and_read_in_either_precision(dtype, tmp_path):
    model = model_of()
    save_model(tmp_path, model, dtype=dtype)
    stored = load_file(tmp_path / "model.safetensors")
    assert {tensor.dtype for tensor in stored.values()} == {getattr(torch, dtype)}
    assert json.loads((tmp_path / "config.json").read_text())["dtype"] == dtype
    assert load_model(tmp_path).model.head_weight.dtype == torch.float32
    assert load_model(tmp_path, dtype=torch.bfloat16).model.head_weight.dtype == torch.bfloat16


def test_a_weight_beyond_float16_is_not_saved_as_such(tmp_path):
    model = model_of()
    with torch.no_grad():
        model.head_weight[0, 0] = 1e6
    with pytest.raises(UserError, match=r"transformer.wte.weight does not fit the range of float16: save as bfloat16"):
        save_model(tmp_path, model, dtype="float16")


FAMILIES = {
    "gpt1": "openai-gpt", "gpt2": "gpt2", "gpt3": "gpt_neo",
    "smollm2": "llama", "tinyllama": "llama", "llama2": "llama", "qwen3": "qwen3",
    "modern": "qwen3",
}  # fmt: skip


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_has_a_family(name):
    assert family_of(PRESETS[name]).model_type == FAMILIES[name.partition("-")[0]]


def test_a_config_that_no_family_holds_is_refused():
    odd = TransformerConfig(vocab_size=9, max_length=8, dim=8, layers=1, heads=2, norm="rms")
    with pytest.raises(
        UserError, match="no family of model folders holds this combination of settings; known are openai"
    ):
        family_of(odd)


def test_sharded_weights_are_read(folder):
    expected = load_model(folder).model.state_dict()
    tensors = load_file(folder / "model.safetensors")
    names = sorted(tensors)
    parts = {"model-1.safetensors": names[:5], "model-2.safetensors": names[5:]}
    for file, part in parts.items():
        save_file({name: tensors[name] for name in part}, folder / file)
    (folder / "model.safetensors").unlink()
    places = {name: file for file, part in parts.items() for name in part}
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": places}))
    assert all(torch.equal(expected[name], tensor) for name, tensor in load_model(folder).model.state_dict().items())
    (folder / "model-2.safetensors").unlink()
    with pytest.raises(
        UserError, match=r"lacks weight files that its index names .model-2.safetensors.: copy it whole"
    ):
        load_model(folder)
    index.write_text(json.dumps({"weight_map": {"x": "../../model-1.safetensors"}}))
    with pytest.raises(UserError, match="lacks weight files"):
        load_model(folder)
    index.write_text("[]")
    with pytest.raises(UserError, match=r"index.json holds no mapping: take the folder from its source again"):
        load_model(folder)
    index.write_text('{"weight_map": []}')
    with pytest.raises(UserError, match="is no index of weights"):
        load_model(folder)


def test_the_prefix_may_be_absent_and_buffers_are_dropped(folder):
    expected = load_model(folder).model.state_dict()

    def rename(tensors):
        for name in list(tensors):
            tensors[name.removeprefix("transformer.")] = tensors.pop(name)
        tensors["h.0.attn.bias"] = torch.ones(1, 1, 12, 12)
        tensors["h.1.attn.masked_bias"] = torch.tensor(-1e4)

    change_weights(folder, rename)
    assert all(torch.equal(expected[name], tensor) for name, tensor in load_model(folder).model.state_dict().items())


def test_either_end_of_a_tied_pair_will_do_but_not_two_different_ones(folder):
    expected = load_model(folder).model.head_weight

    def only_the_head(tensors):
        tensors["lm_head.weight"] = tensors.pop("transformer.wte.weight")

    change_weights(folder, only_the_head)
    assert torch.equal(load_model(folder).model.head_weight, expected)

    def both(tensors):
        tensors["transformer.wte.weight"] = tensors["lm_head.weight"].clone()

    change_weights(folder, both)
    assert torch.equal(load_model(folder).model.head_weight, expected)

    def unequal(tensors):
        tensors["lm_head.weight"] += 1.0

    change_weights(folder, unequal)
    with pytest.raises(UserError, match=r"lm_head.weight is not the embedding, though tie_word_embeddings is true"):
        load_model(folder)


def test_all_that_does_not_fit_is_listed_at_once(folder):
    def damage(tensors):
        del tensors["transformer.ln_f.bias"]
        tensors["transformer.h.0.attn.c_attn.bias"] = torch.zeros(7)
        tensors["transformer.h.0.extra"] = torch.zeros(1)
        tensors["transformer.h.2.ln_1.weight"] = torch.zeros(16)

    change_weights(folder, damage)
    with pytest.raises(UserError) as caught:
        load_model(folder)
    for part in (
        "missing transformer.ln_f.bias",
        "misshapen transformer.h.0.attn.c_attn.bias [7] where [48] belongs",
        "unknown transformer.h.0.extra",
        "unknown transformer.h.2.ln_1.weight",
    ):
        assert part in str(caught.value)


def test_only_the_first_problems_are_listed_and_the_rest_counted(folder):
    change_config(folder, n_embd=8, n_head=2)
    with pytest.raises(UserError, match=r"misshapen .* and 21 more"):
        load_model(folder)


def test_weights_that_are_not_numbers_are_refused(folder):
    def damage(tensors):
        tensors["transformer.ln_f.bias"][3] = float("nan")

    change_weights(folder, damage)
    with pytest.raises(UserError, match=r"not finite transformer.ln_f.bias"):
        load_model(folder)


@pytest.mark.parametrize("size", [0, 4, 200, 3000])
def test_a_cut_file_is_refused(folder, size):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(UserError, match=r"the weights are damaged .* take the folder from its source again"):
        load_model(folder)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"model_type": "t5"}, "model_type is 't5'; known are openai-gpt, gpt2, gpt_neo, llama, qwen3"),
        ({"n_layer": -1}, "n_layer is -1; it must be from 1 to 4096"),
        ({"n_layer": 10**12}, "n_layer is 1000000000000; it must be from 1 to 4096"),
        ({"n_embd": 10**9}, "n_embd is 1000000000; it must be from 1 to 131072"),
        ({"n_embd": "16"}, "n_embd is '16'; it must be a whole number"),
        ({"n_embd": True}, "n_embd is True; it must be a whole number"),
        ({"vocab_size": 1.5}, "vocab_size is 1.5; it must be a whole number"),
        ({"vocab_size": None}, "vocab_size is missing; a gpt2 model needs it"),
        ({"n_head": 3}, r"no possible gpt2 model: dim .16. is not a multiple of heads .3."),
        ({"activation_function": "mish"}, "activation_function is 'mish'; it must be one of gelu_new"),
        (
            {"scale_attn_by_inverse_layer_idx": True},
            "scale_attn_by_inverse_layer_idx is True, but for gpt2 models only",
        ),
        ({"quantization_config": {"bits": 4}}, "quantization_config is"),
        ({"tie_word_embeddings": "yes"}, "tie_word_embeddings is 'yes'; it must be true or false"),
        ({"layer_norm_epsilon": -1.0}, "norm_eps is -1.0; it must be a positive number"),
    ],
)
def test_a_config_that_cannot_be_is_refused_before_anything_is_allocated(folder, change, sentence):
    change_config(folder, **change)
    with pytest.raises(UserError, match=sentence):
        load_model(folder)


@pytest.mark.parametrize(
    ("family", "change", "sentence"),
    [
        ("llama", {"rope_parameters": {"rope_type": "yarn"}}, "only rope_type"),
        ("llama", {"rope_parameters": {"rope_theta": "big"}}, "rope_theta is 'big'; it must be a number"),
        ("llama", {"rope_scaling": {"factor": 2.0}}, "rope_scaling is"),
        ("qwen3", {"use_sliding_window": True}, "use_sliding_window is True, but for qwen3 models only False"),
        ("gpt_neo", {"attention_types": [[["local"], 2]]}, "global in every layer, or global and local in turn"),
        ("gpt_neo", {"attention_types": 3}, "attention_types must be a list like"),
        ("gpt_neo", {"attention_types": [[["local"], 10**12]]}, "attention_types must be"),
        ("gpt_neo", {"attention_types": [[[], 10**12]]}, "attention_types must be"),
        ("gpt_neo", {"window_size": 0}, "window_size is 0; it must be a whole number above 0"),
    ],
)
def test_what_a_family_cannot_do_here_is_refused(family, change, sentence, tmp_path):
    save_model(tmp_path, model_of(family))
    change_config(tmp_path, **change)
    with pytest.raises(UserError, match=sentence):
        load_model(tmp_path)


def test_older_files_have_the_rotary_base_by_itself(tmp_path):
    save_model(tmp_path, model_of("llama"))
    path = tmp_path / "config.json"
    theirs = json.loads(path.read_text())
    del theirs["rope_parameters"], theirs["head_dim"], theirs["num_key_value_heads"]
    path.write_text(json.dumps(theirs | {"rope_theta": 500}))
    assert load_model(tmp_path).model.config == dataclasses.replace(model_of("llama").config, rope_base=500.0)


def test_what_is_no_model_folder_is_refused(tmp_path, folder):
    with pytest.raises(UserError, match="there is no folder"):
        load_model(folder / "elsewhere")
    (folder / "empty").mkdir()
    with pytest.raises(UserError, match=r"is no model folder, it has no config.json"):
        load_model(folder / "empty")
    shutil.copy(folder / "config.json", folder / "empty" / "config.json")
    with pytest.raises(UserError, match=r"has no weights: save the model as model.safetensors"):
        load_model(folder / "empty")
    (folder / "empty" / "pytorch_model.bin").write_bytes(b"anything")
    with pytest.raises(UserError, match=r"only pytorch_model.bin, a kind of file that can run code and is never read"):
        load_model(folder / "empty")
    for content in ("{", "[1]", "\xff"):
        (folder / "config.json").write_text(content, encoding="latin-1")
        with pytest.raises(UserError, match=r"config.json (cannot be read as JSON|holds no mapping)"):
            load_model(folder)


def test_a_full_disk_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(folders.uuid, "uuid4", lambda: SimpleNamespace(hex="x"))
    (tmp_path / ".model.safetensors.tmp-x").symlink_to("/dev/full")
    with pytest.raises(UserError, match=r"the disk is full while writing .*model.safetensors"):
        save_model(tmp_path, model_of())


def test_a_folder_tells_its_family_and_what_it_was_told_of_the_training(tmp_path):
    save_model(tmp_path, model_of("llama"), about={"chat": True, "steps": 3})
    loaded = load_model(tmp_path)
    assert (loaded.family, loaded.about) == ("llama", {"chat": True, "steps": 3})
    (tmp_path / "zaohua.json").write_text("[")
    with pytest.raises(UserError, match=r"zaohua\.json is damaged: make the folder again"):
        load_model(tmp_path)
    (tmp_path / "zaohua.json").unlink()
    assert load_model(tmp_path).about == {}
