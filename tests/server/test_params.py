"""Params of the wrong shape: the field as the client wrote it, why, and never what stood in it."""

from __future__ import annotations

from typing import Any

import pytest

from pi_server.errors import InvalidParams
from pi_server.protocol.messages import ChatParams, LoginStartParams, NoParams
from pi_server.protocol.methods import CLIENT_REQUESTS
from pi_server.server.params import validated

METHODS = {method.name: method for method in CLIENT_REQUESTS}
SECRET = "sk-ant-FAKE-canary"
MESSAGE = {"id": "m", "role": "user", "content": [{"type": "text", "text": "t"}], "createdAt": 1}


@pytest.mark.parametrize("params", [None, {}, [], (), [None], [{}], [{}, None]])
def test_no_params_in_every_shape(params: Any) -> None:
    assert validated(METHODS["pi/providers"], params) == NoParams()


@pytest.mark.parametrize("params", [[1], [""], [{}, 0], "x", "", 0, 1, False, True])
def test_params_that_are_no_object(params: Any) -> None:
    with pytest.raises(InvalidParams, match=r"^params: must be an object$"):
        validated(METHODS["pi/providers"], params)


@pytest.mark.parametrize("params", [[{"prompt": "p"}], [{"prompt": "p"}, None]])
def test_one_parameter_by_position(params: Any) -> None:
    """As vscode-jsonrpc writes a request whose optional cancellation token is left out."""
    assert validated(METHODS["pi/chat"], params) == ChatParams(prompt="p")


def test_null_members_and_a_lua_tables_idea_of_an_empty_list() -> None:
    params: dict[str, Any] = {
        "prompt": "p",
        "chatId": None,
        "context": {},
        "images": None,
        "ephemeral": None,
        "unknown": 1,
    }
    assert validated(METHODS["pi/chat"], params) == ChatParams(prompt="p")
    assert validated(METHODS["pi/login/start"], {"provider": "a", "method": None}) == LoginStartParams(provider="a")


@pytest.mark.parametrize(
    ("method", "params", "message"),
    [
        ("pi/chat", None, "prompt: is missing"),
        ("pi/chat", {"prompt": [SECRET]}, "prompt: must be a valid string"),
        ("pi/login/submit", {"loginId": "x", "code": {"a": SECRET}}, "code: must be a valid string"),
        ("pi/login/submit", {"loginId": ""}, "loginId: String should have at least 1 character; code: is missing"),
        ("pi/models", {"limit": 0}, "limit: must be greater than or equal to 1"),
        ("pi/models", {"limit": "5"}, "limit: must be a valid integer"),
        ("pi/models", {"limit": True}, "limit: must be a valid integer"),
        ("pi/models", {"refresh": SECRET}, "refresh: must be a valid boolean"),
        ("pi/models", {"refresh": "yes"}, "refresh: must be a valid boolean"),
        ("pi/chat", {"prompt": "p", "ephemeral": 1}, "ephemeral: must be a valid boolean"),
        ("pi/chat", {"prompt": "p", "maxOutputTokens": "5"}, "maxOutputTokens: must be a valid integer"),
        (
            "pi/chat",
            {"prompt": "p", "context": [{"uri": "u"}, {"uri": "u", "range": {"start": {"line": -1, "character": 0}}}]},
            "context[1].range.start.line: must be greater than or equal to 0; context[1].range.end: is missing",
        ),
        (
            "pi/chat",
            {"prompt": "p", "messages": [{**MESSAGE, "content": [{"type": SECRET}]}]},
            "messages[0].content[0]: has a type that does not exist here",
        ),
        (
            "pi/chat",
            {"prompt": "p", "messages": [{**MESSAGE, "content": [{"type": "text"}]}]},
            "messages[0].content[0].text: is missing",
        ),
        ("pi/chat", {"prompt": "p", "images": [{"mimeType": SECRET, "data": "x"}]}, "images[0].mimeType: String"),
        ("pi/chat", {"prompt": "p", "approval": SECRET}, "approval: must be 'readOnly', 'ask' or 'auto'"),
        ("pi/chat", {"prompt": "p", "context": [SECRET]}, "context[0]: must be an object"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_what_is_wrong_is_named(method: str, params: Any, message: str) -> None:
    with pytest.raises(InvalidParams) as raised:
        validated(METHODS[method], params)
    assert raised.value.message.startswith(message)
    assert SECRET not in f"{raised.value!r} {raised.value.data()} {raised.value.__cause__!r}"


def test_many_mistakes_make_a_short_answer() -> None:
    with pytest.raises(InvalidParams) as raised:
        validated(METHODS["pi/chat"], {"prompt": "p", "context": [1] * 1000})
    assert len(raised.value.message) < 200
