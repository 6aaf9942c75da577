"""The view in a terminal: what a person wants to know, in both languages, in whatever room there is."""

import io
import math
from types import SimpleNamespace

import pytest
from rich.cells import cell_len
from rich.console import Console

from zaohua.events import Events
from zaohua.watching import console as views
from zaohua.watching.braille import MARK
from zaohua.watching.console import Samples, View, fitting, sample_line, view_of, wrapped

ABOUT = {"title": "pretrain", "steps": 2000, "seconds": None, "flops_per_token": 1e6, "ceiling": 1e9}


def terminal(width=80, height=30, term="xterm") -> Console:
    """One that draws in place, whatever terminal the tests run in."""
    return Console(
        file=io.StringIO(), force_terminal=True, width=width, height=height, legacy_windows=False, color_system=None,
        _environ={"TERM": term},
    )  # fmt: skip


def step(number: int) -> dict:
    return {"step": number, "tokens": 100 * number, "loss": 2 + 4 / number, "seconds": float(number)}


def view_after(steps=500, *, about=ABOUT, chinese=False, width=80, height=30) -> View:
    """A view of so many steps that has drawn nothing yet."""
    view = View(about, terminal(width, height), chinese=chinese)
    view.next = math.inf
    for number in range(1, steps + 1):
        view.step(step(number))
        if number % 200 == 0:
            view.happened("validate", {"step": number, "bits_per_byte": 1.5, "loss": 2.5})
    view.happened("sample", {"step": steps, "question": "", "text": "Once upon a time there was a fox. " * 9})
    return view


def drawn(view: View, width: int, height: int) -> list[str]:
    file = io.StringIO()
    Console(file=file, width=width, height=height, color_system=None).print(view.frame(width, height))
    return file.getvalue().splitlines()


def test_it_says_how_far_how_well_and_how_fast():
    lines = drawn(view_after(), 100, 30)
    assert lines[0] == "pretrain · step 500 of 2,000 · 8 min 20 s · 25 min 00 s left"
    assert f"loss 2.008 · {MARK} held-out 1.500 bits/byte · 100 tokens/s · 10% of the machine" in lines
    assert any(line.endswith(" 25%") for line in lines)
    assert any(line.startswith("» Once upon") for line in lines)
    assert sum(line.count(MARK) for line in lines[1:13]) == 2
    assert any("\u2801" <= letter <= "\u28ff" for line in lines for letter in line)


def test_it_says_so_in_chinese():
    lines = drawn(view_after(chinese=True), 100, 30)
    assert lines[0] == "预训练 · 第 500 步，共 2,000 步 · 已用 8 分 20 秒 · 剩余 25 分 00 秒"
    assert f"损失 2.008 · {MARK} 留出文本 1.500 比特/字节 · 100 词元/秒 · 机器上限的 10%" in lines


def test_a_run_by_the_clock_ends_by_the_clock():
    view = view_after(about=ABOUT | {"steps": None, "seconds": 1000.0, "ceiling": None})
    lines = drawn(view, 100, 30)
    assert lines[0] == "pretrain · step 500 · 8 min 20 s · 8 min 20 s left"
    assert any(line.endswith(" 50%") for line in lines)
    assert "machine" not in "".join(lines)


def test_chat_tuning_is_measured_on_answers():
    view = view_after(steps=3, about=ABOUT | {"title": "chat"})
    view.happened("validate", {"step": 3, "loss_on_answers": 0.75})
    assert any(f"{MARK} held-out answers 0.750" in line for line in drawn(view, 100, 30))


@pytest.mark.parametrize("chinese", [False, True])
@pytest.mark.parametrize(("width", "height"), [(200, 60), (60, 24), (40, 12), (25, 8), (10, 3)])
def test_it_fits_into_any_terminal(width, height, chinese):
    lines = drawn(view_after(chinese=chinese), width, height)
    assert max(map(cell_len, lines)) <= width
    assert height < 12 or len(lines) <= height - 1


def test_what_an_earlier_session_logged_is_drawn_too():
    view = View(ABOUT, terminal(), chinese=False)
    view.next = math.inf
    view.recall({"event": "step", **step(number)} for number in range(1, 101))
    view.step(step(81))  # the newest checkpoint was older than the log
    assert [place for place, _ in view.curve.points] == list(range(1, 82))
    assert view.left() is None, "this session has not told yet how fast it is"
    view.step(step(83))
    assert view.left() == 2000 - 83
    view.step(step(60) | {"seconds": 90.0})
    assert view.left() is None, "it went back"


