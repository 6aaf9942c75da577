"""Going on from the cache gives what the whole forward pass gives, wherever each row stands."""

import pytest
import torch
from models import KINDS, random_ids, tiny

from zaohua.model.cache import KeyValueCache

CLOSE = {"rtol": 1e-5, "atol": 1e-5}


@pytest.fixture(params=KINDS)
def model(request):
    return tiny(request.param)


def next_of(ids, places):
    return torch.stack([ids[row, place] for row, place in enumerate(places)])[:, None]


@torch.no_grad()
def test_prompts_of_different_length_go_on_together(model):
    ids, starts = random_ids(3, 40), [4, 30, 1]
    full = model(ids)
    cache = KeyValueCache(model.config, 3, 40)
    padding = torch.arange(30) < torch.tensor(starts)[:, None]
    hidden = model(ids[:, :30], padding=padding, cache=cache)
    torch.testing.assert_close(hidden[padding], full[:, :30][padding], **CLOSE)
    for step in range(9):
        places = [start + step for start in starts]
        hidden = model(next_of(ids, places), cache=cache)
        expected = torch.stack([full[row, place] for row, place in enumerate(places)])
        torch.testing.assert_close(hidden[:, 0], expected, **CLOSE)
    assert cache.lengths.tolist() == [13, 39, 10]
    assert cache.longest == 39


@torch.no_grad()
def test_rows_leave_and_the_others_go_on(model):
    ids, starts = random_ids(4, 40), [4, 20, 9, 12]
    full = model(ids)
    cache = KeyValueCache(model.config, 4, 30)
    padding = torch.arange(20) < torch.tensor(starts)[:, None]
    model(ids[:, :20], padding=padding, cache=cache)
    cache.keep([3, 2], 12)
    for step in range(3):
        hidden = model(torch.stack([ids[3, 12 + step], ids[2, 9 + step]])[:, None], cache=cache)
        torch.testing.assert_close(hidden[:, 0], torch.stack([full[3, 12 + step], full[2, 9 + step]]), **CLOSE)
    assert cache.longest == 15


@torch.no_grad()
def test_several_tokens_may_follow_at_once(model):
    ids = random_ids(2, 30)
    cache = KeyValueCache(model.config, 2, 30)
    pieces = [model(part, cache=cache) for part in ids.split((7, 13, 10), dim=1)]
    torch.testing.assert_close(torch.cat(pieces, dim=1), model(ids), **CLOSE)


def test_what_does_not_fit_is_refused():
    model = tiny("gpt2", max_length=16)
    with pytest.raises(ValueError, match="a cache of 17 tokens is longer than the model's max_length 16"):
        KeyValueCache(model.config, 1, 17)
    cache = KeyValueCache(model.config, 1, 8)
    with pytest.raises(ValueError, match="the cache has room for 8 tokens a row, not for 9"):
        model(random_ids(1, 9), cache=cache)
    with pytest.raises(ValueError, match="positions and documents are the cache's own"):
        model(random_ids(1, 2), cache=cache, positions=torch.zeros(1, 2, dtype=torch.long))
