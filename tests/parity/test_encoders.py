"""The same core is BERT's encoder and BART's encoder-decoder."""

import torch
from oracle import DIM, HEADS, LENGTH, VOCAB, WIDE, randomised, worst

from zaohua.model.config import TransformerConfig
from zaohua.model.transformer import Transformer

SIZES = {"vocab_size": VOCAB, "max_length": LENGTH, "dim": DIM, "heads": HEADS, "ffn_dim": WIDE}
BERT = {
    "attention.self.query": "attention.query",
    "attention.self.key": "attention.key",
    "attention.self.value": "attention.value",
    "attention.output.dense": "attention.output",
    "attention.output.LayerNorm": "attention_norm",
    "intermediate.dense": "mlp.up",
    "output.dense": "mlp.down",
    "output.LayerNorm": "mlp_norm",
}
BART = {
    "self_attn.q_proj": "attention.query",
    "self_attn.k_proj": "attention.key",
    "self_attn.v_proj": "attention.value",
    "self_attn.out_proj": "attention.output",
    "self_attn_layer_norm": "attention_norm",
    "encoder_attn.q_proj": "cross.query",
    "encoder_attn.k_proj": "cross.key",
    "encoder_attn.v_proj": "cross.value",
    "encoder_attn.out_proj": "cross.output",
    "encoder_attn_layer_norm": "cross_norm",
    "fc1": "mlp.up",
    "fc2": "mlp.down",
    "final_layer_norm": "mlp_norm",
}


def layers(state, theirs, ours, names):
    """The weights of a stack of layers under our names."""
    found = {}
    for name, tensor in state.items():
        if name.startswith(theirs):
            layer, _, rest = name.removeprefix(theirs).partition(".")
            stem, _, leaf = rest.rpartition(".")
            found[f"{ours}.blocks.{layer}.{names[stem]}.{leaf}"] = tensor
    return found


def named(ours, theirs, state):
    return {f"{ours}.{leaf}": state[f"{theirs}.{leaf}"] for leaf in ("weight", "bias")}


@torch.no_grad()
def test_bert_s_hidden_states(transformers):
    config = transformers.BertConfig(
        vocab_size=VOCAB,
        max_position_embeddings=LENGTH,
        hidden_size=DIM,
        num_hidden_layers=3,
        num_attention_heads=HEADS,
        intermediate_size=WIDE,
    )
    theirs = randomised(transformers.BertModel(config, add_pooling_layer=False).eval())
    state = theirs.state_dict()
    model = Transformer(
        TransformerConfig(
            **SIZES,
            layers=3,
            attends="both_ways",
            norm_first=False,
            norm_eps=1e-12,
            mlp="gelu",
            segments=2,
            embedding_norm=True,
        )
    ).eval()
    model.load_state_dict(
        {
            "embedding.token.weight": state["embeddings.word_embeddings.weight"],
            "embedding.position.weight": state["embeddings.position_embeddings.weight"],
            "embedding.segment.weight": state["embeddings.token_type_embeddings.weight"],
            **named("embedding.norm", "embeddings.LayerNorm", state),
            **layers(state, "encoder.layer.", "stack", BERT),
        }
    )
    generator = torch.Generator().manual_seed(0)
    ids, segments = (torch.randint(0, high, (2, 20), generator=generator) for high in (VOCAB, 2))
    padding = torch.arange(20) < torch.tensor([[20], [13]])
    expected = theirs(input_ids=ids, token_type_ids=segments, attention_mask=padding.long()).last_hidden_state
    got = model(ids, segments=segments, padding=padding)
    assert worst(got[padding], expected[padding]) <= 1e-5


@torch.no_grad()
def test_bart_s_hidden_states(transformers):
    config = transformers.BartConfig(
        vocab_size=VOCAB,
        max_position_embeddings=LENGTH,
        d_model=DIM,
        encoder_layers=2,
        decoder_layers=3,
        encoder_attention_heads=HEADS,
        decoder_attention_heads=HEADS,
        encoder_ffn_dim=WIDE,
        decoder_ffn_dim=WIDE,
        activation_function="gelu",
        pad_token_id=1,
        forced_eos_token_id=None,
    )
    theirs = randomised(transformers.BartModel(config).eval())
    # One embedding serves both sides of ours; BART has positions and a norm for each.
    theirs.decoder.embed_positions.load_state_dict(theirs.encoder.embed_positions.state_dict())
    theirs.decoder.layernorm_embedding.load_state_dict(theirs.encoder.layernorm_embedding.state_dict())
    state = theirs.state_dict()
    model = Transformer(
        TransformerConfig(**SIZES, layers=3, encoder_layers=2, norm_first=False, mlp="gelu", embedding_norm=True)
    ).eval()
    model.load_state_dict(
        {
            "embedding.token.weight": state["shared.weight"],
            "embedding.position.weight": state["encoder.embed_positions.weight"][2:],
            **named("embedding.norm", "encoder.layernorm_embedding", state),
            **layers(state, "encoder.layers.", "encoder", BART),
            **layers(state, "decoder.layers.", "stack", BART),
        }
    )
    generator = torch.Generator().manual_seed(0)
    source, target = (torch.randint(2, VOCAB, (2, time), generator=generator) for time in (9, 15))
    padding = torch.arange(9) < torch.tensor([[9], [5]])
    expected = theirs(input_ids=source, attention_mask=padding.long(), decoder_input_ids=target).last_hidden_state
    got = model(target, memory=model.encode(source, padding), memory_padding=padding)
    assert worst(got, expected) <= 1e-5