def test_it_is_drawn_in_place_and_the_terminal_is_given_back():
    view = View(ABOUT, terminal(), chinese=False)
    view.step(step(3))
    view.close()
    written = view.console.file.getvalue()
    assert "step 3 of 2,000" in written
    assert written.index("\x1b[?25l") < written.rindex("\x1b[?25h"), "the cursor is hidden, then shown"
    assert view.live is None
    view.close()
    assert view.console.file.getvalue() == written


def test_a_view_that_fails_gives_the_terminal_back(monkeypatch):
    view = View(ABOUT, terminal(), chinese=False)
    view.step(step(3))
    monkeypatch.setattr(view, "frame", lambda width, height: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        view.close()
    assert view.console.file.getvalue().rstrip().endswith("\x1b[?25h")


def test_it_is_not_drawn_more_often_than_it_may(monkeypatch):
    view, frames = View(ABOUT, terminal(), chinese=False), []
    monkeypatch.setattr(view, "frame", lambda width, height: frames.append(1) or "")
    monkeypatch.setattr(views, "time", SimpleNamespace(monotonic=lambda: 5.0))
    for number in range(1, 51):
        view.step(step(number))
    assert len(frames) == 1
    view.close()
    assert len(frames) == 2


def test_without_a_terminal_there_is_no_view(monkeypatch):
    assert view_of(ABOUT, Events()) is None
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert view_of(ABOUT, Events(console=False)) is None
    monkeypatch.setattr("rich.console.Console", lambda stderr: terminal(width=39))
    assert view_of(ABOUT, Events()) is None, "too narrow"
    monkeypatch.setattr("rich.console.Console", lambda stderr: terminal(height=11))
    assert view_of(ABOUT, Events()) is None, "too low"
    monkeypatch.setattr("rich.console.Console", lambda stderr: terminal(term="dumb"))
    assert view_of(ABOUT, Events()) is None
    monkeypatch.setattr("rich.console.Console", lambda stderr: terminal())
    assert isinstance(view_of(ABOUT, Events()), View)


def test_elsewhere_samples_are_lines(capsys):
    samples = Samples(Events())
    samples.step({"step": 1})
    samples.happened("validate", {"step": 1})
    samples.happened("sample", {"step": 1, "question": "who?", "text": "the fox"})
    samples.close()
    assert capsys.readouterr().out == "  » who? → the fox\n"


def test_what_a_model_writes_commands_no_terminal():
    assert sample_line({"text": "a\x1b[2Jb\u202ec\td\n e"}) == "» a [2Jb c d e"
    assert sample_line({"text": "字" * 500}) == "» " + "字" * 160


def test_what_does_not_fit_is_left_out_from_the_end():
    assert fitting(["one", "two", "three"], 11) == "one · two"
    assert fitting(["one", "two"], 9) == "one · two"
    assert cell_len(fitting(["留出文本"], 5)) <= 5


def test_a_sample_is_wrapped_as_its_language_is():
    assert wrapped("» the fox was here", 9) == ["» the fox", "was here"]
    assert wrapped("» 从前有一个小村庄", 9) == ["» 从前有", "一个小村", "庄"]


def test_drawing_takes_a_small_share_of_the_time(monkeypatch):
    view, now, frames = View(ABOUT, terminal(), chinese=False), [0.0], []

    def slow(width, height):
        frames.append(now[0])
        now[0] += 0.2
        return ""

    monkeypatch.setattr(view, "frame", slow)
    monkeypatch.setattr(views, "time", SimpleNamespace(monotonic=lambda: now[0]))
    for number in range(1, 101):
        now[0] += 1.0
        view.step(step(number))
    view.close()
    assert len(frames) == 6, "0.2 s of each 20 s, and the end"


def test_drawing_draws_no_random_numbers():
    import random

    import torch

    before = torch.get_rng_state(), random.getstate()
    view = View(ABOUT, terminal(), chinese=False)
    view.step(step(1))
    view.close()
    assert torch.equal(torch.get_rng_state(), before[0])
    assert random.getstate() == before[1]
    assert views.EVERY >= 1
