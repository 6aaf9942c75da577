"""transformers' models as an oracle: tiny, with every parameter random."""

from types import ModuleType

import torch

VOCAB, LENGTH, DIM, LAYERS, HEADS, WIDE = 97, 64, 48, 3, 4, 80
MODELS = ("openai-gpt", "gpt2", "gpt_neo", "llama", "llama-grouped", "qwen3")


def build(hf: ModuleType, name: str):
    modern = {
        "vocab_size": VOCAB,
        "hidden_size": DIM,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "intermediate_size": WIDE,
        "max_position_embeddings": LENGTH,
    }
    old = {"vocab_size": VOCAB, "n_positions": LENGTH, "n_embd": DIM, "n_layer": LAYERS, "n_head": HEADS}
    ends = {"bos_token_id": None, "eos_token_id": None}
    match name:
        case "openai-gpt":
            return hf.OpenAIGPTLMHeadModel(hf.OpenAIGPTConfig(**old)).eval()
        case "gpt2":
            return hf.GPT2LMHeadModel(hf.GPT2Config(**old, n_inner=WIDE, **ends)).eval()
        case "gpt_neo":
            return hf.GPTNeoForCausalLM(
                hf.GPTNeoConfig(
                    vocab_size=VOCAB,
                    max_position_embeddings=LENGTH,
                    hidden_size=DIM,
                    num_layers=LAYERS,
                    num_heads=HEADS,
                    attention_types=[[["global", "local"], 1], [["global"], 1]],
                    window_size=7,
                    **ends,
                )
            ).eval()
        case "llama":
            return hf.LlamaForCausalLM(hf.LlamaConfig(**modern, **ends, attention_bias=True, mlp_bias=True)).eval()
        case "llama-grouped":
            rope = {"rope_type": "default", "rope_theta": 5e5}
            config = hf.LlamaConfig(
                **modern, **ends, num_key_value_heads=2, tie_word_embeddings=True, rope_parameters=rope
            )
            return hf.LlamaForCausalLM(config).eval()
        case "qwen3":
            return hf.Qwen3ForCausalLM(hf.Qwen3Config(**modern, **ends, num_key_value_heads=2, head_dim=16)).eval()
    raise AssertionError(name)


@torch.no_grad()
def randomised(model, scale: float = 0.25):
    """Fresh models have zero biases and unit norms, which would hide a mix-up."""
    generator = torch.Generator().manual_seed(7)
    for name, parameter in model.named_parameters():
        parameter.normal_(std=scale, generator=generator)
        if parameter.dim() == 1 and name.endswith("weight"):
            parameter.add_(1.0)
    return model


def worst(got: torch.Tensor, expected: torch.Tensor) -> float:
    """Largest difference, in units of the largest expected value where that is above 1."""
    got, expected = got.detach(), expected.detach()
    return float((got - expected).abs().max() / expected.abs().max().clamp(min=1.0))
