"""Starting and ending: no open address by accident, a taken port is said, a signal lets answers finish."""

import json
import re
import signal
import subprocess
import sys

import openai
import pytest

from zaohua.server.serve import listen, name_of, open_model
from zaohua.server.settings import ServeSettings
from zaohua.settings import UserError


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.0.1", "::", "example.org"])
def test_an_address_that_others_reach_is_refused(host):
    with pytest.raises(UserError, match="insecure-no-auth"):
        listen(ServeSettings(host=host, port=0))


def test_an_open_address_must_be_asked_for():
    with listen(ServeSettings(host="0.0.0.0", port=0, insecure_no_auth=True)) as listening:
        assert listening.getsockname()[0] == "0.0.0.0"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.2"])
def test_this_machines_own_addresses_are_free_to_use(host):
    with listen(ServeSettings(host=host, port=0)) as listening:
        assert listening.getsockname()[0].startswith("127.")


def test_a_taken_port_says_what_to_do():
    with listen(ServeSettings(port=0)) as listening:
        port = listening.getsockname()[1]
        with pytest.raises(UserError, match=f"port {port} is in use.*--port"):
            listen(ServeSettings(port=port))


def test_an_address_that_is_not_here_says_what_to_do():
    with pytest.raises(UserError, match="--host"):
        listen(ServeSettings(host="203.0.113.7", port=0, insecure_no_auth=True))


@pytest.mark.parametrize(
    ("path", "name"),
    [("mine", "mine"), ("mine/model", "mine"), ("mine/chat/model", "mine"), ("mine/pretrain", "mine"), ("a/b", "b")],
)
def test_a_model_is_called_by_its_run(tmp_path, path, name):
    assert name_of(tmp_path / path) == name


def test_what_a_folder_says_about_itself(model_folder, tmp_path):
    copy = tmp_path / "copied"
    copy.mkdir()
    for file in model_folder.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    assert open_model(copy).chat
    (copy / "zaohua.json").write_text(json.dumps({"steps": 3}))
    assert not open_model(copy).chat
    (copy / "zaohua.json").unlink()
    assert not open_model(copy).chat
    (copy / "zaohua.json").write_text("[")
    with pytest.raises(UserError, match=r"zaohua\.json is damaged"):
        open_model(copy)
    (copy / "zaohua.json").unlink()
    (copy / "tokenizer.json").unlink()
    with pytest.raises(UserError, match="tokenizer"):
        open_model(copy)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_process_with_0_after_the_streams(model_folder, number):
    program = (
        "import sys; from pathlib import Path; from zaohua.events import Events;"
        "from zaohua.server.serve import serve; from zaohua.server.settings import ServeSettings;"
        "serve(Path(sys.argv[1]), ServeSettings(port=0), Events())"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(model_folder)], stdout=subprocess.PIPE, text=True
    ) as process:
        address = re.search(r"http://[\d.:]+", process.stdout.readline())[0]
        with openai.OpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0) as client:
            stream = iter(
                client.completions.create(
                    model="small-world", prompt=["kite"] * 4, n=4, max_tokens=100, stream=True, seed=1
                )
            )
            next(stream)
            process.send_signal(number)
            ends = {chunk.choices[0].index for chunk in stream if chunk.choices[0].finish_reason}
        assert ends == set(range(16))
        assert process.wait(20) == 0
