"""Real servers on loopback: one with a small random model's folder, others with models that recite a given text."""

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import openai
import pytest
import torch

from zaohua.checkpoint.model_folder import LoadedModel, save_model
from zaohua.events import Events
from zaohua.model.config import TransformerConfig
from zaohua.model.initialization import new_model
from zaohua.model.presets import shape
from zaohua.server.app import Served
from zaohua.server.serve import listen, open_model, run_server
from zaohua.server.settings import ServeSettings
from zaohua.server.worker import Worker
from zaohua.tokenizer.settings import TokenizerSettings
from zaohua.tokenizer.training import train_tokenizer

TEXT = "One day Ann was in the garden with a red kite. 有一天，小宝在花园里放红色的风筝。 " * 8


@dataclass
class Running:
    """A server and how to reach it."""

    address: str
    end: Callable[[], object]
    worker: Worker
    served: Served
    thread: threading.Thread
    client: openai.OpenAI


@contextlib.contextmanager
def serving(served: Served, **settings) -> Iterator[Running]:
    chosen = ServeSettings(port=0, **settings)
    listens, found = threading.Event(), []

    def ready(*what) -> None:
        found.extend(what)
        listens.set()

    def run() -> None:
        with contextlib.closing(listen(chosen)) as listening:
            asyncio.run(run_server(served, listening, chosen, Events(console=False), ready))

    thread = threading.Thread(target=run)
    thread.start()
    assert listens.wait(30)
    try:
        with openai.OpenAI(base_url=f"{found[0]}/v1", api_key="none", max_retries=0, timeout=30) as client:
            yield Running(*found, served=served, thread=thread, client=client)
    finally:
        with contextlib.suppress(RuntimeError):  # it has ended already
            found[1]()
        thread.join(30)
        assert not thread.is_alive()


@pytest.fixture(scope="session")
def tokenizer():
    return train_tokenizer([TEXT], TokenizerSettings(sample_bytes=100_000))


@pytest.fixture(scope="session")
def model_folder(tokenizer, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "small-world" / "chat" / "model"
    folder.mkdir(parents=True)
    config = shape("qwen3", dim=32, layers=2, vocab_size=tokenizer.vocab_size, max_length=128)
    model = new_model(config, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        model.embedding.token.weight.mul_(8)
    save_model(folder, model, tokenizer=tokenizer)
    (folder / "zaohua.json").write_text(json.dumps({"chat": True}))
    return folder


@pytest.fixture(scope="session")
def server(model_folder):
    with serving(open_model(model_folder)) as running:
        yield running


@pytest.fixture(scope="session")
def client(server):
    return server.client


def reciting(tokenizer, ids, *, wait=None) -> Served:
    """A model that writes ids[p] after whatever stands at position p, whoever asks; `wait` is called at each step.

    Nothing but the position is embedded, one direction each, and the blocks add nothing.
    """
    length = len(ids)
    config = TransformerConfig(
        vocab_size=tokenizer.vocab_size, max_length=length, dim=length, layers=1, heads=1, tied_head=False
    )
    model = new_model(config, generator=torch.Generator().manual_seed(0)).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()
        model.embedding.position.weight.copy_(torch.eye(length))
        model.stack.norm.weight.fill_(1)
        model.head.weight[torch.tensor(ids), torch.arange(length)] += 9
    if wait:
        model.register_forward_pre_hook(lambda *_: wait())
    return Served(loaded=LoadedModel(model, tokenizer, {}), name="reciter", chat=True, created=0)
