"""Where and how a model is served."""

from typing import Annotated

from pydantic import Field

from zaohua.settings import Settings


class ServeSettings(Settings):
    """How a model is served, and to whom."""

    host: str = "127.0.0.1"
    """The address to listen on; others than this machine's own need --insecure-no-auth."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """The port to listen on; 0 takes any free one."""
    insecure_no_auth: bool = False
    """Listen on an address that other machines reach, though anyone there can then use the model."""
    waiting: Annotated[int, Field(ge=1, le=10_000)] = 64
    """Requests that may wait for the model; further ones are told to come back."""
    drain_seconds: Annotated[float, Field(ge=0, le=3600)] = 30.0
    """At the end, how long answers being written may take to finish."""
