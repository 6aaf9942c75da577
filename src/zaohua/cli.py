"""The command line: each verb and the function that carries it out, and how every mistake ends."""

import contextlib
import difflib
import io
import os
import signal
import sys
from typing import TYPE_CHECKING

from zaohua.language import speaks_chinese

if TYPE_CHECKING:
    from cyclopts import App

    from zaohua.settings import UserError

VERBS: dict[str, tuple[str, str]] = {
    "quickstart": (
        "The whole pipeline on the embedded world, ending in a chat page.",
        "用内置小世界走完全程，最后打开聊天网页。",
    ),
    "make": ("Your text becomes your own GPT in so many minutes.", "在给定的分钟数内，把你的文本变成你自己的 GPT。"),
    "run": ("The same from a recipe; what is up to date is skipped.", "按配方运行，已是最新的阶段跳过。"),
    "plan": ("What would be trained, how long, and what to expect.", "只看计划：训练什么，要多久，能期待什么。"),
    "corpus": ("Text in, clean text out.", "收集并清理文本。"),
    "tokenizer": ("Learn a vocabulary; extend, import or compare one.", "训练、扩充、导入、比较分词器。"),
    "tokens": ("A corpus as token shards.", "把语料编成词元分片。"),
    "pretrain": ("Train a model from its first weights.", "从头预训练一个模型。"),
    "finetune": ("Teach a model to chat.", "教模型对话（微调）。"),
    "evaluate": (
        "Bits per byte of a model on a text, beside compressors.",
        "模型在文本上的比特/字节，与压缩软件并列。",
    ),
    "generate": ("Continue a text.", "续写文本。"),
    "chat": ("Talk with a model in the terminal.", "在终端与模型对话。"),
    "inspect": (
        "Attention and next-token probabilities as one HTML page.",
        "用一个 HTML 网页看注意力和下一个词元的概率。",
    ),
    "serve": ("An OpenAI-compatible API and a chat page on this machine.", "在本机提供 OpenAI 兼容接口和聊天网页。"),
    "runs": ("List runs, or compare two.", "列出各次运行，或比较其中两次。"),
    "verify": ("Check every file of a folder against its digests.", "按摘要校验文件夹里的每个文件。"),
}
"""What each verb does, in English and in Chinese."""

WRITING = {"quickstart", "make", "run", "corpus", "tokenizer", "tokens", "pretrain", "finetune"}
"""Verbs whose work the same command continues: what is finished of it is kept."""


def main(arguments: list[str] | None = None) -> None:
    """Run a command line and exit: 0 done, 1 the user's mistake, 2 our bug, 75 can be continued, 130 Ctrl-C."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """Carry out a command line -> the exit code."""
    if not arguments or arguments[0] in ("--help", "-h", "help"):
        print(_overview())
        return 0
    if arguments[0] == "--version":
        from importlib.metadata import version

        print(version("zaohua"))
        return 0
    verb = arguments[0]
    if verb not in VERBS:
        return _mistake(_unknown(verb))
    return _carry_out(verb, arguments[1:])


def app_of(verb: str) -> "App":
    """What reads a verb's words: one function, or one for each of its own verbs."""
    from cyclopts import App

    from zaohua import verbs

    app = App(
        name=f"zaohua {verb}",
        help_flags=["--help", "-h"],
        version_flags=[],
        result_action="return_value",
        default_parameter=verbs.PARAMETER,
    )
    app["--help"].group = "Parameters"
    chosen = getattr(verbs, verb)
    if isinstance(chosen, dict):
        app.help = _said(VERBS[verb])
        for name, function in chosen.items():
            app.command(function, name=name)
    else:
        app.default(chosen)
    if speaks_chinese():
        app.help_format, app.help_formatter = "plaintext", verbs.ChineseHelp()
    return app


