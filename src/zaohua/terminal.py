"""Text and talk in a terminal: streaming, with history, and never a broken character."""

import itertools
import secrets
from pathlib import Path

from zaohua.checkpoint.model_folder import load_model, tokenizer_of
from zaohua.generation.settings import Sampling
from zaohua.generation.text import complete, reply
from zaohua.inspection.html import inspect, readable
from zaohua.inspection.probabilities import next_tokens
from zaohua.language import speaks_chinese
from zaohua.settings import UserError


def write(model: Path, prompt: str, sampling: Sampling, count: int) -> None:
    """Print `prompt` and its continuation as it is written, `count` times, each with the next seed."""
    if count < 1:
        raise UserError(f"--count is {count}: give 1 or more", f"--count 的值为 {count}：请给 1 或更大的数")
    loaded = load_model(model)
    for number in range(count):
        print(prompt, end="", flush=True)
        for piece in complete(loaded, prompt, sampling.model_copy(update={"seed": sampling.seed + number})):
            print(piece, end="", flush=True)
        print()


def look(model: Path, text: str, output: Path, top: int, *, name: str) -> None:
    """Write the inspection page and print what the model expects after the text: a distribution over its vocabulary.

    `name` is what the page calls the model. Raises UserError where the model cannot read the text.
    """
    loaded = load_model(model)
    inspect(loaded, text, output, name=name)
    tokenizer = tokenizer_of(loaded)
    ids = [tokenizer.end_of_text, *tokenizer.encode(text)][-loaded.model.config.max_length :]
    chinese = speaks_chinese()
    if top:
        print(f"“{text[-40:]}”之后可能是：" if chinese else f'after "{text[-40:]}":')
    for index, probability in next_tokens(loaded.model, ids, top):
        print(f"  {probability:6.1%}  {readable(tokenizer, index)[0]!r}")
    print(f"请打开 {output}" if chinese else f"look at {output}")


def talk(model: Path, sampling: Sampling) -> None:
    """Converse until the end of input; /new begins a new conversation, and \\n in what is typed is a new line.

    Every answer is drawn with a seed of its own: from the given one on, or from one that nobody knows.
    """
    loaded = load_model(model)
    chinese = speaks_chinese()
    if loaded.about.get("chat") is False:  # one from elsewhere says nothing of it
        how = "zaohua finetune MODEL chats.jsonl --seconds 300 -o runs/chat"
        print(
            f"这个模型没有学过对话，只会续写文本；要它学会对话：{how}"
            if chinese
            else f"this model learned no conversations and only continues text; to teach it some: {how}"
        )
    print("说点什么（/new 重新开始，Ctrl-D 结束）" if chinese else "say something (/new begins again, Ctrl-D ends)")
    messages: list[dict[str, str]] = []
    seeds = itertools.count(sampling.seed if "seed" in sampling.model_fields_set else secrets.randbits(62))
    while True:
        try:
            said = input("› ").strip()
        except EOFError:
            print()
            return
        if said == "/new":
            messages = []
        elif said.startswith("/"):
            print("这里的命令只有 /new（Ctrl-D 结束）" if chinese else "the only command here is /new (Ctrl-D ends)")
        elif said:
            messages.append({"role": "user", "content": said.replace("\\n", "\n")})
            answer = ""
            try:
                for piece in reply(loaded, messages, sampling.model_copy(update={"seed": next(seeds)})):
                    answer += piece
                    print(piece, end="", flush=True)
            except UserError as error:  # it is too long: the conversation stands as it stood
                print(error)
                del messages[-1]
                continue
            except KeyboardInterrupt:  # so far, and no further
                print(" …", end="")
            if not answer:
                print("（模型没有回答）" if chinese else "(the model says nothing)", end="")
            print()
            messages.append({"role": "assistant", "content": answer})
