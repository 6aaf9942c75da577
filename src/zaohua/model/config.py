"""What a transformer is made of: one frozen description for every family."""

from dataclasses import dataclass, fields, replace
from typing import Literal, Self, get_args

from zaohua.settings import SettingError


@dataclass(frozen=True, kw_only=True)
class TransformerConfig:
    """Sizes given as 0 follow from the others and are filled in, so a finished config never holds that 0."""

    vocab_size: int
    max_length: int  # longest sequence, in tokens
    dim: int  # width of the residual stream
    layers: int  # blocks; the decoder's, in an encoder-decoder
    heads: int
    kv_heads: int = 0  # fewer than `heads` is grouped-query attention; 0: as many as `heads`
    head_dim: int = 0  # 0: dim / heads
    ffn_dim: int = 0  # width inside the MLP; 0: 4 * dim
    encoder_layers: int = 0  # above 0 makes an encoder-decoder

    attends: Literal["causal", "both_ways"] = "causal"
    local_window: int = 0  # every second layer sees only this many last tokens, its own included (GPT-3); 0: all
    scaled_attention: bool = True  # scores are divided by sqrt(head_dim); gpt_neo does not
    position: Literal["learned", "rotary"] = "learned"
    rope_base: float = 10_000.0
    norm: Literal["layer", "rms"] = "layer"
    norm_first: bool = True  # True: x + f(norm(x)) (GPT-2 on); False: norm(x + f(x)) (GPT-1, BERT)
    norm_eps: float = 1e-5
    mlp: Literal["gelu", "gelu_tanh", "relu", "swiglu"] = "gelu_tanh"
    qkv_bias: bool = True
    output_bias: bool = True  # bias of the attention's output projection
    mlp_bias: bool = True
    qk_norm: bool = False  # RMSNorm on each head's queries and keys (Qwen3)
    segments: int = 0  # sentence A/B embeddings (BERT)
    embedding_norm: bool = False  # norm right after the embedding sum (BERT, BART)
    tied_head: bool = True  # the output projection is the token embedding

    embedding_dropout: float = 0.0
    attention_dropout: float = 0.0
    residual_dropout: float = 0.0
    initializer: Literal["normal", "gpt2", "xavier"] = "normal"
    initial_std: float = 0.02

    def __post_init__(self) -> None:
        for name in ("vocab_size", "max_length", "dim", "layers", "heads"):
            if (value := getattr(self, name)) < 1:
                raise SettingError(f"{name} is {value}; it must be at least 1", f"{name} 的值为 {value}，不能小于 1")
        for name in ("kv_heads", "head_dim", "ffn_dim", "encoder_layers", "local_window", "segments"):
            if (value := getattr(self, name)) < 0:
                raise SettingError(f"{name} is {value}; it must not be negative", f"{name} 的值为 {value}，不能是负数")
        for field in fields(self):
            allowed = get_args(field.type)  # of a Literal; numbers and flags have none
            if allowed and (value := getattr(self, field.name)) not in allowed:
                raise SettingError(
                    f"{field.name} is {value!r}; it must be one of {', '.join(allowed)}",
                    f"{field.name} 的值为 {value!r}，必须是以下之一：{'、'.join(allowed)}",
                )
        for name in ("embedding_dropout", "attention_dropout", "residual_dropout"):
            if not 0.0 <= (value := getattr(self, name)) < 1.0:
                raise SettingError(
                    f"{name} is {value}; it must be at least 0 and below 1",
                    f"{name} 的值为 {value}，不能小于 0，且必须小于 1",
                )
        for name in ("rope_base", "norm_eps", "initial_std"):
            if not 0.0 < (value := getattr(self, name)) < float("inf"):
                raise SettingError(
                    f"{name} is {value}; it must be a positive number", f"{name} 的值为 {value}，必须是正数"
                )
        if not self.head_dim and self.dim % self.heads:
            raise SettingError(
                f"dim ({self.dim}) is not a multiple of heads ({self.heads})",
                f"dim（{self.dim}）不是 heads（{self.heads}）的整数倍",
            )
        for name, value in (("kv_heads", self.heads), ("head_dim", self.dim // self.heads), ("ffn_dim", 4 * self.dim)):
            if not getattr(self, name):
                object.__setattr__(self, name, value)
        if self.heads % self.kv_heads:
            raise SettingError(
                f"heads ({self.heads}) is not a multiple of kv_heads ({self.kv_heads})",
                f"heads（{self.heads}）不是 kv_heads（{self.kv_heads}）的整数倍",
            )
        if self.position == "rotary" and self.head_dim % 2:
            raise SettingError(
                f"head_dim ({self.head_dim}) is odd; rotary positions turn pairs",
                f"head_dim（{self.head_dim}）是奇数，而旋转位置编码要成对地转动",
            )
        if self.local_window and self.attends != "causal":
            raise SettingError("local_window is for causal attention only", "local_window 只用于因果注意力")

    def with_dropout(self, rate: float) -> Self:
        """The same model with this rate at the embeddings, in the attention and on every residual branch."""
        return replace(self, embedding_dropout=rate, attention_dropout=rate, residual_dropout=rate)

    def window(self, layer: int) -> int:
        """How many last tokens this layer sees; 0: all. Layers 0, 2, 4 … are dense (GPT-3, section 2.1)."""
        return self.local_window if layer % 2 else 0
