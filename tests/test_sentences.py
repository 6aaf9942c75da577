"""Sentences about mistakes: each in both languages, shown in the reader's, kept and sent in English."""

import ast
import asyncio
import json
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path
from typing import Literal

import pytest
from pydantic import Field, field_validator

from zaohua import cli
from zaohua.corpus.engine.cluster import UnreachableError
from zaohua.language import speaks_chinese
from zaohua.server.errors import ApiError
from zaohua.server.worker import Ticket
from zaohua.settings import SettingError, Settings, UserError, check

SOURCE = Path(__file__).parent.parent / "src" / "zaohua"
TREES = {
    path.relative_to(SOURCE).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted(SOURCE.rglob("*.py"))
}
HANZI = "[\u4e00-\u9fff]"


def named(node: ast.AST) -> str:
    """The last part of a name: UserError of settings.UserError."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def sentences() -> dict[str, ast.Call]:
    """Every place in the source where a sentence in both languages is written."""
    kinds = {"UserError", "SettingError"}
    for tree in TREES.values():
        kinds |= {each.name for each in ast.walk(tree) if isinstance(each, ast.ClassDef)
                  and kinds & set(map(named, each.bases))}  # fmt: skip
    return {
        f"{path}:{node.lineno}": node
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and named(node.func) in kinds
    }


def words(node: ast.expr) -> str:
    """The words that are written down in an expression."""
    return "\0".join(str(each.value) for each in ast.walk(node) if isinstance(each, ast.Constant))


def ending(node: ast.expr) -> str:
    """The end of an expression's text, as far as it is written down there."""
    if isinstance(node, ast.BinOp):
        return ending(node.right)
    if isinstance(node, ast.JoinedStr):
        return ending(node.values[-1])
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


SENTENCES = sentences()


def test_the_sentences_are_found():
    assert len(SENTENCES) > 150
    assert {"_TextError", "UnreachableError"} <= {named(call.func) for call in SENTENCES.values()}


@pytest.mark.parametrize("place", SENTENCES)
def test_every_sentence_stands_in_both_languages(place):
    call = SENTENCES[place]
    assert len(call.args) == 2, "give the English sentence and the Chinese one"
    assert not call.keywords
    english, chinese = call.args
    assert not re.search(HANZI, words(english))
    passed_on = any("chinese" in named(each) for each in ast.walk(chinese))
    assert passed_on or re.search(HANZI, words(chinese)), "the second sentence is the Chinese one"
    assert not re.search(rf"{HANZI}[,.:;!?()]|[,:;!?()]{HANZI}", words(chinese)), "punctuation is full-width"
    assert not ending(chinese).endswith((".", "。"))


@pytest.mark.parametrize("path", TREES)
def test_validators_give_both_languages_too(path):
    """What pydantic hands on of a plain ValueError has one language."""
    raised = {named(each.func) for each in ast.walk(TREES[path]) if isinstance(each, ast.Call)}
    if raised & {"field_validator", "model_validator"} or path in ("model/config.py", "model/presets.py"):
        assert "ValueError" not in raised


