"""Models that others trained give what their own programs printed, through our folder and our decoding."""

import base64
import json
import os
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from oracle import worst
from safetensors.torch import save_file

from zaohua.checkpoint.model_folder import load_model
from zaohua.generation.decode import generate
from zaohua.generation.sampling import Sampling
from zaohua.model.attention import record_attention

WEIGHTS = Path(os.environ.get("ZAOHUA_DATA", Path(__file__).parents[2] / "../shared/data")) / "weights"


def folder_of(name):
    if not (WEIGHTS / name).is_dir():
        pytest.skip(f"no {WEIGHTS / name}: set ZAOHUA_DATA to the folder of data sets")
    return WEIGHTS / name


def write_folder(folder, config, tensors):
    (folder / "config.json").write_text(json.dumps(config))
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / "model.safetensors")


def llama2c(path):
    """llama2.c's file (its first format): seven int32 sizes, then the tensors -> a Llama config and its weights."""
    data = path.read_bytes()
    dim, wide, layers, heads, kv_heads, vocab, length = struct.unpack("7i", data[:28])
    numbers = torch.from_numpy(np.frombuffer(data, dtype=np.float32, offset=28).copy())
    at = 0

    def take(*shape):
        nonlocal at
        count = int(np.prod(shape))
        at += count
        return numbers[at - count : at].view(shape)

    def halves(matrix, heads):
        """Rows of neighbouring pairs -> rows of the first half, then of the second, as Llama's folders have them."""
        return matrix.view(heads, -1, 2, dim).transpose(1, 2).reshape(matrix.shape)

    kv_dim = dim // heads * kv_heads
    tensors = {"model.embed_tokens.weight": take(abs(vocab), dim)}
    for name, shape in (
        ("input_layernorm", (dim,)),
        ("self_attn.q_proj", (dim, dim)),
        ("self_attn.k_proj", (kv_dim, dim)),
        ("self_attn.v_proj", (kv_dim, dim)),
        ("self_attn.o_proj", (dim, dim)),
        ("post_attention_layernorm", (dim,)),
        ("mlp.gate_proj", (wide, dim)),
        ("mlp.down_proj", (dim, wide)),
        ("mlp.up_proj", (wide, dim)),
    ):
        for layer, tensor in enumerate(take(layers, *shape)):
            turned = {"self_attn.q_proj": heads, "self_attn.k_proj": kv_heads}.get(name)
            tensors[f"model.layers.{layer}.{name}.weight"] = halves(tensor, turned) if turned else tensor
    tensors["model.norm.weight"] = take(dim)
    config = {
        "model_type": "llama",
        "hidden_size": dim,
        "intermediate_size": wide,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": kv_heads,
        "vocab_size": vocab,
        "max_position_embeddings": length,
        "rms_norm_eps": 1e-5,
        "tie_word_embeddings": True,
    }
    return config, tensors


def llama2c_tokens(path):
    data, tokens, at = path.read_bytes(), [], 4
    while at < len(data):
        _, length = struct.unpack_from("fi", data, at)
        token = data[at + 8 : at + 8 + length]
        tokens.append(bytes([int(token[3:5], 16)]) if token.startswith(b"<0x") else token)
        at += 8 + length
    return tokens


@pytest.mark.slow
def test_stories260k_writes_its_published_story(tmp_path):
    source = folder_of("stories260K")
    config, tensors = llama2c(source / "stories260K.bin")
    write_folder(tmp_path, config, tensors)
    published = (source / "stories260K.md").read_text(encoding="utf-8").split("-t 0.0\n")[1].split("\n```")[0]
    tokens = llama2c_tokens(source / "tok512.bin")
    sampling = Sampling(temperature=0.0, max_new_tokens=256)
    (written,) = generate(load_model(tmp_path).model, [[1]], sampling, end_ids={1})
    assert b"".join(tokens[index] for index in written).decode().strip() == published.strip()


def test_mingpt_sort_gives_its_recorded_numbers(tmp_path):
    source = folder_of("mingpt_nano_sort")

    def tensors_of(name):
        content = json.loads((source / name).read_text())
        config = content.pop("config")
        return config, {
            key: torch.from_numpy(np.frombuffer(base64.b64decode(value["data"]), dtype=np.float32).copy()).view(
                [int(size) for size in value["shape"]]
            )
            for key, value in content.items()
        }

    config, tensors = tensors_of("gpt-nano-sort-model.json")
    for name in tensors:
        if name.endswith(("c_attn.weight", "c_proj.weight", "c_fc.weight")):
            tensors[name] = tensors[name].T  # its Linear is (out, in), a GPT-2 folder's Conv1D (in, out)
    sizes = {
        "n_layer": int(config["n_layer"]),
        "n_head": int(config["n_head"]),
        "n_embd": int(config["n_embd"]),
        "vocab_size": int(config["vocab_size"]),
        "n_positions": int(config["block_size"]),
    }
    write_folder(tmp_path, {"model_type": "gpt2", "tie_word_embeddings": False, **sizes}, tensors)
    model = load_model(tmp_path).model
    _, recorded = tensors_of("gpt-nano-sort-t0-partials.json")
    blocks = []
    for block in model.stack.blocks:
        block.register_forward_hook(lambda module, inputs, output: blocks.append(output))
    with torch.no_grad(), record_attention(model) as maps:
        hidden = model(recorded["idx"].long())
        logits = model.logits(hidden)
    for layer in range(3):
        assert worst(blocks[layer], recorded[f"block{layer}"]) <= 1e-5
    assert worst(maps[0], recorded["attSm"]) <= 1e-5
    assert worst(hidden, recorded["ln_f"]) <= 1e-5
    assert worst(logits, recorded["lm_head"]) <= 1e-5
    assert worst(logits.softmax(-1), recorded["probs"]) <= 1e-5


def test_mingpt_sort_sorts(tmp_path):
    test_mingpt_sort_gives_its_recorded_numbers(tmp_path)
    prompts = torch.randint(0, 3, (20, 6), generator=torch.Generator().manual_seed(0)).tolist()
    sampling = Sampling(temperature=0.0, max_new_tokens=5)  # the sixth would pass its eleven positions
    found = generate(load_model(tmp_path).model, prompts, sampling, end_ids=())
    assert list(found) == [sorted(prompt)[:5] for prompt in prompts]
