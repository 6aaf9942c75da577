"""The lineage's models have the parameter counts that were measured or printed."""

import math

import pytest
import torch
from torch.nn import functional as F

from zaohua.checkpoint.families import family_of
from zaohua.model.initialization import new_model
from zaohua.model.presets import PRESETS, shape
from zaohua.model.size import parameter_count

EXACT = {
    "gpt1": 116_534_784,
    "gpt2": 124_439_808,
    "gpt2-medium": 354_823_168,
    "gpt2-large": 774_030_080,
    "gpt2-xl": 1_557_611_200,
    "smollm2-135m": 134_515_008,
    "smollm2-360m": 361_821_120,
    "tinyllama-1.1b": 1_100_048_384,
    "llama2-7b": 6_738_415_616,
    "qwen3-0.6b": 596_049_920,
    "qwen3-1.7b": 1_720_574_976,
    "qwen3-4b": 4_022_468_096,
    "qwen3-8b": 8_190_735_360,
}
PRINTED = {  # Brown et al. 2020, table 2.1, in millions
    "gpt3-small": 125,
    "gpt3-medium": 350,
    "gpt3-large": 760,
    "gpt3-xl": 1_300,
    "gpt3-2.7b": 2_700,
    "gpt3-6.7b": 6_700,
    "gpt3-13b": 13_000,
    "gpt3-175b": 175_000,
}
MODERN = {  # layers, dim, kv heads, width of the MLP, vocabulary, and all parameters
    "modern-10m": (6, 320, 5, 864, 8192, 10_060_608),
    "modern-50m": (8, 640, 10, 1728, 16_384, 50_146_944),
    "modern-124m": (14, 768, 12, 2048, 32_768, 124_280_320),
    "modern-350m": (24, 1024, 16, 2752, 49_152, 353_947_648),
    "modern-1b": (20, 2048, 8, 5472, 65_536, 1_016_418_816),
}
SHAPES = ("openai-gpt", "gpt2", "gpt_neo", "llama", "qwen3")


@pytest.mark.parametrize("name", EXACT)
def test_parameters_are_exactly_the_reference_s(name):
    assert parameter_count(PRESETS[name]) == EXACT[name]


@pytest.mark.parametrize("name", PRINTED)
def test_parameters_are_the_printed_ones_of_gpt3(name):
    assert parameter_count(PRESETS[name]) == pytest.approx(PRINTED[name] * 1e6, rel=0.02)


@pytest.mark.parametrize("name", MODERN)
def test_a_modern_preset_has_the_parameters_that_its_form_says_and_its_name_promises(name):
    layers, dim, kv_heads, ffn_dim, vocab_size, all_of_them = MODERN[name]
    config = PRESETS[name]
    assert (config.kv_heads, config.ffn_dim) == (kv_heads, ffn_dim)
    attention = 2 * dim * dim + 2 * dim * 64 * kv_heads + 2 * 64  # and a scale for queries and one for keys
    expected = vocab_size * dim + layers * (attention + 3 * dim * ffn_dim + 2 * dim) + dim
    assert parameter_count(config) == expected == all_of_them
    size = name.removeprefix("modern-")
    promised = float(size[:-1]) * {"m": 1e6, "b": 1e9}[size[-1]]
    assert expected == pytest.approx(promised, rel=0.02)


@pytest.mark.parametrize("name", MODERN)
def test_a_modern_preset_is_written_as_qwen3(name):
    written = family_of(PRESETS[name]).write(PRESETS[name])
    assert written["model_type"] == "qwen3"
    assert PRESETS[name].qk_norm


def test_every_preset_is_checked():
    assert set(PRESETS) == set(EXACT) | set(PRINTED) | set(MODERN)


@pytest.mark.parametrize("family", SHAPES)
@pytest.mark.parametrize("dim", [16, 96, 128, 192, 320, 512])
def test_shapes_of_any_size_are_possible(family, dim):
    config = shape(family, dim=dim, layers=2, vocab_size=300, max_length=64)
    assert config.heads * config.head_dim == dim
    assert config.heads >= 4
    assert (
        abs(
            parameter_count(config) / parameter_count(shape("gpt2", dim=dim, layers=2, vocab_size=300, max_length=64))
            - 1
        )
        < 0.5
    )


def test_an_unknown_family_is_named():
    with pytest.raises(ValueError, match="unknown family 'gpt5'; it must be one of openai-gpt, gpt2"):
        shape("gpt5", dim=16, layers=1, vocab_size=10, max_length=8)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("family", SHAPES)
def test_the_first_loss_is_near_that_of_guessing(family):
    config = shape(family, dim=64, layers=4, vocab_size=1000, max_length=64)
    model = new_model(config, generator=torch.Generator().manual_seed(0)).eval()
    ids = torch.randint(0, 1000, (4, 64), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        loss = F.cross_entropy(model.logits(model(ids))[:, :-1].flatten(0, 1), ids[:, 1:].flatten())
    assert float(loss) == pytest.approx(math.log(1000), abs=0.1)
