"""Hostile requests: every answer is a well-formed error that names what is wrong, and never a fault of the server's."""

import json

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zaohua.server.app import Served
from zaohua.server.errors import ApiError
from zaohua.server.guard import HEADERS
from zaohua.server.openai import ChatRequest, CompletionRequest, read_body

CHAT = {"model": "small-world", "messages": [{"role": "user", "content": "a"}], "max_tokens": 1}
TEXT = {"model": "small-world", "prompt": "a", "max_tokens": 1}


@pytest.fixture(scope="module")
def web(server):
    with httpx.Client(base_url=server.address, timeout=30) as client:
        yield client


def error_of(answer, status):
    assert answer.status_code == status, answer.text
    (error,) = answer.json().values()
    assert set(error) == {"message", "type", "param", "code"}
    assert error["message"]
    return error


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"temperature": 2.5}, "temperature"),
        ({"temperature": "1"}, "temperature"),
        ({"temperature": True}, "temperature"),
        ({"top_p": -0.1}, "top_p"),
        ({"n": 0}, "n"),
        ({"n": 9}, "n"),
        ({"n": 1.5}, "n"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"seed": 2**63}, "seed"),
        ({"stop": ["a"] * 5}, "stop"),
        ({"stop": [""]}, "stop[0]"),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"stream": True, "stream_options": {"usage": True}}, "stream_options.usage"),
        ({"model": 3}, "model"),
        ({"temprature": 1}, "temprature"),
    ],
)
def test_what_is_wrong_is_named(web, change, param):
    for path, body in (("/v1/chat/completions", CHAT), ("/v1/completions", TEXT)):
        error = error_of(web.post(path, json=body | change), 400)
        assert error["param"] == param
        assert param in error["message"]
        assert error["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": [{"role": "robot", "content": "a"}]}, "messages[0].role"),
        ({"messages": [{"role": "tool", "content": "a"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": None}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": "a", "name": "b"}]}, "messages[0].name"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages[0].content[0].type"),
        ({"messages": [{"role": "user", "content": "a"}, {"role": "system", "content": "b"}]}, "messages"),
        ({"messages": [{"role": "assistant", "content": "a"}]}, "messages"),
        ({"logprobs": True, "top_logprobs": 21}, "top_logprobs"),
        ({"top_logprobs": 2}, "top_logprobs"),
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"presence_penalty": 0.5}, "presence_penalty"),
        ({"logit_bias": {"1": 1}}, "logit_bias"),
        ({"store": True}, "store"),
        ({"store": 0}, "store"),
    ],
)
def test_chat_refuses_what_it_would_not_do(web, change, param):
    assert error_of(web.post("/v1/chat/completions", json=CHAT | change), 400)["param"] == param


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"prompt": 3}, "prompt"),
        ({"prompt": ["a", 1]}, "prompt[1]"),
        ({"prompt": [[1], ["a"]]}, "prompt[1][0]"),
        ({"prompt": [10**6]}, "prompt[0]"),
        ({"prompt": [-1]}, "prompt[0][0]"),
        ({"prompt": ["a"] * 65}, "prompt"),
        ({"prompt": ["a"] * 33, "n": 4}, "n"),
        ({"n": 3, "best_of": 2}, "best_of"),
        ({"best_of": 3, "stream": True}, "best_of"),
        ({"logprobs": 6}, "logprobs"),
        ({"suffix": "b"}, "suffix"),
    ],
)
def test_completion_refuses_what_it_would_not_do(web, change, param):
    assert error_of(web.post("/v1/completions", json=TEXT | change), 400)["param"] == param


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"model": "small-world", "prompt": "\\ud800"}',
        b'{"model": "small-world", "prompt": "a", "temperature": NaN}',
        b'{"model": "small-world", "prompt": "a", "temperature": 1e400}',
        b'{"model": "small-world", "prompt": "a", "n": 1' + b"0" * 10_000 + b"}",
    ],
    ids=lambda body: repr(body[:20]),
)
def test_a_body_that_is_no_request_is_400(web, body):
    for path in ("/v1/chat/completions", "/v1/completions"):
        assert error_of(web.post(path, content=body), 400)["message"]


