"""What clients may send: OpenAI's request bodies, strict and bounded; nothing in them is dropped without a word."""

from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from zaohua.server.errors import malformed, refusal

MAX_CHOICES = 8
MAX_STOPS = 4
MAX_PROMPTS = 64
MAX_TOKENS = 1_000_000

Stop = Annotated[str, Field(min_length=1, max_length=256)]
TokenId = Annotated[int, Field(ge=0, lt=2**31)]
Texts = Annotated[list[str], Tag("texts")]
Ids = Annotated[list[list[TokenId]], Tag("ids")]


class Wire(BaseModel):
    """Part of a body. An explicit null means "not given", as OpenAI's specification has it."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

    UNSUPPORTED: ClassVar[dict[str, tuple[Any, ...]]] = {}
    """Fields that OpenAI defines and this server does not act on, with the values that ask for nothing anyway."""
    NO_EFFECT: ClassVar[frozenset[str]] = frozenset()
    """Fields that describe the caller and never the answer; they are named in the header X-Ignored-Params."""

    @model_validator(mode="before")
    @classmethod
    def only_what_is_given(cls, data: Any, info: ValidationInfo) -> Any:
        """Leave out nulls and what asks for nothing; refuse what this server would not do."""
        if not isinstance(data, dict):
            return data
        ignored = info.context["ignored"] if info.context else []
        given = {}
        for key, value in data.items():
            if key in cls.NO_EFFECT and value is not None:
                ignored.append(key)
            elif key in cls.UNSUPPORTED and value is not None:
                if not any(value == neutral and type(value) is type(neutral) for neutral in cls.UNSUPPORTED[key]):
                    raise refusal(key, "this server does not support it", code="unsupported_parameter")
            elif value is not None:
                given[key] = value
        return given


class StreamOptions(Wire):
    """How a stream is sent."""

    NO_EFFECT = frozenset({"include_obfuscation"})

    include_usage: bool = False
    """Whether one more chunk with the token counts comes before the end."""


class GenerationRequest(Wire):
    """What chat and completion requests have in common."""

    model: str = Field(min_length=1, max_length=256)
    temperature: float = Field(default=1.0, ge=0.0, le=2.0)
    """0 always takes the likeliest token."""
    top_p: float = Field(default=1.0, ge=0.0, le=1.0)
    n: int = Field(default=1, ge=1, le=MAX_CHOICES)
    """How many answers."""
    stop: list[Stop] = Field(default=[], max_length=MAX_STOPS)
    """A string or up to four at which an answer ends; they are not part of it."""
    seed: int | None = Field(default=None, ge=-(2**63), lt=2**63)
    """The same seed gives the same answer."""
    max_tokens: int | None = Field(default=None, ge=0, le=MAX_TOKENS)
    stream: bool = False
    stream_options: StreamOptions | None = None

    @property
    def include_usage(self) -> bool:
        return self.stream_options is not None and self.stream_options.include_usage

    @field_validator("stop", mode="before")
    @classmethod
    def one_stop_is_a_list_of_one(cls, stop: Any) -> Any:
        return [stop] if isinstance(stop, str) else stop

    @model_validator(mode="after")
    def options_belong_to_a_stream(self) -> "GenerationRequest":
        if self.stream_options is not None and not self.stream:
            raise refusal("stream_options", "it is for stream: true")
        return self


class CompletionRequest(GenerationRequest):
    """POST /v1/completions."""

    UNSUPPORTED = {"suffix": ("",), "logit_bias": ({},), "presence_penalty": (0, 0.0), "frequency_penalty": (0, 0.0)}
    NO_EFFECT = frozenset({"user"})

    prompt: Annotated[Texts | Ids, Discriminator(lambda prompts: _kind_of(prompts)), Field(max_length=MAX_PROMPTS)] = [
        ""
    ]
    """Text, texts, token ids or lists of token ids; each prompt is continued on its own."""
    best_of: int | None = Field(default=None, ge=1, le=MAX_CHOICES)
    """How many candidates are written, of which the n likeliest per token are returned; not with stream."""
    logprobs: int | None = Field(default=None, ge=0, le=5)
    """How many alternatives are listed at each token."""
    echo: bool = False
    """Whether the prompt is repeated before its continuation, with its own logprobs where they are asked for."""
    truncate_prompt_tokens: int | None = Field(default=None, ge=1, le=MAX_TOKENS)
    """Keep only this many last tokens of a prompt (an extension; vLLM has the same)."""

    @field_validator("prompt", mode="before")
    @classmethod
    def one_prompt_is_a_list_of_one(cls, prompt: Any) -> Any:
        alone = isinstance(prompt, str) or (isinstance(prompt, list) and (not prompt or isinstance(prompt[0], int)))
        return [prompt] if alone else prompt

    @model_validator(mode="after")
    def choices_fit(self) -> "CompletionRequest":
        if self.best_of is not None and self.best_of < self.n:
            raise refusal("best_of", "it must be at least n")
        if self.best_of is not None and self.best_of > self.n and self.stream:
            raise refusal("best_of", "above n it cannot be streamed")
        return self


class TextPart(Wire):
    """A part of a message's content; only text is understood."""

    type: Literal["text"]
    text: str


