"""Named models of the lineage, and shapes of any size for the planner."""

from dataclasses import replace
from typing import Any, Literal

from zaohua.model.config import TransformerConfig

Family = Literal["openai-gpt", "gpt2", "gpt_neo", "llama", "qwen3"]
GPT3: dict[str, Any] = {
    "local_window": 256,
    "scaled_attention": False,
    "qkv_bias": False,
    "initializer": "gpt2",
}
"""Dense and local layers in turn (Brown et al. 2020, section 2.1); window and details as gpt_neo has them."""


def _gpt2(layers: int, dim: int, heads: int) -> TransformerConfig:
    return TransformerConfig(
        vocab_size=50_257, max_length=1024, dim=dim, layers=layers, heads=heads, initializer="gpt2"
    ).with_dropout(0.1)


def _gpt3(layers: int, dim: int, heads: int) -> TransformerConfig:
    return TransformerConfig(vocab_size=50_257, max_length=2048, dim=dim, layers=layers, heads=heads, **GPT3)


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
}


def shape(family: Family, *, dim: int, layers: int, vocab_size: int, max_length: int) -> TransformerConfig:
    """This family's model at this size. Heads are 64 wide, or narrower until they divide `dim` into four or more."""
    head_dim = next((width for width in (64, 48, 32, 24, 16, 8, 4, 2) if dim % width == 0 and 4 * width <= dim), dim)
    base = TransformerConfig(
        dim=dim, layers=layers, heads=dim // head_dim, vocab_size=vocab_size, max_length=max_length
    )
    modern = replace(
        base,
        ffn_dim=-(-8 * dim // 96) * 32,  # two thirds of 4 * dim: as many weights as a plain MLP (Shazeer 2020)
        position="rotary",
        norm="rms",
        mlp="swiglu",
        qkv_bias=False,
        output_bias=False,
        mlp_bias=False,
    )
    shapes = {
        "openai-gpt": replace(base, norm_first=False),
        "gpt2": replace(base, initializer="gpt2"),
        "gpt_neo": replace(base, **GPT3),
        "llama": modern,
        "qwen3": replace(modern, norm_eps=1e-6, qk_norm=True),
    }
    if family not in shapes:
        raise ValueError(f"unknown family {family!r}; it must be one of {', '.join(shapes)}")
    return shapes[family]
