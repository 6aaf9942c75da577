"""A family of model folders: how its config.json and its weights' names become ours, and back."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from zaohua.model.config import TransformerConfig
from zaohua.settings import SettingError, UserError


class Transposed(tuple[str, ...]):
    """Our names behind one tensor of theirs, which is split in equal parts; GPT-2 stores its matrix as (in, out)."""


# A row of a table of names: their name, without the body's prefix and with {} for the layer, to ours; it holds for the
# weight and the bias. None is known and without meaning: a buffer.
Row = str | Transposed | None
KINDS: dict[str, Any] = {
    field.name: field.type for field in fields(TransformerConfig) if field.type in (int, float, bool)
}
NOUNS = {int: ("a whole number", "整数"), float: ("a number", "数"), bool: ("true or false", "真假值（true 或 false）")}
LIMITS = {"layers": 4096, "heads": 4096, "kv_heads": 4096, "dim": 2**17, "head_dim": 2**17, "ffn_dim": 2**20}
LARGEST = 2**24


class Weight(NamedTuple):
    """One tensor of a file and the parameters of ours that it holds, one after the other."""

    theirs: str
    ours: tuple[str, ...]
    transposed: bool


@dataclass(frozen=True, kw_only=True)
class Family:
    """`keys` maps each setting of theirs to ours and to its value in files that leave it out.

    There None means that it must not be left out, and 0 that the size then follows from the others, as for a null.
    """

    model_type: str
    architecture: str
    prefix: str  # of the names of the body's weights
    names: Mapping[str, Row]
    keys: Mapping[str, tuple[str, Any]]
    activations: Mapping[str, str]  # theirs -> our `mlp`; the first of ours to match is written
    constants: Mapping[str, Any]  # our settings that hold for all of the family
    refused: Mapping[str, Any]  # their settings that we have only with this value
    read_more: Callable[[Mapping[str, Any]], dict[str, Any]] = lambda theirs: {}
    write_more: Callable[[TransformerConfig], dict[str, Any]] = lambda config: {}

    def read(self, theirs: Mapping[str, Any]) -> TransformerConfig:
        """config.json's mapping -> our config; raises UserError naming what is missing, refused or impossible."""
        for key, allowed in {"quantization_config": None, "rope_scaling": None, **self.refused}.items():
            if theirs.get(key, allowed) != allowed:
                raise UserError(
                    f"{key} is {theirs[key]!r}, but for {self.model_type} models only {allowed!r} is supported: "
                    "take another model",
                    f"{key} 的值为 {theirs[key]!r}，而 {self.model_type} 模型只支持 {allowed!r}：请换一个模型",
                )
        ours = dict(self.constants)
        for key, (field, default) in self.keys.items():
            ours[field] = self._translate(key, field, theirs.get(key, default), default)
        ours |= self.read_more(theirs)
        try:
            return TransformerConfig(**ours)
        except SettingError as error:
            raise UserError(
                f"it describes no possible {self.model_type} model: {error.english}",
                f"其中描述的 {self.model_type} 模型不可能存在：{error.chinese}",
            ) from None

    def write(self, config: TransformerConfig) -> dict[str, Any]:
        """Our config -> config.json's mapping; what the family cannot say is lost (`family_of` looks for that)."""
        names = {ours: theirs for theirs, ours in reversed(list(self.activations.items()))}
        theirs: dict[str, Any] = {"architectures": [self.architecture], "model_type": self.model_type}
        for key, (field, _) in self.keys.items():
            value = getattr(config, field)
            theirs[key] = names.get(value, value) if field == "mlp" else value
        return theirs | dict(self.refused) | self.write_more(config)

    def weights(self, config: TransformerConfig, ours: Collection[str]) -> Iterator[Weight]:
        """Every tensor of a file for this config, whose parameters are called `ours`."""
        for name, row in self.names.items():
            targets = (row,) if isinstance(row, str) else row or ()
            for layer in range(config.layers) if "{}" in name else (0,):
                for leaf in (".weight", ".bias") if targets else ():
                    parts = tuple(target.format(layer) + leaf for target in targets)
                    if parts[0] in ours:
                        prefix = "" if name == "lm_head" else self.prefix
                        yield Weight(prefix + name.format(layer) + leaf, parts, isinstance(row, Transposed))

    def _translate(self, key: str, field: str, value: Any, default: Any) -> int | float | str:
        """One value of theirs as ours, checked before anything is sized by it."""
        kind: Any = KINDS.get(field)
        if value is None:
            if kind is int and default == 0:
                return 0
            raise UserError(
                f"{key} is missing; a {self.model_type} model needs it", f"缺少 {key}，{self.model_type} 模型需要它"
            )
        if field == "mlp":
            if value not in self.activations:
                raise UserError(
                    f"{key} is {value!r}; it must be one of {', '.join(self.activations)}",
                    f"{key} 的值为 {value!r}，应是以下之一：{'、'.join(self.activations)}",
                )
            return self.activations[value]
        right = isinstance(value, int | float) if kind is float else isinstance(value, kind)
        if not right or (kind is not bool and isinstance(value, bool)):
            english, chinese = NOUNS[kind]
            raise UserError(f"{key} is {value!r}; it must be {english}", f"{key} 的值为 {value!r}，应是{chinese}")
        lowest, highest = (0 if default == 0 else 1), LIMITS.get(field, LARGEST)
        if kind is int and not lowest <= value <= highest:
            raise UserError(
                f"{key} is {value}; it must be from {lowest} to {highest}",
                f"{key} 的值为 {value}，应在 {lowest} 到 {highest} 之间",
            )
        return float(value) if kind is float else value