@pytest.mark.parametrize(
    ("environment", "chinese"),
    [
        ({}, False),
        ({"LANG": "zh_CN.UTF-8"}, True),
        ({"LANG": "en_GB.UTF-8"}, False),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, False),
        ({"LANG": "C.UTF-8", "LC_ALL": "zh_TW.UTF-8"}, True),
        ({"LANG": "en_GB.UTF-8", "ZAOHUA_LANG": "zh"}, True),
        ({"LANG": "zh_CN.UTF-8", "ZAOHUA_LANG": "en"}, False),
    ],
)
def test_the_reader_s_environment_chooses_the_language(environment, chinese, monkeypatch):
    for name in ("ZAOHUA_LANG", "LC_ALL", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert speaks_chinese() == chinese
    error = UserError("no text", "没有文本")
    assert (str(error), error.english, error.chinese) == ("没有文本" if chinese else "no text", "no text", "没有文本")


@pytest.mark.parametrize("kind", [UserError, SettingError, UnreachableError])
def test_a_sentence_comes_whole_out_of_a_worker(kind, monkeypatch):
    error = kind("no text", "没有文本")
    error.add_note("in the task clean 3")
    back = pickle.loads(pickle.dumps(error))
    assert (type(back), back.english, back.chinese, back.__notes__) == (kind, "no text", "没有文本", error.__notes__)
    monkeypatch.setenv("ZAOHUA_LANG", "zh")
    assert str(back) == "没有文本"


class Inner(Settings):
    rate: float = Field(default=0.1, gt=0, le=1)
    kind: Literal["plain", "fancy"] = "plain"


class Outer(Settings):
    steps: int = 3
    inner: Inner = Inner()
    asked: bool = True
    names: tuple[str, ...] = ()
    must: str

    @field_validator("must")
    @classmethod
    def _fits(cls, must: str) -> str:
        if must == "odd":
            raise SettingError("it is odd", "这个值很怪")
        return must


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"stepz": 1}, "没有设置 stepz（是否想写 steps？）"),
        ({"inner": {"rat": 1.0}}, "没有设置 inner.rat（是否想写 inner.rate？）"),
        ({"zzz": 1}, "没有设置 zzz"),
        ({"steps": "many"}, 'steps 的值为 "many"，必须是整数'),
        ({"steps": 2.5}, "steps 的值为 2.5，必须是整数"),
        ({"inner": {"rate": "fast"}}, 'inner.rate 的值为 "fast"，必须是数'),
        ({"inner": {"rate": -1.0}}, "inner.rate 的值为 -1.0，必须大于 0"),
        ({"inner": {"rate": 2.0}}, "inner.rate 的值为 2.0，不能大于 1"),
        ({"inner": {"kind": "odd"}}, "inner.kind 的值为 'odd'，必须是 'plain' 或 'fancy'"),
        ({"inner": 3}, "inner 的值为 3，必须是一组设置"),
        ({"asked": 3}, "asked 的值为 3，必须是 true 或 false"),
        ({"names": 3}, "names 的值为 3，必须是列表"),
        ({"names": [3]}, "names.0 的值为 3，必须是字符串"),
        ({"must": "odd"}, "must：这个值很怪"),
        ({"must": None, "steps": "a"}, 'steps 的值为 "a"，必须是整数；must 的值为 null，必须是字符串'),
    ],
)
def test_a_wrong_setting_is_named_in_chinese(data, said, monkeypatch):
    with pytest.raises(UserError) as caught:
        check(Outer, {"must": "even", **data})
    monkeypatch.setenv("ZAOHUA_LANG", "zh")
    assert str(caught.value) == said
    assert not re.search(HANZI, caught.value.english)


def test_a_missing_setting_is_named_in_chinese():
    with pytest.raises(UserError) as caught:
        check(Outer, {})
    assert (caught.value.english, caught.value.chinese) == ("missing setting must", "缺少设置 must")


@pytest.mark.parametrize(
    ("arguments", "english", "chinese"),
    [
        (["maek", "x"], "there is no verb maek (did you mean make?)", "没有命令 maek（是否想写 make？）"),
        (["zzzzzz"], "there is no verb zzzzzz; see zaohua --help", "没有命令 zzzzzz：请看 zaohua --help"),
        (
            ["pretrain", "a", "b", "-o", "c", "--step", "3"],
            "there is no option --step (did you mean --steps?)",
            "没有选项 --step（是否想写 --steps？）",
        ),
        (
            ["pretrain", "a", "b", "-o", "c", "--steps", "0"],
            "--steps is 0; it must be greater than or equal to 1",
            "--steps 的值为 0，不能小于 1",
        ),
        (
            ["pretrain", "a", "b", "-o", "c", "--steps", "many"],
            '--steps is "many"; it must be integer',
            '--steps 的值为 "many"，必须是整数',
        ),
        (
            ["pretrain", "a", "b"],
            "--output is missing: give a path (zaohua pretrain --help shows how)",
            "缺少 --output：请给出路径（用法见 zaohua pretrain --help）",
        ),
        (
            ["generate"],
            "MODEL is missing: give a path (zaohua generate --help shows how)",
            "缺少 MODEL：请给出路径（用法见 zaohua generate --help）",
        ),
        (
            ["corpus", "x", "-o", "y", "--dry-run"],
            "--dry-run is missing: give a whole number",
            "缺少 --dry-run：请给出整数",
        ),
        (
            ["inspect", "m", "text", "--top", "many"],
            "--top is many; it must be a whole number",
            "--top 的值为 many，必须是整数",
        ),
        (
            ["finetune", "m", "d", "-o", "x", "--task", "sing"],
            "--task is sing; it must be one of chat",
            "--task 的值为 sing，必须是以下之一：chat",
        ),
        (
            ["tokenizer", "trian"],
            "tokenizer has no trian (did you mean train?); there are ",
            "tokenizer 没有子命令 trian（是否想写 train？）；已有的是 ",
        ),
        (
            ["verify", "a", "b"],
            "nothing takes b: put a text of several words in quotes",
            "用不到 b：含空格的文本请加引号",
        ),
        (
            ["pretrain", "a", "b", "-o", "c"],
            "nothing says how long to train: give --steps or --seconds",
            "没有说明训练多久：请给出 --steps 或 --seconds",
        ),
        (
            ["plan"],
            "give the files or folders to learn from, as in `zaohua plan my_texts --minutes 10`",
            "请给出要学习的文件或文件夹，如 `zaohua plan my_texts --minutes 10`",
        ),
    ],
)
def test_a_wrong_command_line_is_answered_in_the_reader_s_language(arguments, english, chinese, monkeypatch, capsys):
    for language, said in (("en", f"error: {english}"), ("zh", f"错误：{chinese}")):
        monkeypatch.setenv("ZAOHUA_LANG", language)
        assert cli.run(arguments) == 1
        assert capsys.readouterr().err.startswith(said)


