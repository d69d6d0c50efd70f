"""What a window writes into its log hides what the server's log hides, and leaves the rest as it is."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from pi_server.errors import CODES
from pi_server.redaction import redact
from tests.editors.vscode.server import EXTENSION
from tests.test_redaction import HEADERS, NAMES, OPTIONS, SHAPELESS, TOKENS, command_lines, embeddings, header_dumps

REDACT = """
import { redact } from './src/server/redaction.ts';
import { json } from 'node:stream/consumers';
console.log(JSON.stringify((await json(process.stdin)).map(redact)));
"""
PASSWORDS = ["FAKE", "F@K:#E"]
PLAIN = [
    "He was the bearer of bad news, a basic responsibility.",
    "chatId=0f8fad5b-d9cd-469f-a165-70867728950e turnId=turn-7f3a",
    '{"state": "awaitingCode", "loginId": "login-0123456789abcdef01234567"}',
    "issue owner/name#1234 and C# and a#b",
    "https://host.test/@person/x, git@host.test:a/b.git",
    "a:b@host, pull image:tag@sha256:12ab34, http://a.test:80 b@c.test:80",
    "see --token FILE, --api-key; --token is required; the x-api-key header",
    *(json.dumps({"code": code}) for code in CODES),
]


def test_both_find_the_same(node: Path) -> None:
    secrets = [*TOKENS, *SHAPELESS, "Bearer FAKE0canary-abcDEF", "Basic RkFLRTpjYW5hcnk9"]
    named = [text for name in NAMES for secret in secrets for text in embeddings(name, secret)]
    headers = [text for name in HEADERS for secret in secrets for text in header_dumps(name, secret)]
    addresses = [f"{scheme}://canary:{word}@proxy.test/x" for scheme in ("http", "socks5h") for word in PASSWORDS]
    addresses += [f"canary:{word}@{host}" for word in PASSWORDS for host in ("proxy.test:3128", "[::1]:80")]
    commands = [text for option in OPTIONS for secret in secrets for text in command_lines(option, secret)]
    texts = [*TOKENS, *named, *headers, *addresses, *commands, *PLAIN, "\n".join(named[:50])]
    command = [str(node / "node"), "--input-type=module", "-e", REDACT]
    said = subprocess.run(command, cwd=EXTENSION, input=json.dumps(texts), capture_output=True, text=True, check=True)
    assert dict(zip(texts, json.loads(said.stdout), strict=True)) == {text: redact(text) for text in texts}
