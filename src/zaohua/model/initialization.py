"""First weights: each family's as its reference draws them."""

import torch
from torch import Tensor, nn

from zaohua.model.attention import Attention
from zaohua.model.config import TransformerConfig
from zaohua.model.norm import RMSNorm
from zaohua.model.transformer import MLP, InputEmbedding, Transformer


def new_model(config: TransformerConfig, *, generator: torch.Generator) -> Transformer:
    """A float32 model with fresh weights on the generator's device; the same generator state gives the same weights."""
    with torch.device("meta"):
        model = Transformer(config)
    empty = {
        name: torch.empty(parameter.shape, device=generator.device, dtype=torch.float32)
        for name, parameter in model.named_parameters()
    }
    model.load_state_dict(empty, assign=True)
    return initialize(model, generator)


@torch.no_grad()
def initialize(model: Transformer, generator: torch.Generator) -> Transformer:
    """Draw every weight anew, in place, and return the model. `Transformer(config)` alone has torch's own weights.

    `normal` draws N(0, initial_std) (GPT-1, section 4.1; Llama; Qwen3). `gpt2` also divides what ends a residual branch
    by sqrt(2 * layers) and halves the positions' deviation (Radford et al. 2019, section 2.3, and its released code).
    `xavier` draws every matrix after Glorot and Bengio (2010). Biases are 0 and norms 1.
    """
    config = model.config
    branches = 2 * config.layers + config.encoder_layers * 2
    ends = {module.output for module in model.modules() if isinstance(module, Attention)}
    ends |= {module.down for module in model.modules() if isinstance(module, MLP)}
    queries = {module.query for module in model.modules() if isinstance(module, Attention)}
    positions = {module.position for module in model.modules() if isinstance(module, InputEmbedding)}
    for module in model.modules():
        if isinstance(module, nn.LayerNorm | RMSNorm):
            nn.init.ones_(module.weight)
        elif isinstance(module, nn.Linear | nn.Embedding):
            std = config.initial_std
            if config.initializer == "gpt2" and module in ends:
                std /= branches**0.5
            if config.initializer == "gpt2" and module in positions:
                std /= 2
            if not config.scaled_attention and module in queries:
                std *= config.head_dim**-0.5  # scores begin as they would with the scale: only its place differs
            _draw(module.weight, config, std, generator)
        bias = getattr(module, "bias", None)
        if isinstance(bias, Tensor):
            nn.init.zeros_(bias)
    return model


def _draw(weight: Tensor, config: TransformerConfig, std: float, generator: torch.Generator) -> None:
    if config.initializer == "xavier":
        nn.init.xavier_normal_(weight, generator=generator)
    else:
        nn.init.normal_(weight, std=std, generator=generator)
