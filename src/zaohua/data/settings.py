"""How text becomes token shards."""

from pydantic import Field

from zaohua.settings import Settings


class TokensSettings(Settings):
    """How the corpus is laid down as ids."""

    shard_tokens: int = Field(default=64 * 2**20, ge=1024)
    """Tokens in one shard file; 64 Mi tokens are 128 MiB where an id takes two bytes."""
