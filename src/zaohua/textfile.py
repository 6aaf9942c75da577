"""A text file, read whole in whichever encoding it is, or named in one sentence."""

import io
from pathlib import Path

from zaohua.corpus.encodings import UndecodableError, encoding_of
from zaohua.settings import UserError


def read_text(path: Path) -> str:
    """A file's text, line ends as \\n; a few broken bytes are replaced. Raises UserError where it is no text."""
    try:
        data = path.read_bytes()
        return io.StringIO(data.decode(encoding_of(data), "replace"), newline=None).getvalue()
    except OSError as error:
        raise UserError(
            f"{path} cannot be read ({error.strerror}): give a text file",
            f"无法读取 {path}（{error.strerror}）：请给出一个文本文件",
        ) from None
    except UndecodableError as error:
        raise UserError(
            f"{path} is no text ({error}): give a text file", f"{path} 不是文本（{error}）：请给出一个文本文件"
        ) from None
