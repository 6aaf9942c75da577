"""Attention maps are what the model really uses: probabilities, causal, and equal to an independent computation."""

import torch

from zaohua.inspection.attention import attention_maps


def test_rows_sum_to_one_and_the_future_is_exactly_zero(loaded):
    ids = torch.randint(0, loaded.model.config.vocab_size, (100,), generator=torch.Generator().manual_seed(1))
    maps = attention_maps(loaded.model, ids)
    assert maps.shape == (loaded.model.config.layers, loaded.model.config.heads, 100, 100)
    assert torch.allclose(maps.sum(-1), torch.ones(()), atol=1e-5)
    assert (maps >= 0).all()
    assert not maps.triu(1).any()
    if loaded.model.config.local_window:
        assert maps[0, :, 99, : 100 - loaded.model.config.local_window].any()
        assert not maps[1].tril(-loaded.model.config.local_window).any()


def turned(heads, base):
    """Rotary positions as complex numbers: (heads, time, head_dim), halves paired."""
    first, second = heads.double().chunk(2, -1)
    frequency = base ** (-torch.arange(first.shape[-1], dtype=torch.float64) / first.shape[-1])
    angle = torch.arange(heads.shape[1])[:, None] * frequency
    together = torch.complex(first, second) * torch.polar(torch.ones_like(angle), angle)
    return torch.cat((together.real, together.imag), -1)


@torch.inference_mode()
def test_maps_of_the_first_layer_equal_the_softmax_of_its_scores(loaded):
    config, block, ids = loaded.model.config, loaded.model.stack.blocks[0], torch.arange(20) + 7
    hidden = block.attention_norm(loaded.model.embedding(ids[None], torch.arange(20)[None], None))
    query, key = (
        norm(part(hidden)[0].unflatten(1, (-1, config.head_dim)).transpose(0, 1))  # (heads, time, head_dim)
        for part, norm in (
            (block.attention.query, block.attention.query_norm),
            (block.attention.key, block.attention.key_norm),
        )
    )
    if config.position == "rotary":
        query, key = turned(query, config.rope_base), turned(key, config.rope_base)
    scores = torch.einsum("hqd,hkd->hqk", query.double(), key.double())
    scores = scores / config.head_dim**0.5 if config.scaled_attention else scores
    expected = scores.masked_fill(torch.ones(20, 20, dtype=torch.bool).triu(1), -torch.inf).softmax(-1)
    assert torch.allclose(attention_maps(loaded.model, ids)[0].double(), expected, atol=1e-5)


def test_looking_changes_nothing(loaded):
    ids = torch.arange(30)
    with torch.inference_mode():
        before = loaded.model(ids[None])
        attention_maps(loaded.model, ids)
        assert torch.equal(loaded.model(ids[None]), before)
