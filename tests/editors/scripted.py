"""A server that says what a scenario tells it to: for flows that the real server has no provider for, and for its
misbehaviour. Run as a program by an editor.

In: `scripted.py SCENARIO RECORD PROMPTER`, the first JSON `{method: [reply, …]}`. A reply has `result` or `error`, and
`before` and `after`, messages around it; `$turnId` in it stands for the request's, and `$inFifteenMinutes` for that
time in Unix milliseconds. The last reply of a method is repeated.
Once it is initialized, a test makes it talk by the lines that it writes into the pipe PROMPTER, each a message, and die
by `test/die` there.
Out: every message it got, as a line in RECORD. Never here: judgement.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

INITIALIZE = {
    "result": {
        "capabilities": {
            "experimental": {"pi": {"protocolVersion": 1, "serverVersion": "9.9", "methods": [], "providers": []}}
        }
    }
}
NOTHING: dict[str, list[Any]] = {"models": [], "chats": [], "providers": []}
DEFAULTS: dict[str, list[dict[str, Any]]] = {
    "initialize": [INITIALIZE],
    "pi/models": [{"result": {"models": [], "defaultModel": None, "nextCursor": None, "stale": False}}],
    "pi/providers": [{"result": NOTHING}],
    "shutdown": [{"result": None}],
}
TALKING = threading.Lock()
INITIALIZED = threading.Event()


def read() -> dict[str, Any] | None:
    length = 0
    while (line := sys.stdin.buffer.readline()) not in (b"\r\n", b""):
        length = int(line.split(b":")[1])
    body = sys.stdin.buffer.read(length)
    return dict(json.loads(body)) if body else None


def write(message: dict[str, Any]) -> None:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    with TALKING:
        sys.stdout.buffer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        sys.stdout.buffer.flush()


def main() -> None:
    scenario = {**DEFAULTS, **json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))}
    threading.Thread(target=prompted, args=(Path(sys.argv[3]),), daemon=True).start()
    with Path(sys.argv[2]).open("a", encoding="utf-8", buffering=1) as record:
        while message := read():
            record.write(json.dumps(message) + "\n")
            if message.get("method") == "exit":
                os._exit(0)
            if message.get("method") == "initialized":
                INITIALIZED.set()
            if "method" in message and "id" in message:
                answer(scenario, message)


def prompted(prompter: Path) -> None:
    INITIALIZED.wait()
    with prompter.open(encoding="utf-8") as lines:
        for line in lines:
            said = json.loads(line)
            if said.get("method") == "test/die":
                os._exit(3)
            write(said)


def answer(scenario: dict[str, Any], message: dict[str, Any]) -> None:
    params = message.get("params") or {}
    replies = scenario.get(message["method"], [{"error": {"code": -32601, "message": "no such method"}}])
    reply = replies.pop(0) if len(replies) > 1 else replies[0]
    text = json.dumps(reply).replace("$turnId", str(params.get("turnId", "")))
    reply = json.loads(text.replace('"$inFifteenMinutes"', str(time.time_ns() // 1_000_000 + 900_000)))
    for said in reply.get("before", ()):
        write(said)
    if not reply.get("silent"):
        write({"id": message["id"], **{name: reply[name] for name in ("result", "error") if name in reply}})
    for said in reply.get("after", ()):
        write(said)


if __name__ == "__main__":
    main()