def test_a_body_beyond_the_limit_is_413_whether_or_not_it_says_its_length(web):
    big = b" " * 2_000_001
    assert error_of(web.post("/v1/completions", content=big), 413)["code"] == "request_too_large"
    assert error_of(web.post("/v1/completions", content=iter([big])), 413)["code"] == "request_too_large"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(sorted({*ChatRequest.model_fields, *CompletionRequest.model_fields, *ChatRequest.UNSUPPORTED}))


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(NAMES | st.text(max_size=9), JSON, max_size=4), st.sampled_from([ChatRequest, CompletionRequest])
)
def test_any_json_is_a_request_or_a_400(changes, kind):
    body = json.dumps((CHAT if kind is ChatRequest else TEXT) | changes).encode()
    status = 200
    try:
        read_body(kind, body)
    except ApiError as error:
        status = error.status
    assert status in (200, 400)


@settings(max_examples=10, deadline=None)
@given(st.dictionaries(NAMES | st.text(max_size=9), JSON, min_size=1, max_size=3))
def test_no_request_is_a_fault_of_the_server(web, changes):
    for path, body in (("/v1/chat/completions", CHAT), ("/v1/completions", TEXT)):
        answer = web.post(path, content=json.dumps(body | changes))
        if answer.status_code != 200:
            assert answer.status_code in (400, 404)
            assert error_of(answer, answer.status_code)["message"]


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "", "[::1", "a@b"]
)
def test_a_foreign_name_is_refused(web, host):
    for path in ("/", "/health", "/v1/models"):
        assert error_of(web.get(path, headers={"Host": host}), 403)["code"] == "host_not_allowed"


@pytest.mark.parametrize("host", ["localhost", "localhost:1234", "LOCALHOST", "127.0.0.1", "[::1]:8000", "192.168.1.5"])
def test_the_servers_own_names_and_addresses_are_answered(web, host):
    assert web.get("/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "",
        "http://localhost.evil.example",
        "http://203.0.113.5",
        "http://127.0.0.1",
        "http://127.0.0.1:1",
        "http://[",
        "http://[::1",
    ],
)
def test_a_page_from_elsewhere_may_not_ask(web, origin):
    assert error_of(web.post("/v1/completions", json=TEXT, headers={"Origin": origin}), 403)["message"]


def test_a_page_from_the_same_machine_but_another_name_may_not_ask(web, server):
    origin = server.address.replace("127.0.0.1", "localhost")
    assert error_of(web.post("/v1/completions", json=TEXT, headers={"Origin": origin}), 403)["message"]
    own = {"Origin": origin, "Host": origin.removeprefix("http://")}
    assert web.post("/v1/completions", json=TEXT, headers=own).status_code == 200


def test_the_servers_own_page_may_ask(web, server):
    answer = web.post("/v1/completions", json=TEXT, headers={"Origin": server.address})
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "path", ["/nothing", "/v1", "/openapi.json", "/docs", "/../app.py", "/%2e%2e/app.py", "/page.js/"]
)
def test_an_unknown_path_is_404(web, path):
    assert error_of(web.get(path), 404)["message"]


def test_a_wrong_method_is_405(web):
    assert error_of(web.get("/v1/completions"), 405)["message"]


def test_a_fault_is_a_well_formed_error_with_the_headers_of_every_answer(web, monkeypatch):
    usual = web.get("/health").headers

    def fault(_):
        raise RuntimeError("secret detail")

    monkeypatch.setattr(Served, "card", fault)
    answer = web.get("/v1/models")
    assert "secret" not in error_of(answer, 500)["message"]
    for name in HEADERS:
        assert answer.headers[name] == usual[name]
    assert len(answer.headers["x-request-id"]) == 32
