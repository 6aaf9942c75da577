"""Hugging Face's model families as data: for each a translation of config.json and a table of weight names.

Foreign names live here and nowhere else.
"""

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from zaohua.checkpoint.family import Family, Row, Transposed
from zaohua.model.config import TransformerConfig
from zaohua.settings import UserError

BLOCK = "stack.blocks.{}."
GPT2_NAMES: dict[str, Row] = {
    "wte": "embedding.token",
    "wpe": "embedding.position",
    "h.{}.ln_1": BLOCK + "attention_norm",
    "h.{}.attn.c_attn": Transposed(BLOCK + f"attention.{part}" for part in ("query", "key", "value")),
    "h.{}.attn.c_proj": Transposed([BLOCK + "attention.output"]),
    "h.{}.attn.bias": None,
    "h.{}.attn.masked_bias": None,
    "h.{}.ln_2": BLOCK + "mlp_norm",
    "h.{}.mlp.c_fc": Transposed([BLOCK + "mlp.up"]),
    "h.{}.mlp.c_proj": Transposed([BLOCK + "mlp.down"]),
    "ln_f": "stack.norm",
    "lm_head": "head",
}
GPT1_NAMES: dict[str, Row] = {
    "tokens_embed": "embedding.token",
    "positions_embed": "embedding.position",
    "position_ids": None,
    **{name: row for name, row in GPT2_NAMES.items() if name.startswith(("h.", "lm_head"))},
}
GPT_NEO_NAMES: dict[str, Row] = {
    "wte": "embedding.token",
    "wpe": "embedding.position",
    "h.{}.ln_1": BLOCK + "attention_norm",
    "h.{}.attn.attention.q_proj": BLOCK + "attention.query",
    "h.{}.attn.attention.k_proj": BLOCK + "attention.key",
    "h.{}.attn.attention.v_proj": BLOCK + "attention.value",
    "h.{}.attn.attention.out_proj": BLOCK + "attention.output",
    "h.{}.attn.attention.bias": None,
    "h.{}.attn.attention.masked_bias": None,
    "h.{}.ln_2": BLOCK + "mlp_norm",
    "h.{}.mlp.c_fc": BLOCK + "mlp.up",
    "h.{}.mlp.c_proj": BLOCK + "mlp.down",
    "ln_f": "stack.norm",
    "lm_head": "head",
}
LLAMA_NAMES: dict[str, Row] = {
    "embed_tokens": "embedding.token",
    "layers.{}.input_layernorm": BLOCK + "attention_norm",
    "layers.{}.self_attn.q_proj": BLOCK + "attention.query",
    "layers.{}.self_attn.k_proj": BLOCK + "attention.key",
    "layers.{}.self_attn.v_proj": BLOCK + "attention.value",
    "layers.{}.self_attn.o_proj": BLOCK + "attention.output",
    "layers.{}.self_attn.rotary_emb.inv_freq": None,
    "layers.{}.post_attention_layernorm": BLOCK + "mlp_norm",
    "layers.{}.mlp.gate_proj": BLOCK + "mlp.gate",
    "layers.{}.mlp.up_proj": BLOCK + "mlp.up",
    "layers.{}.mlp.down_proj": BLOCK + "mlp.down",
    "norm": "stack.norm",
    "lm_head": "head",
}
QWEN3_NAMES: dict[str, Row] = {
    **LLAMA_NAMES,
    "layers.{}.self_attn.q_norm": BLOCK + "attention.query_norm",
    "layers.{}.self_attn.k_norm": BLOCK + "attention.key_norm",
}


