"""How text is drawn: the settings alone, which a command line reads without loading torch."""

from typing import Annotated

from pydantic import Field

from zaohua.settings import Settings


class Sampling(Settings):
    """How text is drawn: temperature, then top-k, then top-p (Holtzman et al. 2019)."""

    temperature: Annotated[float, Field(ge=0)] = 0.8
    """0 always takes the most probable token; 1 draws from the model's own distribution."""
    top_k: Annotated[int, Field(ge=0)] = 0
    """Draw among this many most probable tokens; 0: all."""
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Draw among the most probable tokens that together reach this probability, the one that crosses it included."""
    repetition_penalty: Annotated[float, Field(gt=0)] = 1.0
    """Above 1, tokens that already stand in the text become less probable (Keskar et al. 2019, section 4.1)."""
    max_new_tokens: Annotated[int, Field(ge=1)] = 256
    """Stop after this many tokens."""
    stop: tuple[str, ...] = ()
    """Texts that end the answer and are not part of it."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    """The same seed gives the same text."""
