"""What a run shows: bars with the time left in the reader's language, and a log that survives a kill."""

import json

import pytest

from zaohua import events
from zaohua.events import Events, Log, duration, spent_by_stage


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass when the test says so."""
    now = [100.0]
    monkeypatch.setattr(events.time, "monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize(
    ("language", "first", "second"),
    [
        ("en", "  pretrain 11/100 s · left 1 min 29 s loss 2.5", "  pretrain 60/100 s · left 40 s loss 2.0"),
        ("zh", "  预训练 11/100 秒 · 剩余 1 分 29 秒 loss 2.5", "  预训练 60/100 秒 · 剩余 40 秒 loss 2.0"),
    ],
)
def test_a_line_every_ten_seconds_says_how_far_and_how_long(clock, monkeypatch, capsys, language, first, second):
    monkeypatch.setenv("ZAOHUA_LANG", language)
    with Events().progress("pretrain", 100, "s") as bar:
        for seconds, note in ((5, "loss 3.0"), (6, "loss 2.5"), (49, "loss 2.0")):
            clock[0] += seconds
            bar.advance(seconds, note)
    assert capsys.readouterr().out.splitlines() == [first, second]


def test_what_an_earlier_session_did_is_not_counted_into_the_pace(clock, capsys):
    with Events().progress("pretrain", 100, "s", done=50) as bar:
        clock[0] += 10
        bar.advance(5)
    assert capsys.readouterr().out == "  pretrain 55/100 s · left 1 min 30 s\n"


def test_a_terminal_sees_a_bar(monkeypatch, capsys):
    monkeypatch.setattr(events.sys.stderr, "isatty", lambda: True, raising=False)
    with Events().progress("tokens", 4, "MB") as bar:
        bar.advance(3, "so far")
    said = capsys.readouterr().err
    assert all(word in said for word in ("tokens", "3/4", "MB", "left", "so far"))


def test_nothing_is_said_where_it_is_to_be_quiet(capsys):
    with Events(console=False).progress("tokens", 4) as bar:
        bar.advance(3)
    Events(console=False).say("hello")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [(8.4, "8 s", "8 秒"), (125, "2 min 05 s", "2 分 05 秒"), (4320, "1 h 12 min", "1 小时 12 分")],
)
def test_durations_are_said_as_people_say_them(seconds, english, chinese):
    assert (duration(seconds), duration(seconds, chinese=True)) == (english, chinese)


def test_stages_of_no_time_are_not_named():
    assert (
        spent_by_stage({"corpus": 3.0, "chat": 0.0, "report": 61.0}, chinese=False) == "corpus 3 s · report 1 min 01 s"
    )


def test_a_log_goes_on_from_what_was_saved(tmp_path):
    with Log(tmp_path / "log.jsonl", keep=0) as log:
        log.emit("step", loss=1.5)
        log.sync()
        kept = log.length
        log.emit("step", loss=1.0)
    with Log(tmp_path / "log.jsonl", keep=kept) as log:
        log.emit("validate", bits_per_byte=2.0)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert lines == [{"event": "step", "loss": 1.5}, {"event": "validate", "bits_per_byte": 2.0}]


def test_a_log_that_lost_its_end_is_not_filled_up(tmp_path):
    (tmp_path / "log.jsonl").write_text('{"event": "step"}\n')
    with Log(tmp_path / "log.jsonl", keep=100) as log:
        log.emit("validate")
    assert (tmp_path / "log.jsonl").read_text() == '{"event": "step"}\n{"event": "validate"}\n'


def test_what_a_full_disk_does_not_take_waits_and_is_not_lost(tmp_path):
    class Full:
        """The file of a log whose disk takes so many bytes."""

        def __init__(self, file, room):
            self.file, self.room = file, room

        def write(self, data):
            if not self.room:
                raise OSError(28, "No space left on device")
            taken = self.file.write(data[: self.room])
            self.room -= taken
            return taken

        def __getattr__(self, name):
            return getattr(self.file, name)

    with Log(tmp_path / "log.jsonl", keep=0) as log:
        log.emit("step", step=1)
        whole = log._file
        log._file = Full(whole, 5)
        log.emit("step", step=2)
        with pytest.raises(OSError, match="No space"):
            log.sync()
        log._file = whole
        log.emit("step", step=3)
        log.sync()
        assert log.length == (tmp_path / "log.jsonl").stat().st_size
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2, 3]