def _carry_out(verb: str, words: list[str]) -> int:
    from cyclopts import CycloptsError
    from pydantic import ValidationError

    from zaohua import settings, verbs

    app = app_of(verb)
    try:
        with settings.reading_flags():
            command, bound, _ = app.parse_args(words, print_error=False, exit_on_error=False)
    except CycloptsError as error:
        cause = error.__cause__
        if isinstance(cause, ValidationError):
            return _mistake(settings.mistakes(cause, verbs.settings_named(cause.title), flags=True))
        return _mistake(verbs.misread(error, verb))
    before = {each: signal.signal(each, signal.default_int_handler) for each in verbs.ASKED_TO_END}
    try:
        command(*bound.args, **bound.kwargs)
        sys.stdout.flush()
    except settings.UserError as error:
        return _mistake(error)
    except verbs.Interrupted as error:
        return _unfinished(f"interrupted: {error.english}", f"已中断：{error.chinese}")
    except KeyboardInterrupt:
        if verb in WRITING:
            return _unfinished("interrupted", "已中断")
        print("已中断" if speaks_chinese() else "interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        _let_go_of_output()
        return _unfinished("nobody reads the output", "输出端已关闭") if verb in WRITING else 0
    except Exception as error:
        import traceback

        from zaohua.folders import disk_error

        if isinstance(error, OSError) and isinstance(named := disk_error(error), settings.UserError):
            return _mistake(named)

        traceback.print_exc()
        ours = "this is a bug of zaohua, not of yours: please report it with the lines above"
        print("\n这是 zaohua 自己的错误：请连同以上内容一起报告" if speaks_chinese() else f"\n{ours}", file=sys.stderr)
        return 2
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
    return 0


def _unknown(verb: str) -> "UserError":
    from zaohua.settings import UserError, did_you_mean

    near = difflib.get_close_matches(verb, VERBS, n=1)
    english, chinese = did_you_mean(near[0]) if near else ("; see zaohua --help", "：请看 zaohua --help")
    return UserError(f"there is no verb {verb}{english}", f"没有命令 {verb}{chinese}")


def _mistake(error: "UserError") -> int:
    print("错误：" if speaks_chinese() else "error: ", " ".join(str(error).split()), sep="", file=sys.stderr)
    return 1


def _unfinished(english: str, chinese: str) -> int:
    said = f"{chinese}；重复同一命令即可继续" if speaks_chinese() else f"{english}; the same command continues"
    print(said, file=sys.stderr)
    return 75


def _let_go_of_output() -> None:
    """What is left of the output goes nowhere; else Python tries to write it at exit, and fails with 120."""
    with contextlib.suppress(io.UnsupportedOperation):  # in a test it is no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _said(sentence: tuple[str, str]) -> str:
    """A sentence in English and in Chinese -> in the reader's language."""
    return sentence[speaks_chinese()]


def _overview() -> str:
    width = max(map(len, VERBS))
    rows = "\n".join(f"  {verb:<{width}}  {_said(does)}" for verb, does in VERBS.items())
    return _said((_OVERVIEW, _OVERVIEW_CHINESE)).format(rows=rows)


_OVERVIEW = """\
zaohua 造化 — a folder of text becomes your own GPT

usage: zaohua VERB ...      zaohua VERB --help teaches each verb and its settings

{rows}

start here:  zaohua quickstart            ten minutes, from raw text to a chat page
then:        zaohua make TEXTS... --minutes 10

exit codes:  0 done · 1 a mistake in the command · 2 a bug of ours
             75 interrupted, run it again to continue · 130 ended by Ctrl-C

中文帮助：    ZAOHUA_LANG=zh zaohua --help"""
_OVERVIEW_CHINESE = """\
造化 zaohua：一个文件夹的文本，变成你自己的 GPT

用法：zaohua 命令 ...      zaohua 命令 --help 讲解这个命令和它的设置

{rows}

从这里开始：  zaohua quickstart            十分钟，从原始文本到聊天网页
然后：        zaohua make 文本... --minutes 10

退出码：      0 完成 · 1 命令有误 · 2 zaohua 自己的错误
              75 已中断，重复同一命令即可继续 · 130 被 Ctrl-C 结束

in English:   ZAOHUA_LANG=en zaohua --help"""


if __name__ == "__main__":
    main()