class Message(Wire):
    """One message of a conversation."""

    UNSUPPORTED = {
        "name": (),
        "refusal": (),
        "audio": (),
        "function_call": (),
        "tool_calls": ([],),
        "tool_call_id": (),
        "annotations": ([],),
    }

    role: Literal["system", "developer", "user", "assistant"]
    content: list[TextPart] = Field(min_length=1, max_length=256)

    @field_validator("role", mode="before")
    @classmethod
    def tools_are_not_played(cls, role: Any) -> Any:
        """A part of OpenAI's protocol that is known here, so it is not just an invalid value."""
        if role in ("tool", "function"):
            raise refusal("", "this server does not support tools", code="unsupported_parameter")
        return role

    @field_validator("content", mode="before")
    @classmethod
    def a_string_is_one_part(cls, content: Any) -> Any:
        return [{"type": "text", "text": content}] if isinstance(content, str) else content

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.content)


class ChatRequest(GenerationRequest):
    """POST /v1/chat/completions."""

    UNSUPPORTED = {
        "audio": (),
        "frequency_penalty": (0, 0.0),
        "function_call": ("none", "auto"),
        "functions": ([],),
        "logit_bias": ({},),
        "modalities": (["text"],),
        "moderation": (),
        "parallel_tool_calls": (True, False),
        "prediction": (),
        "presence_penalty": (0, 0.0),
        "reasoning_effort": ("none",),
        "response_format": ({"type": "text"},),
        "store": (False,),
        "tool_choice": ("none", "auto"),
        "tools": ([],),
        "verbosity": (),
        "web_search_options": (),
    }
    NO_EFFECT = frozenset({
        "metadata",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "safety_identifier",
        "service_tier",
        "user",
    })  # fmt: skip

    messages: list[Message] = Field(min_length=1, max_length=2000)
    max_completion_tokens: int | None = Field(default=None, ge=0, le=MAX_TOKENS)
    """The newer name of max_tokens; where both are given the smaller counts."""
    logprobs: bool = False
    top_logprobs: int | None = Field(default=None, ge=0, le=20)

    @property
    def limit(self) -> int | None:
        return min((n for n in (self.max_tokens, self.max_completion_tokens) if n is not None), default=None)

    @property
    def alternatives(self) -> int | None:
        """How many alternatives to list at each token, or None for no logprobs."""
        return (self.top_logprobs or 0) if self.logprobs else None

    @model_validator(mode="after")
    def alternatives_need_logprobs(self) -> "ChatRequest":
        if self.top_logprobs is not None and not self.logprobs:
            raise refusal("top_logprobs", "it needs logprobs: true")
        return self


def _kind_of(prompts: Any) -> str:
    """Whether a list of prompts holds token ids or, like anything else, is taken for texts."""
    return "ids" if isinstance(prompts, list) and prompts and isinstance(prompts[0], list) else "texts"


Body = TypeVar("Body", bound=Wire)


def read_body(kind: type[Body], content: bytes) -> tuple[Body, list[str]]:
    """A request's body, and the fields given in it that have no effect; raises ApiError 400 naming what is wrong."""
    ignored: list[str] = []
    try:
        return kind.model_validate_json(content, context={"ignored": ignored}), sorted(set(ignored))
    except ValidationError as error:
        raise malformed(error) from None
