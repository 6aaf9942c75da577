"""What is read, how it is cleaned, and what is held out."""

import codecs
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from zaohua.corpus.comparison import Boilerplate, Decontamination, NearDuplicates
from zaohua.corpus.formats.settings import ReadingSettings
from zaohua.corpus.normalize import Normalisation
from zaohua.corpus.presets import RuleSettings
from zaohua.corpus.web import WebSettings
from zaohua.settings import SettingError, Settings

SMALLEST = 2000
"""Characters below which nothing can be learned: a few hundred tokens, their held-out tenth a sentence or two."""


class RunnerSettings(Settings):
    """Where the work is done; no result depends on it."""

    runner: Literal["local", "ray"] = "local"
    """Processes of this machine, or a Ray cluster (needs the extra `ray`)."""

    workers: Annotated[int, Field(ge=0, le=4096)] | None = None
    """Processes at once; 0 works in this process. Unset: one for each core that it may use, 0 for little text."""

    address: str | None = None
    """Of a running Ray cluster; unset: one on this machine is started and ended."""

    memory: Annotated[int, Field(ge=100_000_000)] | None = None
    """Bytes that all tasks running at once may take, as estimated; unset: those of the machine or the container, and on
    Ray no bound but each node's own."""

    @model_validator(mode="after")
    def _has_workers(self) -> "RunnerSettings":
        if self.runner == "ray" and self.workers == 0:
            raise SettingError(
                "Ray needs workers: leave out workers, or give at least 1",
                "Ray 需要工作进程：请去掉 workers，或至少给 1",
            )
        return self


class AddressSettings(Settings):
    """Texts with an address that are not wanted; those without one are never removed for it."""

    domains: str | None = None
    """A file of domains, one a line, `#` before comments (or a hosts file): their pages, and those of all below them,
    are removed."""

    words: tuple[str, ...] = ()
    """A page is removed when one of these stands anywhere in its address."""

    soft_words: tuple[str, ...] = ()
    """A page is removed when two of these are words of its address."""


class CorpusSettings(ReadingSettings):
    """Which text, and how it becomes documents."""

    sources: tuple[str, ...] = ()
    """Files, folders (with all below them), globs and archives; https:// pages, sitemaps, hf:NAME if `web.allowed`; or
    an embedded world such as microworld:small."""

    web: WebSettings = WebSettings()

    mojibake: bool = True
    """Repair text that was read in a wrong encoding where that is certain, and set aside what cannot be repaired."""

    rejoin: bool = True
    """Join lines of text that was wrapped at a width, as e-books are, into paragraphs; verse, lists and code stay."""

    normalise: Normalisation = Normalisation()

    addresses: AddressSettings = AddressSettings()

    languages: tuple[str, ...] = ()
    """Keep only documents in these languages, by code such as zh, en, yue; none given: all."""

    rules: RuleSettings = RuleSettings()

    min_characters: Annotated[int, Field(ge=1)] = 8
    """Shorter documents are removed (characters after cleaning)."""

    duplicates: Literal["none", "exact", "near"] = "near"
    """Which repeats are removed: none, texts equal but for case, spacing, punctuation and script, or nearly equal ones
    too."""

    near: NearDuplicates = NearDuplicates()

    boilerplate: Boilerplate = Boilerplate()

    evaluations: tuple[str, ...] = ()
    """Files of texts that models will be tested on; documents that hold one are removed, or cut."""

    decontaminate: Decontamination = Decontamination()

    privacy: bool = True
    """Put placeholders (EMAIL, PHONE, … in angle brackets) for what identifies a person or opens a door."""

    heldout: Annotated[float, Field(ge=0.001, le=0.5)] = 0.1
    """Share of the text (of its UTF-8 bytes) that is kept from training and measured on."""

    split: Literal["auto", "tail"] = "auto"
    """What is held out: `auto` whole documents chosen by a hash, and the end of any document too large for that;
    `tail` the end of each file, cut at a line."""

    sample: Annotated[int, Field(ge=1)] | None = None
    """Read only some so many texts, the first of files from all over the sources, for a quick look; unset: all."""

    salt: str = ""
    """Another salt holds out other documents."""

    run: RunnerSettings = RunnerSettings()

    @field_validator("encoding")
    @classmethod
    def _known(cls, name: str | None) -> str | None:
        try:
            return None if name is None else codecs.lookup(name).name
        except LookupError:
            raise SettingError(
                f"unknown encoding {name!r}: give one such as utf-8, gb18030, big5 or utf-16",
                f"未知的编码 {name!r}：请给出如 utf-8、gb18030、big5 或 utf-16 的编码",
            ) from None