def _read_local(theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Dense and local layers; expanded no further than one layer too many, however large a number the file has."""
    layers, window = theirs["num_layers"], theirs.get("window_size", 256)
    try:
        expanded = (
            kind for group, times in theirs["attention_types"] for _ in range(min(times, layers + 1)) for kind in group
        )
        kinds = list(islice(expanded, layers + 1))
    except (KeyError, TypeError, ValueError):
        raise UserError(
            'attention_types must be a list like [[["global", "local"], 6]]',
            'attention_types 应是形如 [[["global", "local"], 6]] 的列表',
        ) from None
    if kinds == ["global"] * layers:
        return {"local_window": 0}
    if kinds != [("global", "local")[layer % 2] for layer in range(layers)]:
        raise UserError(
            "attention_types must be global in every layer, or global and local in turn",
            "attention_types 应是各层都为 global，或 global 与 local 逐层交替",
        )
    if not isinstance(window, int) or window < 1:
        raise UserError(
            f"window_size is {window!r}; it must be a whole number above 0",
            f"window_size 的值为 {window!r}，应是大于 0 的整数",
        )
    return {"local_window": window}


def _write_local(config: TransformerConfig) -> dict[str, Any]:
    if not config.local_window:
        return {"attention_types": [[["global"], config.layers]], "window_size": 256}
    types = [[["global", "local"], config.layers // 2], [["global"], config.layers % 2]]
    return {"attention_types": [pair for pair in types if pair[1]], "window_size": config.local_window}


def _read_modern(theirs: Mapping[str, Any]) -> dict[str, Any]:
    """`rope_parameters` is transformers 5's; older files have `rope_theta` by itself."""
    rope = theirs.get("rope_parameters") or {}
    if not isinstance(rope, Mapping) or rope.get("rope_type", "default") != "default":
        raise UserError(
            f'rope_parameters is {rope!r}; only rope_type "default" is supported',
            f'rope_parameters 的值为 {rope!r}，只支持 rope_type "default"',
        )
    base, bias = rope.get("rope_theta", theirs.get("rope_theta", 10_000.0)), theirs.get("attention_bias", False)
    if isinstance(base, bool) or not isinstance(base, int | float):
        raise UserError(f"rope_theta is {base!r}; it must be a number", f"rope_theta 的值为 {base!r}，应是一个数")
    return {"rope_base": float(base), "qkv_bias": bool(bias), "output_bias": bool(bias)}


def _write_modern(config: TransformerConfig) -> dict[str, Any]:
    rope = {"rope_theta": config.rope_base, "rope_type": "default"}
    return {"rope_parameters": rope, "attention_bias": config.qkv_bias, "attention_dropout": config.attention_dropout}


GELUS = {"gelu_new": "gelu_tanh", "gelu_pytorch_tanh": "gelu_tanh", "gelu": "gelu", "relu": "relu"}
GPT1_KEYS = {
    "vocab_size": ("vocab_size", None),
    "n_positions": ("max_length", None),
    "n_embd": ("dim", None),
    "n_layer": ("layers", None),
    "n_head": ("heads", None),
    "layer_norm_epsilon": ("norm_eps", 1e-5),
    "embd_pdrop": ("embedding_dropout", 0.1),
    "attn_pdrop": ("attention_dropout", 0.1),
    "resid_pdrop": ("residual_dropout", 0.1),
    "initializer_range": ("initial_std", 0.02),
    "tie_word_embeddings": ("tied_head", True),
}
MODERN_KEYS = {
    "vocab_size": ("vocab_size", None),
    "max_position_embeddings": ("max_length", None),
    "hidden_size": ("dim", None),
    "num_hidden_layers": ("layers", None),
    "num_attention_heads": ("heads", None),
    "num_key_value_heads": ("kv_heads", 0),
    "intermediate_size": ("ffn_dim", None),
    "rms_norm_eps": ("norm_eps", 1e-6),
    "hidden_act": ("mlp", "silu"),
    "initializer_range": ("initial_std", 0.02),
    "tie_word_embeddings": ("tied_head", False),
}
MODERN = {"position": "rotary", "norm": "rms"}

FAMILIES: dict[str, Family] = {
    family.model_type: family
    for family in (
        Family(
            model_type="openai-gpt",
            architecture="OpenAIGPTLMHeadModel",
            prefix="transformer.",
            names=GPT1_NAMES,
            keys={**GPT1_KEYS, "afn": ("mlp", "gelu")},
            activations={"gelu": "gelu_tanh", "relu": "relu"},  # its "gelu" is the tanh form
            constants={"norm_first": False},
            refused={},
        ),
        Family(
            model_type="gpt2",
            architecture="GPT2LMHeadModel",
            prefix="transformer.",
            names=GPT2_NAMES,
            keys={
                **GPT1_KEYS,
                "n_inner": ("ffn_dim", 0),
                "activation_function": ("mlp", "gelu_new"),
                "scale_attn_weights": ("scaled_attention", True),
            },
            activations=GELUS,
            constants={"initializer": "gpt2"},
            refused={
                "scale_attn_by_inverse_layer_idx": False,
                "reorder_and_upcast_attn": False,
                "add_cross_attention": False,
            },
        ),
        Family(
            model_type="gpt_neo",
            architecture="GPTNeoForCausalLM",
            prefix="transformer.",
            names=GPT_NEO_NAMES,
            keys={
                "vocab_size": ("vocab_size", None),
                "max_position_embeddings": ("max_length", None),
                "hidden_size": ("dim", None),
                "num_layers": ("layers", None),
                "num_heads": ("heads", None),
                "intermediate_size": ("ffn_dim", 0),
                "activation_function": ("mlp", "gelu_new"),
                "layer_norm_epsilon": ("norm_eps", 1e-5),
                "embed_dropout": ("embedding_dropout", 0.0),
                "attention_dropout": ("attention_dropout", 0.0),
                "resid_dropout": ("residual_dropout", 0.0),
                "initializer_range": ("initial_std", 0.02),
                "tie_word_embeddings": ("tied_head", True),
            },
            activations=GELUS,
            constants={"scaled_attention": False, "qkv_bias": False, "initializer": "gpt2"},
            refused={},
            read_more=_read_local,
            write_more=_write_local,
        ),
        Family(
            model_type="llama",
            architecture="LlamaForCausalLM",
            prefix="model.",
            names=LLAMA_NAMES,
            keys={**MODERN_KEYS, "head_dim": ("head_dim", 0), "mlp_bias": ("mlp_bias", False)},
            activations={"silu": "swiglu"},
            constants=MODERN,
            refused={},
            read_more=_read_modern,
            write_more=_write_modern,
        ),
        Family(
            model_type="qwen3",
            architecture="Qwen3ForCausalLM",
            prefix="model.",
            names=QWEN3_NAMES,
            keys={**MODERN_KEYS, "head_dim": ("head_dim", 128)},
            activations={"silu": "swiglu"},
            constants={**MODERN, "qk_norm": True, "mlp_bias": False},
            refused={"use_sliding_window": False},
            read_more=_read_modern,
            write_more=_write_modern,
        ),
    )
}


FOR_TRAINING = ("embedding_dropout", "attention_dropout", "residual_dropout", "initializer", "initial_std")


def family_of(config: TransformerConfig) -> Family:
    """The family whose files hold this config whole, apart from what only training looks at; UserError if none does."""
    for family in FAMILIES.values():
        try:
            back = family.read(family.write(config))
        except UserError:
            continue
        if back == replace(config, **{name: getattr(back, name) for name in FOR_TRAINING}):
            return family
    raise UserError(
        f"no family of model folders holds this combination of settings; known are {', '.join(FAMILIES)}: "
        "take the shape of one of them",
        f"没有一种模型文件夹的格式能存下这样的设置组合；已知的有 {'、'.join(FAMILIES)}：请采用其中一种的结构",
    )
