"""A UTF-8 text file, read whole or named in one sentence."""

from pathlib import Path

from zaohua.settings import UserError


def read_text(path: Path) -> str:
    """A UTF-8 file's text; raises UserError where it is none."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"{path} cannot be read ({error.strerror}): give a text file",
            f"无法读取 {path}（{error.strerror}）：请给出一个文本文件",
        ) from None
    except UnicodeDecodeError:
        raise UserError(
            f"{path} is not UTF-8: run it through `zaohua corpus` first, which recognises encodings",
            f"{path} 不是 UTF-8：请先用 `zaohua corpus` 处理，它会识别编码",
        ) from None
