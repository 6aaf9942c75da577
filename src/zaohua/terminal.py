"""Text and talk in a terminal: streaming, with history, and never a broken character."""

from pathlib import Path
from typing import Any

from zaohua.checkpoint.model_folder import load_model
from zaohua.events import speaks_chinese
from zaohua.generation.sampling import Sampling
from zaohua.generation.text import complete, reply, tokenizer_of
from zaohua.inspection.html import inspect
from zaohua.inspection.probabilities import next_tokens
from zaohua.settings import check


def write(model: Path, prompt: str, sampling: dict[str, Any]) -> None:
    """Print `prompt` and its continuation as it is written."""
    print(prompt, end="", flush=True)
    for piece in complete(load_model(model), prompt, check(Sampling, sampling)):
        print(piece, end="", flush=True)
    print()


def look(model: Path, text: str, output: Path, top: int) -> None:
    """Write the inspection page and print what the model expects after the text: a distribution over its vocabulary.

    Raises UserError where the model cannot read the text.
    """
    loaded = load_model(model)
    inspect(loaded, text, output)
    tokenizer = tokenizer_of(loaded)
    ids = [tokenizer.end_of_text, *tokenizer.encode(text)][-loaded.config.max_length :]
    chinese = speaks_chinese()
    if top:
        print(f"“{text[-40:]}”之后可能是：" if chinese else f'after "{text[-40:]}":')
    for index, probability in next_tokens(loaded.model, ids, top):
        print(f"  {probability:6.1%}  {tokenizer.token_bytes[index].decode('utf-8', 'backslashreplace')!r}")
    print(f"请打开 {output}" if chinese else f"look at {output}")


def talk(model: Path, sampling: dict[str, Any]) -> None:
    """Converse until the end of input; /new begins a new conversation."""
    loaded, chosen = load_model(model), check(Sampling, sampling)
    chinese = speaks_chinese()
    print("说点什么（/new 重新开始，Ctrl-D 结束）" if chinese else "say something (/new begins again, Ctrl-D ends)")
    messages: list[dict[str, str]] = []
    while True:
        try:
            said = input("› ").strip()
        except EOFError:
            print()
            return
        if said == "/new":
            messages = []
        elif said:
            messages.append({"role": "user", "content": said.replace("\\n", "\n")})
            answer = ""
            for piece in reply(loaded, messages, chosen):
                answer += piece
                print(piece, end="", flush=True)
            print()
            messages.append({"role": "assistant", "content": answer})
