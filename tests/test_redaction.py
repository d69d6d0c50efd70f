"""No canary survives any embedding; what is no secret stays readable."""

from __future__ import annotations

import io
import json
import logging
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi_server.errors import CODES
from pi_server.redaction import MARK, RedactingFilter, clean_provider_message, redact

TOKENS = [
    "sk-ant-oat01-FAKE0canary_access-AAAABBBBCCCC-1234AA",
    "sk-ant-ort01-FAKE0canary_refresh-DDDDEEEE-5678AA",
    "sk-ant-api03-FAKE0canary_key-FFFFGGGG-9012AA",
    "sk-proj-FAKE0canary0000111122223333",
    "ghu_FAKE0canary0000111122223333",
    "github_pat_FAKE0canary_0000111122223333",
    "eyJGQUtFMGNhbmFyeSI6MX0.eyJGQUtFIjoyfQ.FAKE0canary-signature",
    "tid=FAKE0canary;exp=1800000000;sku=x;8kp=1:FAKE0canary9",
    "FAKE0canaryCODE-abcdefghij#FAKE0canarySTATE-klmnopqr",
    "AIzaFAKE0canary-0000111122223333444",
    "gsk_FAKE0canary0000111122223333",
    "xai-FAKE0canary0000111122223333",
    "xai-FAKE0canary0000111122223333-canary_FAKE",
    "hf_FAKE0canary0000111122223333",
]
SHAPELESS = ["FAKE0canary-abcDEF", "FAKE0canary0123456789abcdef", "FAKE0canary.with~odd_chars"]
LONG_NAMES = ["access_token", "refresh_token", "code_verifier", "api_key", "apiKey", "client_secret", "device_code"]
NAMES = [*LONG_NAMES, "code", "state", "refresh", "access", "key", "token"]


def embeddings(name: str, secret: str) -> list[str]:
    return [
        json.dumps({"a": 1, name: secret, "z": 2}),
        json.dumps({"outer": {name: secret}}, indent=2),
        json.dumps(json.dumps({name: secret})),
        json.dumps({name: secret}, separators=(",", ":")),
        json.dumps({name: secret})[:-3],
        repr({name: secret}),
        repr(json.dumps({name: secret}).encode()),
        f"Credential({name}='{secret}', expires=1)",
        f"https://host.test/callback?a=1&{urlencode({name: secret})}&b=2",
        f"https://host.test/callback#{urlencode({name: secret})}",
        f"{urlencode({name: secret})}&grant_type=x",
        quote(f"https://host.test/callback?{name}={secret}", safe=""),
        quote(json.dumps({name: secret}), safe=""),
    ]


HEADERS = ["authorization", "Authorization", "x-api-key", "X-Api-Key", "cookie", "Set-Cookie", "proxy-authorization"]


def header_dumps(name: str, secret: str) -> list[str]:
    return [
        f"{name}: {secret}\r\nhost: x\r\n",
        f"GET / HTTP/1.1\r\n{name}: {secret}\r\n\r\n",
        repr({name: secret}),
        repr([(name.encode(), secret.encode())]),
        f"Headers([('{name}', '{secret}')])",
        f"curl -H '{name}: {secret}' https://host.test",
        json.dumps({name: secret}),
    ]


def survives(text: str) -> bool:
    return any(piece in text for piece in ("FAKE", "canary", "RkFLRT"))


@pytest.mark.parametrize("token", TOKENS)
def test_a_token_is_found_by_its_own_shape(token: str) -> None:
    for text in (token, f"got {token}.", f"({token})", f"x={token}&y=1", repr(token), quote(token), f"Bearer {token}"):
        assert not survives(redact(text).replace("exp=1800000000", "")), text


@pytest.mark.parametrize("password", ["FAKEpw", "FAKE%20pw", "FAKE@canary", "FAKE:#?canary", "FAKE\\canary", ""])
@pytest.mark.parametrize("scheme", ["http", "https", "socks5h"])
def test_who_an_address_is_for_is_redacted_and_the_host_is_not(scheme: str, password: str) -> None:
    """Such as a proxy's in an environment variable or in an error of the client."""
    address = f"{scheme}://canary:{password}@proxy.test:8080/x"
    for text in (address, f"HTTPS_PROXY={address}", f"'{address}': refused", json.dumps({"proxy": address})):
        redacted = redact(text)
        assert not survives(redacted), redacted
        assert f"{scheme}://{MARK}@proxy.test:8080" in redacted
    assert not survives(redact(quote(address, safe="")))


