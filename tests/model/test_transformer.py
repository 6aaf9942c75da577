"""What a forward pass promises: who sees whom, what leaves outputs as they are, and that a seed repeats it."""

import pytest
import torch
from models import KINDS, random_ids, tiny
from torch.nn import functional as F

from zaohua.model.attention import attend, record_attention
from zaohua.model.config import TransformerConfig
from zaohua.model.transformer import Transformer

CLOSE = {"rtol": 1e-5, "atol": 1e-5}


@pytest.fixture(params=KINDS)
def model(request):
    return tiny(request.param)


@pytest.mark.parametrize("time", [40, 300])  # within one block of query rows, and over several
@torch.no_grad()
def test_a_changed_token_leaves_every_logit_before_it_bit_equal(model, time):
    ids = random_ids(2, time)
    before = model.logits(model(ids))
    for changed in (1, time // 2, time - 1):
        other = ids.clone()
        other[:, changed] = (other[:, changed] + 1) % 61
        after = model.logits(model(other))
        assert torch.equal(before[:, :changed], after[:, :changed])
        assert not torch.equal(before[:, changed], after[:, changed])


@torch.no_grad()
def test_packed_documents_give_what_each_gives_alone(model):
    lengths = (70, 1, 100, 9)  # a document crosses the border of two blocks
    parts = [random_ids(1, length, seed) for seed, length in enumerate(lengths)]
    documents = torch.cat([torch.full((1, length), number) for number, length in enumerate(lengths)], dim=1)
    positions = torch.cat([torch.arange(length)[None] for length in lengths], dim=1)
    packed = model(torch.cat(parts, dim=1), documents=documents, positions=positions)
    torch.testing.assert_close(packed, torch.cat([model(part) for part in parts], dim=1), **CLOSE)


@torch.no_grad()
def test_a_changed_document_leaves_the_others_bit_equal(model):
    ids, documents = random_ids(1, 30), (torch.arange(30) // 10)[None]
    other = ids.clone()
    other[:, 3] = (other[:, 3] + 1) % 61
    before, after = model(ids, documents=documents), model(other, documents=documents)
    assert torch.equal(before[:, 10:], after[:, 10:])
    assert not torch.equal(before[:, 3:10], after[:, 3:10])


@torch.no_grad()
def test_a_row_scores_the_same_alone_or_padded_on_either_side(model):
    ids = random_ids(1, 20)
    alone = model(ids)
    right = model(F.pad(ids, (0, 7)), padding=F.pad(torch.ones(1, 20, dtype=torch.bool), (0, 7)))
    torch.testing.assert_close(right[:, :20], alone, **CLOSE)
    positions = torch.cat((torch.zeros(7, dtype=torch.long), torch.arange(20)))[None]
    left = model(F.pad(ids, (7, 0)), padding=F.pad(torch.ones(1, 20, dtype=torch.bool), (7, 0)), positions=positions)
    torch.testing.assert_close(left[:, 7:], alone, **CLOSE)
    assert bool(torch.isfinite(left).all()), "rows in which nothing may be attended stay finite"


@torch.no_grad()
def test_recording_changes_nothing_and_every_row_sums_to_one(model):
    ids = random_ids(2, 150)
    plain = model(ids)
    with record_attention(model) as maps:
        recorded = model(ids)
    assert torch.equal(recorded, plain)
    assert len(maps) == 3
    for layer, weights in enumerate(maps):
        assert weights.shape == (2, model.config.heads, 150, 150)
        torch.testing.assert_close(weights.sum(-1), torch.ones(2, model.config.heads, 150))
        assert float(weights.triu(1).abs().max()) == 0.0
        window = model.config.window(layer)
        if window:
            assert float(weights.tril(-window).abs().max()) == 0.0
    model(ids)
    assert len(maps) == 3, "nothing is recorded outside"


def test_dropout_is_repeated_by_a_seed_and_off_in_evaluation():
    model, ids = tiny("gpt2").train(), random_ids(2, 20)
    model = Transformer(model.config.with_dropout(0.3)).train()

    def run(seed):
        torch.manual_seed(seed)
        return model(ids)

    assert torch.equal(run(1), run(1))
    assert not torch.equal(run(1), run(2))
    model.eval()
    assert torch.equal(run(1), run(2))


@pytest.mark.parametrize("place", ["embedding_dropout", "attention_dropout", "residual_dropout"])
def test_each_dropout_has_an_effect(place):
    model = tiny("gpt2", **{place: 0.5})
    ids = random_ids(1, 20)
    torch.manual_seed(0)
    assert not torch.equal(model.train()(ids), model.eval()(ids))


@pytest.mark.parametrize("kv_heads", [4, 2, 1])
@pytest.mark.parametrize("window", [0, 70])
def test_blocks_equal_attention_spelled_out(kv_heads, window):
    generator = torch.Generator().manual_seed(0)
    query = torch.randn(2, 4, 200, 8, generator=generator, requires_grad=True)
    key, value = (torch.randn(2, kv_heads, 200, 8, generator=generator, requires_grad=True) for _ in range(2))
    distance = torch.arange(200)[:, None] - torch.arange(200)
    mask = (distance >= 0) & (distance < (window or 200))
    repeated = [tensor.repeat_interleave(4 // kv_heads, dim=1) for tensor in (key, value)]
    weights = (query @ repeated[0].mT * 0.3).masked_fill(~mask, float("-inf")).softmax(-1)
    expected = (weights @ repeated[1]).transpose(1, 2).flatten(2)
    got = attend(query, key, value, scale=0.3, causal=True, window=window)
    torch.testing.assert_close(got, expected, **CLOSE)
    inputs = (query, key, value)
    gradients = [torch.autograd.grad(mixed.square().sum(), inputs) for mixed in (got, expected)]
    torch.testing.assert_close(*gradients, **CLOSE)


@torch.no_grad()
def test_bfloat16_autocast_is_near_float32(model):
    ids = random_ids(2, 40)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        lower = model(ids)
    exact = model(ids)
    assert lower.dtype == torch.float32, "the stream of residuals and the norms stay in float32"
    assert float((lower - exact).abs().max() / exact.abs().max()) < 0.05


def test_shapes_are_the_promised_ones(model):
    hidden = model(random_ids(2, 9))
    assert hidden.shape == (2, 9, 32)
    assert model.logits(hidden).shape == (2, 9, 61)
    assert model.logits(hidden[0, -1]).shape == (61,)
    assert model.head_weight.shape == (61, 32)


@torch.no_grad()
def test_both_ways_sees_the_future_but_no_padding():
    sizes = {"vocab_size": 61, "max_length": 32, "dim": 32, "layers": 2, "heads": 4}
    torch.manual_seed(0)
    model = Transformer(TransformerConfig(**sizes, attends="both_ways", segments=2)).eval()
    ids = random_ids(1, 12)
    other = ids.clone()
    other[:, -1] = (other[:, -1] + 1) % 61
    assert not torch.equal(model(ids)[:, 0], model(other)[:, 0])
    padding = (torch.arange(12) < 11)[None]
    torch.testing.assert_close(model(ids, padding=padding)[:, :11], model(ids[:, :11]), **CLOSE)
    assert not torch.equal(model(ids), model(ids, segments=torch.ones_like(ids)))


@torch.no_grad()
def test_cross_attention_sees_the_real_source():
    sizes = {"vocab_size": 61, "max_length": 32, "dim": 32, "layers": 2, "heads": 4}
    torch.manual_seed(0)
    model = Transformer(TransformerConfig(**sizes, encoder_layers=2)).eval()
    source, target = random_ids(1, 10), random_ids(1, 6, seed=1)
    padding = (torch.arange(10) < 7)[None]
    padded = model(target, memory=model.encode(source, padding), memory_padding=padding)
    torch.testing.assert_close(padded, model(target, memory=model.encode(source[:, :7])), **CLOSE)
    with pytest.raises(ValueError, match="this model has no encoder"):
        tiny("gpt2").encode(source)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # the compiler's own imports warn
@pytest.mark.parametrize("kind", ["gpt_neo", "qwen3"])
def test_the_whole_pass_compiles_without_a_break(kind):
    model, ids = tiny(kind), random_ids(2, 150)
    documents = (torch.arange(150) // 40).expand(2, 150)

    def loss(ids, documents):
        return model.logits(model(ids, documents=documents)).square().sum()

    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
    weights = list(model.parameters())
    expected, got = (torch.autograd.grad(run(ids, documents), weights) for run in (loss, compiled))
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-4)
