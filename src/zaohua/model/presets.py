"""Named models: the lineage's and modern ones; and shapes of any size for the planner."""

from dataclasses import replace
from typing import Any, Literal

from zaohua.model.config import TransformerConfig
from zaohua.settings import SettingError

Family = Literal["openai-gpt", "gpt2", "gpt_neo", "llama", "qwen3"]
GPT3: dict[str, Any] = {
    "local_window": 256,
    "scaled_attention": False,
    "qkv_bias": False,
    "initializer": "gpt2",
}
"""Dense and local layers in turn (Brown et al. 2020, section 2.1); window and details as gpt_neo has them."""
MODERN: dict[str, Any] = {
    "position": "rotary",
    "norm": "rms",
    "mlp": "swiglu",
    "qkv_bias": False,
    "output_bias": False,
    "mlp_bias": False,
}
"""What Llama (Touvron et al. 2023) and those after it changed."""
QWEN3: dict[str, Any] = MODERN | {"norm_eps": 1e-6, "qk_norm": True}


def _gpt2(layers: int, dim: int, heads: int) -> TransformerConfig:
    return TransformerConfig(
        vocab_size=50_257, max_length=1024, dim=dim, layers=layers, heads=heads, initializer="gpt2"
    ).with_dropout(0.1)


def _gpt3(layers: int, dim: int, heads: int) -> TransformerConfig:
    return TransformerConfig(vocab_size=50_257, max_length=2048, dim=dim, layers=layers, heads=heads, **GPT3)


def _llama(layers: int, dim: int, heads: int, kv_heads: int, ffn_dim: int, **details: Any) -> TransformerConfig:
    sizes = {"layers": layers, "dim": dim, "heads": heads, "kv_heads": kv_heads, "ffn_dim": ffn_dim}
    return TransformerConfig(**sizes, **MODERN, **details)


def _qwen3(layers: int, dim: int, heads: int, ffn_dim: int, *, tied_head: bool = True) -> TransformerConfig:
    sizes = {"layers": layers, "dim": dim, "heads": heads, "kv_heads": 8, "head_dim": 128, "ffn_dim": ffn_dim}
    return TransformerConfig(
        vocab_size=151_936, max_length=40_960, rope_base=1e6, tied_head=tied_head, **sizes, **QWEN3
    )


PRESETS: dict[str, TransformerConfig] = {
    "gpt1": TransformerConfig(  # Radford et al. 2018, section 4.1
        vocab_size=40_478, max_length=512, dim=768, layers=12, heads=12, norm_first=False
    ).with_dropout(0.1),
    "gpt2": _gpt2(12, 768, 12),  # Radford et al. 2019, table 2
    "gpt2-medium": _gpt2(24, 1024, 16),
    "gpt2-large": _gpt2(36, 1280, 20),
    "gpt2-xl": _gpt2(48, 1600, 25),
    "gpt3-small": _gpt3(12, 768, 12),  # Brown et al. 2020, table 2.1
    "gpt3-medium": _gpt3(24, 1024, 16),
    "gpt3-large": _gpt3(24, 1536, 16),
    "gpt3-xl": _gpt3(24, 2048, 16),  # printed as 24 heads of 128, which is not 2048 wide
    "gpt3-2.7b": _gpt3(32, 2560, 32),
    "gpt3-6.7b": _gpt3(32, 4096, 32),
    "gpt3-13b": _gpt3(40, 5120, 40),  # printed as 5140, which 40 heads do not divide
    "gpt3-175b": _gpt3(96, 12_288, 96),
    "smollm2-135m": _llama(30, 576, 9, 3, 1536, vocab_size=49_152, max_length=8192, rope_base=1e5),
    "smollm2-360m": _llama(32, 960, 15, 5, 2560, vocab_size=49_152, max_length=8192, rope_base=1e5),
    "tinyllama-1.1b": _llama(22, 2048, 32, 4, 5632, vocab_size=32_000, max_length=2048, tied_head=False),
    "llama2-7b": _llama(32, 4096, 32, 32, 11_008, vocab_size=32_000, max_length=4096, tied_head=False),
    "qwen3-0.6b": _qwen3(28, 1024, 16, 3072),  # Qwen team 2025, table 1
    "qwen3-1.7b": _qwen3(28, 2048, 16, 6144),
    "qwen3-4b": _qwen3(36, 2560, 32, 9728),
    "qwen3-8b": _qwen3(36, 4096, 32, 12_288, tied_head=False),
}


def shape(family: Family, *, dim: int, layers: int, vocab_size: int, max_length: int) -> TransformerConfig:
    """This family's model at this size. Heads are 64 wide, or narrower until they divide `dim` into four or more."""
    head_dim = next((width for width in (64, 48, 32, 24, 16, 8, 4, 2) if dim % width == 0 and 4 * width <= dim), dim)
    base = TransformerConfig(
        dim=dim, layers=layers, heads=dim // head_dim, vocab_size=vocab_size, max_length=max_length
    )
    ffn_dim = -(-8 * dim // 96) * 32  # two thirds of 4 * dim: as many weights as a plain MLP (Shazeer 2020)
    shapes = {
        "openai-gpt": replace(base, norm_first=False),
        "gpt2": replace(base, initializer="gpt2"),
        "gpt_neo": replace(base, **GPT3),
        "llama": replace(base, ffn_dim=ffn_dim, **MODERN),
        "qwen3": replace(base, ffn_dim=ffn_dim, **QWEN3),
    }
    if family not in shapes:
        raise SettingError(
            f"unknown family {family!r}; it must be one of {', '.join(shapes)}",
            f"没有模型系列 {family!r}，必须是以下之一：{'、'.join(shapes)}",
        )
    return shapes[family]


def _modern(layers: int, dim: int, *, vocab_size: int, kv_heads: int = 0) -> TransformerConfig:
    plain = shape("qwen3", dim=dim, layers=layers, vocab_size=vocab_size, max_length=2048)
    return replace(plain, kv_heads=kv_heads or plain.heads)


PRESETS |= {  # named by all of their parameters; the vocabulary grows with the model
    "modern-10m": _modern(6, 320, vocab_size=8192),
    "modern-50m": _modern(8, 640, vocab_size=16_384),
    "modern-124m": _modern(14, 768, vocab_size=32_768),
    "modern-350m": _modern(24, 1024, vocab_size=49_152),
    "modern-1b": _modern(20, 2048, vocab_size=65_536, kv_heads=8),
}
"""What is trained today at the sizes of the classical ones: qwen3's form, with heads that are 64 wide."""
