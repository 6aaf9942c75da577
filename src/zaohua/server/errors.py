"""Errors as OpenAI's clients read them: always {"error": {message, type, param, code}}."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

BRANCHES = {"texts", "ids"}
"""Names of a union's branches, which stand in pydantic's paths and mean nothing to a caller."""
KINDS = {404: "not_found_error", 429: "rate_limit_error"}


class ApiError(Exception):
    """An answer that is an error: its HTTP status, a sentence, the field it is about and a code for programs."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.param, self.code = status, message, param, code
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        return error_body(self.status, self.message, param=self.param, code=self.code)


def error_body(status: int, message: str, *, param: str | None = None, code: str | None = None) -> dict[str, Any]:
    """The error object, with all four keys as OpenAI's specification demands."""
    kind = KINDS.get(status, "invalid_request_error" if status < 500 else "server_error")
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def refusal(field: str, said: str, *, code: str = "invalid_value") -> PydanticCustomError:
    """What a validator raises about one of its model's fields ("": the field being validated)."""
    return PydanticCustomError("refused", "{said}", {"field": field, "said": said, "code": code})


def malformed(error: ValidationError) -> ApiError:
    """The first thing that is wrong with a request's body, as a 400 that names the field."""
    problem = error.errors(include_url=False, include_input=False)[0]
    about = problem.get("ctx", {})
    path = problem["loc"] + ((about["field"],) if about.get("field") and problem["type"] == "refused" else ())
    param, code = field_name(path), "invalid_value"
    match problem["type"]:
        case "json_invalid":
            return ApiError(400, f"the body is not valid JSON: {problem['msg'].removeprefix('Invalid JSON: ')}")
        case "extra_forbidden":
            message, code = f"unknown parameter: {param}", "unknown_parameter"
        case "missing":
            message, code = f"missing required parameter: {param}", "missing_required_parameter"
        case kind:
            message, code = f"{param or 'the body'}: {problem['msg']}", about["code"] if kind == "refused" else code
    return ApiError(400, message, param=param, code=code)


def field_name(path: Sequence[int | str]) -> str | None:
    """A field's place as people write it: messages[0].content."""
    name = ""
    for part in path:
        if isinstance(part, int):
            name += f"[{part}]"
        elif part not in BRANCHES:
            name += f".{part}" if name else part
    return name[:200] or None
