"""Text in a terminal: the model is read once, and every row of its table can be shown."""

import json

import pytest
import torch

from zaohua import cli, terminal
from zaohua.checkpoint.model_folder import save_model
from zaohua.model.initialization import new_model
from zaohua.model.presets import shape
from zaohua.tokenizer.settings import TokenizerSettings
from zaohua.tokenizer.training import train_tokenizer

TEXT = "One day Ann was in the garden with a red kite. 有一天，小宝在花园里放红色的风筝。 " * 8
PAD = 3  # rows of the model that no token has


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer([TEXT], TokenizerSettings(sample_bytes=100_000))


@pytest.fixture(scope="module")
def run(tokenizer, tmp_path_factory):
    """A run's folder with a small random model in it."""
    folder = tmp_path_factory.mktemp("runs") / "mine"
    (folder / "pretrain" / "model").mkdir(parents=True)
    config = shape("qwen3", dim=16, layers=1, vocab_size=tokenizer.vocab_size + PAD, max_length=64)
    model = new_model(config, generator=torch.Generator().manual_seed(0))
    save_model(folder / "pretrain" / "model", model, tokenizer=tokenizer)
    return folder


def test_every_row_of_a_model_can_be_shown_as_the_next_token(run, tokenizer, tmp_path, capsys):
    assert cli.run(["inspect", str(run), "One day", "-o", str(tmp_path / "look.html"), "--top", "100000"]) == 0
    said = capsys.readouterr().out
    shown = [line.split("%  ", 1)[1] for line in said.splitlines() if "%  '" in line or '%  "' in line]
    assert len(shown) == tokenizer.vocab_size + PAD
    assert "'<|endoftext|>'" in shown
    assert f"'‹{tokenizer.vocab_size}›'" in shown
    assert "''" not in shown


def test_the_page_names_its_model_as_the_user_gave_it(run, tmp_path):
    output = tmp_path / "look.html"
    assert cli.run(["inspect", str(run), "One day", "-o", str(output)]) == 0
    assert f'"model":{json.dumps(str(run))}' in output.read_text(encoding="utf-8")


def test_several_texts_come_from_one_reading_of_the_model(run, monkeypatch, capsys):
    opened = []
    load = terminal.load_model
    monkeypatch.setattr(terminal, "load_model", lambda folder: opened.append(folder) or load(folder))
    words = ["generate", str(run), "One day", "--max-new-tokens", "8", "--temperature", "2"]
    assert cli.run([*words, "--count", "3"]) == 0
    whole = capsys.readouterr().out
    assert len(opened) == 1
    alone = ""
    for seed in ("0", "1", "2"):
        assert cli.run([*words, "--seed", seed]) == 0
        alone += capsys.readouterr().out
    assert whole == alone


@pytest.mark.parametrize("verb", ["generate", "chat"])
def test_a_wrong_way_of_drawing_is_the_users_mistake(verb, run, capsys):
    assert cli.run([verb, str(run), "--top-p", "2"]) == 1
    assert "error: --top-p is 2;" in capsys.readouterr().err


def test_every_answer_has_a_seed_of_its_own(run, typed, monkeypatch):
    def seeds(*flags):
        drawn = []
        typed("hello", "/new", "hello")
        monkeypatch.setattr(terminal, "reply", lambda model, messages, sampling: drawn.append(sampling.seed) or "")
        assert cli.run(["chat", str(run), *flags]) == 0
        return drawn

    assert seeds("--seed", "7") == [7, 8]
    first, second = seeds(), seeds()
    assert len({*first, *second}) == 4


def test_an_unknown_command_is_no_message_and_silence_is_said(run, typed, monkeypatch, capsys):
    heard = []
    monkeypatch.setattr(terminal, "reply", lambda model, messages, _: heard.append(messages[-1]["content"]) or "")
    typed("/help", "hello")
    assert cli.run(["chat", str(run)]) == 0
    said = capsys.readouterr().out
    assert heard == ["hello"]
    assert "the only command here is /new" in said
    assert "(the model says nothing)" in said


def test_a_message_that_is_too_long_ends_no_conversation(run, typed, monkeypatch, capsys):
    typed("hello", "a red kite " * 60, "hello again")
    heard = []
    reply = terminal.reply
    monkeypatch.setattr(terminal, "reply", lambda loaded, all_, s: heard.append(len(all_)) or reply(loaded, all_, s))
    assert cli.run(["chat", str(run), "--max-new-tokens", "4"]) == 0
    assert heard == [1, 3, 3]
    assert "shorten it" in capsys.readouterr().out


@pytest.mark.parametrize(("about", "said"), [({"chat": False}, True), ({"chat": True}, False), (None, False)])
def test_a_model_that_learned_no_conversations_says_so_once(
    about, said, run, tokenizer, tmp_path, typed, monkeypatch, capsys
):
    loaded = terminal.load_model(run / "pretrain" / "model")
    save_model(tmp_path, loaded.model.cpu(), tokenizer=tokenizer, about=about)
    typed()
    for language, words in (("en", "only continues text"), ("zh", "只会续写")):
        monkeypatch.setenv("ZAOHUA_LANG", language)
        assert cli.run(["chat", str(tmp_path)]) == 0
        shown = capsys.readouterr().out
        assert shown.count(words) == said
        assert ("zaohua finetune MODEL chats.jsonl" in shown) == said
