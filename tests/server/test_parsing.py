from __future__ import annotations

from typing import Any

import pytest

from pi_server.server.parsing import Malformed, read

CALL = '{"jsonrpc":"2.0","id":1,"method":"m"'


@pytest.mark.parametrize(
    ("body", "code", "message_id"),
    [
        (b"", -32700, None),
        (b"{", -32700, None),
        (b"nonsense", -32700, None),
        (b'{"jsonrpc":"2.0","id":1,"method":"\xff"}', -32700, None),
        ('{"jsonrpc":"2.0","id":1,"method":"m"}'.encode("utf-16"), -32700, None),
        (b"\xef\xbb\xbf" + b'{"jsonrpc":"2.0","id":1,"method":"m"}', -32700, None),
        (CALL.encode() + b',"params":{"x":NaN}}', -32700, None),
        (CALL.encode() + b',"params":{"x":-Infinity}}', -32700, None),
        (CALL.encode() + b',"params":{"x":1e999}}', -32700, None),
        (CALL.encode() + b',"params":{"x":' + b"1" * 5000 + b"}}", -32700, None),
        (b"[" * 200_000, -32700, None),
        (b'{"a":' * 200_000 + b"1" + b"}" * 200_000, -32700, None),
        (CALL.encode() + b',"params":' + b"[" * 200 + b"]" * 200 + b"}", -32700, None),
        (b"[]", -32600, None),
        (b'[{"jsonrpc":"2.0","id":1,"method":"m"}]', -32600, None),
        (b"1", -32600, None),
        (b"null", -32600, None),
        (b'"text"', -32600, None),
        (b"{}", -32600, None),
        (b'{"id":7,"method":"m"}', -32600, 7),
        (b'{"jsonrpc":"1.0","id":"x","method":"m"}', -32600, "x"),
        (b'{"jsonrpc":2.0,"id":"x","method":"m"}', -32600, "x"),
        (b'{"jsonrpc":"2.0","id":7,"method":1}', -32600, 7),
        (b'{"jsonrpc":"2.0","id":7,"method":null}', -32600, 7),
        (b'{"jsonrpc":"2.0","id":7}', -32600, 7),
        (b'{"jsonrpc":"2.0","id":null,"method":"m"}', -32600, None),
        (b'{"jsonrpc":"2.0","id":1.5,"method":"m"}', -32600, None),
        (b'{"jsonrpc":"2.0","id":true,"method":"m"}', -32600, None),
        (b'{"jsonrpc":"2.0","id":{},"method":"m"}', -32600, None),
        (b'{"jsonrpc":"2.0","id":7,"method":"m","params":5}', -32602, 7),
        (b'{"jsonrpc":"2.0","id":7,"method":"m","params":"x"}', -32602, 7),
        (b'{"jsonrpc":"2.0","method":"m","params":5}', -32600, None),
    ],
)
def test_what_is_no_message(body: bytes, code: int, message_id: Any) -> None:
    with pytest.raises(Malformed) as caught:
        read(body)
    assert (caught.value.code, caught.value.id) == (code, message_id)


@pytest.mark.parametrize("params", ["", ',"params":null', ',"params":{}', ',"params":[]'])
def test_no_params_is_said_in_four_ways(params: str) -> None:
    assert read(f"{CALL}{params}}}".encode()) == {"jsonrpc": "2.0", "id": 1, "method": "m", "params": {}}


def test_nesting_that_people_use_is_fine() -> None:
    assert read(CALL.encode() + b',"params":{"x":' + b"[" * 100 + b"]" * 100 + b"}}")["id"] == 1


def test_brackets_in_text_are_not_nesting() -> None:
    assert read(CALL.encode() + b',"params":{"x":"' + b"[" * 5000 + b'"}}')["id"] == 1
