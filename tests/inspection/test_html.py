"""The inspection page holds the exact numbers, loads nothing and runs no text."""

import base64
import hashlib
import json
import re
import zlib

import numpy as np
import pytest
import torch

from zaohua.checkpoint.model_folder import LoadedModel
from zaohua.inspection.attention import attention_maps
from zaohua.inspection.html import inspect, pack_maps, readable
from zaohua.settings import UserError

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>{{data}}<!--\u2028'\""


def page_of(loaded, text, tmp_path, **settings):
    inspect(loaded, text, tmp_path / "page.html", name="small", **settings)
    return (tmp_path / "page.html").read_text(encoding="utf-8")


def data_of(page):
    found = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert len(found) == 1
    return json.loads(found[0])


def unpack(attention):
    layers, heads, time = attention["layers"], attention["heads"], attention["time"]
    steps = np.frombuffer(zlib.decompress(base64.b64decode(attention["packed"])), np.uint8)
    maps = torch.zeros(layers, heads, time, time)
    row, key = torch.tril_indices(time, time)
    maps[:, :, row, key] = torch.from_numpy((steps / 255.0) ** 2).float().view(layers, heads, -1)
    return maps


def test_the_page_holds_the_attention_up_to_its_stated_error(loaded, tmp_path):
    data = data_of(page_of(loaded, "One day Ann was in the garden. 有一天", tmp_path))
    ids = torch.tensor([token["id"] for token in data["tokens"]])
    assert (unpack(data["attention"]) - attention_maps(loaded.model, ids)).abs().max() < 0.004


def test_packing_keeps_small_weights_apart():
    assert pack_maps(torch.full((1, 1, 1, 1), 1e-4)) != pack_maps(torch.full((1, 1, 1, 1), 4e-4))


def test_the_tokens_spell_the_text(loaded, tmp_path):
    text = "One day 小宝 saw <b>a kite</b>.\n"
    tokens = data_of(page_of(loaded, text, tmp_path))["tokens"]
    assert tokens[0]["kind"] == "special"
    assert tokens[0]["bits"] is None
    whole = b"".join(
        bytes.fromhex(token["text"].strip("‹›")) if token["kind"] == "part" else token["text"].encode()
        for token in tokens[1:]
    )
    assert whole.decode() == text


def test_text_is_inert(loaded, tmp_path):
    page = page_of(loaded, HOSTILE, tmp_path)
    assert page.count("<script") == 2
    assert page.count("</script>") == 2
    assert "<img" not in page
    assert "<!--" not in page
    assert "<" not in page.split('id="data">')[1].split("</script>")[0]


def test_the_page_loads_nothing_and_its_policy_allows_only_its_own_script_and_style(loaded, tmp_path):
    page = page_of(loaded, "One day", tmp_path)
    assert "http:" not in page
    assert "https:" not in page
    assert not re.search(r"\b(src|href)\s*=|@import|url\(", page)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    for tag, directive in (("script", "script-src"), ("style", "style-src")):
        source = re.search(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        assert source is not None
        digest = base64.b64encode(hashlib.sha256(source[1].encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy[1]
    assert policy[1].startswith("default-src 'none'")
    assert "innerHTML" not in page


def test_a_long_text_is_cut_and_the_page_says_so(loaded, tmp_path):
    data = data_of(page_of(loaded, "kite " * 300, tmp_path))
    assert len(data["tokens"]) == loaded.model.config.max_length < data["whole"]
    assert len(data_of(page_of(loaded, "kite " * 300, tmp_path, max_tokens=5))["tokens"]) == 5


def test_bits_per_byte_counts_the_bytes_shown(loaded, tmp_path):
    data = data_of(page_of(loaded, "小宝", tmp_path))
    bits = sum(token["bits"] for token in data["tokens"][1:])
    assert float(data["bits_per_byte"]) == pytest.approx(bits / 6, abs=1e-3)


def test_every_token_of_the_vocabulary_is_readable(loaded):
    for token in range(loaded.model.config.vocab_size):
        text, kind = readable(loaded.tokenizer, token)
        assert text
        assert kind in ("", "part", "special")
    assert readable(loaded.tokenizer, loaded.tokenizer.end_of_text) == ("<|endoftext|>", "special")


@pytest.mark.parametrize("text", [""])
def test_an_empty_text_is_the_users_mistake(loaded, tmp_path, text):
    with pytest.raises(UserError, match="empty"):
        inspect(loaded, text, tmp_path / "page.html", name="")
    assert not (tmp_path / "page.html").exists()


def test_a_folder_without_a_tokenizer_is_the_users_mistake(loaded, tmp_path):
    with pytest.raises(UserError, match="tokenizer"):
        inspect(LoadedModel(loaded.model, None, {}), "a", tmp_path / "page.html", name="")