@pytest.mark.parametrize("password", ["FAKEpw", "FAKE%20pw", "FAKE@canary", "FAKE:#?canary"])
def test_who_a_proxy_is_for_is_redacted_without_a_scheme_too(password: str) -> None:
    for host in ("proxy.test:3128", "127.0.0.1:80", "[::1]:3128"):
        for name in ("canary", "canary@company.test", "CANARY\\canary"):
            address = f"{name}:{password}@{host}"
            for text in (address, f"HTTPS_PROXY={address}", f"'{address}': refused", f"[{address}]", f"`{address}`"):
                redacted = redact(text)
                assert not survives(redacted), redacted
                assert f"{MARK}@{host}" in redacted
            assert not survives(redact(json.dumps({"proxy": address})))


@pytest.mark.parametrize("token", TOKENS)
def test_a_token_is_found_where_text_is_written_out(token: str) -> None:
    for text in (json.dumps(f"a\n{token}\tb"), repr(f"a\t{token}"), quote(f'"{token}"'), quote(f"a\n{token}")):
        assert not survives(redact(text)), (text, redact(text))


OPTIONS = ["--api-key", "--apikey", "--token", "--auth-token", "--client-secret", "-token", "x-api-key", "X-Api-Key"]
OPTIONS += ["--apiKey", "--api_key", "--API-KEY", "--openai-api-key", "--access-key", "--secret-key", "--password"]


def command_lines(option: str, secret: str) -> list[str]:
    return [
        f"wrapper {option} {secret} pi serve",
        f"wrapper {option} '{secret}' pi serve",
        json.dumps(["wrapper", option, secret, "serve"]),
        json.dumps(json.dumps(["wrapper", option, secret])),
        repr([option, secret]),
    ]


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("secret", [*TOKENS, *SHAPELESS, "FAKE!canary", "canary@FAKE:0", "@canary^FAKE"])
def test_a_secret_is_found_as_the_next_word_of_a_command(option: str, secret: str) -> None:
    for text in command_lines(option, secret):
        assert not survives(redact(text)), (text, redact(text))