def test_an_answer_of_the_server_is_english_whoever_serves(monkeypatch):
    monkeypatch.setenv("ZAOHUA_LANG", "zh")

    def refused():
        raise UserError("the prompt is too long", "提示太长")
        yield

    async def answered() -> None:
        ticket = Ticket(refused)
        ticket.run()
        await ticket.next()

    with pytest.raises(ApiError, match="the prompt is too long"):
        asyncio.run(answered())


@pytest.fixture
def zaohua():
    """Runs a command as a user whose system is Chinese -> what it says of the mistake."""

    def run(*arguments: object) -> str:
        environment = {name: value for name, value in os.environ.items() if name not in ("ZAOHUA_LANG", "LC_ALL")}
        done = subprocess.run(
            [sys.executable, "-m", "zaohua.cli", *map(str, arguments)],
            env=environment | {"LANG": "zh_CN.UTF-8", "PYTHONUTF8": "1"},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
        return done.stderr

    return run


@pytest.mark.slow
def test_a_chinese_user_reads_chinese(zaohua, tmp_path):
    (tmp_path / "recipe.toml").write_text("[pretrain]\nlearning_rat = 0.1\n")
    said = zaohua("run", tmp_path / "recipe.toml")
    assert said == "错误：没有设置 pretrain.learning_rat（是否想写 pretrain.learning_rate？）\n"
    (tmp_path / "empty").mkdir()
    said = zaohua("corpus", tmp_path / "empty", "-o", tmp_path / "corpus")
    assert said.startswith(f"错误：{tmp_path}/empty 里没有文件：请给出文件、文件夹或通配符；能读的文件有 .txt")
    said = zaohua("generate", tmp_path / "none", "hello")
    assert said == f"错误：{tmp_path}/none 里没有模型：请给出模型文件夹、训练文件夹或一次运行的文件夹\n"


@pytest.mark.slow
def test_what_is_kept_is_the_same_in_every_language(tmp_path, monkeypatch):
    (tmp_path / "texts").mkdir()
    texts = (" ".join(f"On day {n} cat {n * k} sat down beside the river {k}." for k in range(9)) for n in range(60))
    lines = [json.dumps({"text": text}) for text in texts]
    (tmp_path / "texts" / "a.jsonl").write_text("\n".join([*lines, "{broken", '{"title": "no text"}']))
    (tmp_path / "texts" / "b.exe").write_bytes(b"MZ\x00\x01" * 500)
    (tmp_path / "texts" / "c.pdf").write_bytes(b"%PDF-1.4 broken")
    for language in ("en", "zh"):
        monkeypatch.setenv("ZAOHUA_LANG", language)
        options = ["--duplicates", "none", "--rules.preset", "none", "--run.workers", "0"]
        assert cli.run(["corpus", str(tmp_path / "texts"), "-o", str(tmp_path / language), *options]) == 0
    kept = [
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*") if path.suffix != ".html"}
        for folder in (tmp_path / "en", tmp_path / "zh")
    ]
    assert kept[0] == kept[1]
    assert any("removed" in path.parts for path in kept[0])