@pytest.mark.parametrize(
    "text",
    [
        "https://host.test/@person/x",
        "mail me@host.test",
        "git@host.test:a/b.git",
        "http://a.test b@c.test",
        "http://",
        "a:b@host",
        "pull image:tag@sha256:12ab34",
        "http://a.test:80 b@c.test:80",
        "at 12:30 b@c.test:80",
    ],
)
def test_an_at_sign_elsewhere_stays(text: str) -> None:
    assert redact(text) is text


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("secret", [*TOKENS, *SHAPELESS])
def test_a_secret_is_found_by_the_name_before_it(name: str, secret: str) -> None:
    for text in embeddings(name, secret):
        assert not survives(redact(text)), (text, redact(text))


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize("secret", [*TOKENS, *SHAPELESS, "Bearer FAKE0canary-abcDEF", "Basic RkFLRTpjYW5hcnk9"])
def test_a_secret_is_found_in_a_header(name: str, secret: str) -> None:
    for text in header_dumps(name, secret):
        assert not survives(redact(text)), (text, redact(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Sign-in to Anthropic finished; 3 models are available",
        "He was the bearer of bad news, a basic responsibility.",
        "The bearer certificate. Basic understanding, please",
        "chat 0f8fad5b-d9cd-469f-a165-70867728950e ended",
        "chatId=0f8fad5b-d9cd-469f-a165-70867728950e turnId=turn-7f3a",
        '{"code": "login_required", "message": "Sign in first", "retryable": false}',
        '{"state": "awaitingCode", "loginId": "login-0123456789abcdef01234567"}',
        '{"jsonrpc": "2.0", "id": 1, "error": {"code": -32803}}',
        "state=ready code=rate_limited",
        "exit code 1; the key is under the mat; the state of the art: fine",
        "issue owner/name#1234 and C# and a#b",
        "claude-sonnet-4-5-20250929 at https://api.anthropic.com/v1/models?limit=1000",
        "expiresAt=1800000000000 accessed refreshed tokens: 1234",
        "inputTokens: 12, outputTokens: 34",
        "/home/me/.pi/agent/oauth.json has mode 0644",
        "usage: pi login [--api-key KEY] [--token FILE]; --token is required; --api-key --verbose",
        "pass --token <FILE-NAME>, --secret-key (see README-2) or --api_key $API_KEY_1; its x-api-key is unknown",
        "C:\\new\\task-list, 100%token, a key - the access-key of the door",
        "the x-api-key header, the hf_transformers cache, xai-grok and gsk_",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


def test_the_names_stay_so_that_a_log_can_be_read() -> None:
    assert redact('{"code": "FAKE-123", "state": "FAKE-4", "expires_in": 5}') == (
        f'{{"code": "{MARK}", "state": "{MARK}", "expires_in": 5}}'
    )
    assert redact("POST /token?code=FAKE-123&state=FAKE-4&n=1") == f"POST /token?code={MARK}&state={MARK}&n=1"
    assert redact("x-api-key: sk-ant-FAKE\r\naccept: */*") == f"x-api-key: {MARK}\r\naccept: */*"
    assert redact("Authorization: Bearer FAKE1234") == f"Authorization: {MARK}"


@pytest.mark.parametrize("code", CODES)
def test_the_codes_of_errors_stay(code: str) -> None:
    text = json.dumps({"code": code})
    assert redact(text) == text


@given(st.text())
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


@given(st.text(alphabet="abcdefgh XYZ.,;!?-", max_size=200))
def test_prose_stays(text: str) -> None:
    assert redact(text) == text


def test_a_long_text_takes_no_long_time() -> None:
    """Linear, whatever the text: these are the shapes that would make a careless pattern crawl."""
    pieces = ["a", "a-", "#", "x#", "=", '"', "\\", " ", "%22", "eyJ-", "key", "key:", 'key:"', "key ", "code=", "sk-"]
    pieces += ["-a", "a:", "a:@", "a:b@c", "--token ", "hf_", "AIza"]
    heads = ("", "Bearer ", "cookie", "authorization: ", 'code: "', "access", "#", "eyJ", "%3D")
    for piece in pieces:
        for head in heads:
            redact(head + piece * (20_000 // len(piece)) + head)


def logged(*args: object, exc: BaseException | None = None, message: str = "%s") -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(RedactingFilter())
    record = logging.LogRecord("x", logging.INFO, "f.py", 1, message, args, None)
    if exc is not None:
        record.exc_info = (type(exc), exc, exc.__traceback__)
    handler.handle(record)
    return stream.getvalue()


def test_a_log_line_loses_the_secrets_in_its_message_and_arguments() -> None:
    assert logged("code=FAKE-12345", {"k": 1}, message="posting %s %s") == f"posting code={MARK} {{'k': 1}}\n"


def test_a_log_line_loses_the_secrets_in_a_traceback_and_its_causes() -> None:
    error = RuntimeError(f"refresh_token={SHAPELESS[0]}")
    error.__cause__ = ValueError(TOKENS[0])
    text = logged("x", exc=error)
    assert "RuntimeError" in text
    assert "direct cause" in text
    assert not survives(text)


def test_arguments_that_do_not_fit_are_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    text = logged(TOKENS[0], message="%s %s %d")
    assert "do not fit" in text
    assert not survives(text + capsys.readouterr().err)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Rate limited", "Rate limited"),
        ("  two\r\nlines\tof\x00 text\x7f ", "two lines of text"),
        ("\x1b[31mred\x1b[0m \x1b]0;title\x07plain", "red plain"),
        ("\u202eevil\u200b text", "evil text"),
        ("bad token sk-ant-oat01-FAKE-1", f"bad token {MARK}"),
        ("split sk-ant-oat01-FA\u200bKE", f"split {MARK}"),
        ("<!DOCTYPE html><html>…", ""),
        ("  <html><body>x", ""),
        ("x" * 400, "x" * 299 + "…"),
        ("x" * 290 + " sk-ant-oat01-FAKE0canary", "x" * 290 + " [REDACTE…"),
        ("Überlastet, bitte später", "Überlastet, bitte später"),
        ("", ""),
    ],
)
def test_a_providers_sentence_is_made_fit_to_show(text: str, clean: str) -> None:
    assert clean_provider_message(text) == clean


@given(st.text(max_size=2000))
def test_a_providers_sentence_is_one_short_line(text: str) -> None:
    clean = clean_provider_message(text)
    assert len(clean) <= 300
    assert clean.isprintable()
