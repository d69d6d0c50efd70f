"""Rows: environment and destination in, proxy or none out."""

from __future__ import annotations

import pytest

from pi_server.errors import PiError
from pi_server.providers.proxies import Proxy, proxies
from pi_server.settings import is_loopback

P = Proxy(scheme="http", host="proxy.test", port=3128)
URL = "http://proxy.test:3128"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, None),
        ({"HTTPS_PROXY": URL}, P),
        ({"https_proxy": URL}, P),
        ({"https_proxy": URL, "HTTPS_PROXY": "http://other.test:1"}, P),
        ({"HTTPS_PROXY": "  "}, None),
        ({"HTTP_PROXY": URL}, None),
        ({"ALL_PROXY": URL}, P),
        ({"all_proxy": URL}, P),
        ({"ALL_PROXY": "http://other.test:1", "HTTPS_PROXY": URL}, P),
        ({"HTTPS_PROXY": "proxy.test:3128"}, P),
        ({"HTTPS_PROXY": "http://proxy.test:3128/"}, P),
        ({"HTTPS_PROXY": "https://proxy.test"}, Proxy(scheme="https", host="proxy.test", port=443)),
        ({"HTTPS_PROXY": "http://[::1]:3128"}, Proxy(scheme="http", host="::1", port=3128)),
        (
            {"HTTPS_PROXY": "http://me:p%40ss@proxy.test:3128"},
            Proxy(scheme="http", host="proxy.test", port=3128, username="me", password="p@ss"),
        ),
    ],
)
def test_which_variable(environ: dict[str, str], expected: Proxy | None) -> None:
    assert proxies(environ).proxy_for("https", "api.example.com", 443) == expected


@pytest.mark.parametrize(
    ("no_proxy", "host", "direct"),
    [
        ("*", "example.com", True),
        ("example.com", "example.com", True),
        ("example.com", "api.example.com", True),
        ("example.com", "API.Example.COM.", True),
        ("EXAMPLE.com", "api.example.com", True),
        ("example.com.", "example.com", True),
        ("example.com", "badexample.com", False),
        ("example.com", "example.com.evil.test", False),
        (".example.com", "api.example.com", True),
        (".example.com", "example.com", False),
        ("*.example.com", "api.example.com", True),
        ("*.example.com", "example.com", False),
        ("example.com:443", "example.com", True),
        ("example.com:8443", "example.com", False),
        ("example.com:", "example.com", False),
        ("a.test, example.com", "example.com", True),
        ("a.test example.com", "example.com", True),
        ("a.test,,", "example.com", False),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("10.1.2.3/8", "10.9.9.9", True),
        ("10.0.0.0/8", "example.com", False),
        ("10.1.2.3", "10.1.2.3", True),
        ("10.1.2.3:443", "10.1.2.3", True),
        ("10.1.2.3:80", "10.1.2.3", False),
        ("fd00::/8", "fd12::1", True),
        ("fd00::/8", "[fd12::1]", True),
        ("[fd12::1]:443", "fd12::1", True),
        ("[fd12::1]", "fd12::1", True),
        ("10.0.0.0/8", "::ffff:10.1.2.3", True),
        ("10.0.0.0/99", "10.0.0.1", False),
        ("", "example.com", False),
    ],
)
def test_no_proxy(no_proxy: str, host: str, direct: bool) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        chosen = proxies({"HTTPS_PROXY": URL, name: no_proxy}).proxy_for("https", host, 443)
        assert (chosen is None) == direct


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST.", "127.0.0.1", "127.9.9.9", "::1", "[::1]", "::ffff:127.0.0.1"]
)
def test_loopback_is_always_direct(host: str) -> None:
    assert is_loopback(host)
    chosen = proxies({"HTTPS_PROXY": URL, "HTTP_PROXY": URL, "ALL_PROXY": URL})
    assert (chosen.proxy_for("https", host, 443), chosen.proxy_for("http", host, 80)) == (None, None)


@pytest.mark.parametrize(
    "host", ["", "localhost.evil.test", "127.1", "2130706433", "0x7f.1", "0.0.0.0", "10.0.0.1", "a"]
)
def test_nothing_else_is_loopback(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    "value",
    [
        "http://",
        "ftp://me:FAKE-secret@proxy.test",
        "http://me:FAKE-secret@proxy.test:port",
        "http://me:FAKE-secret@proxy.test:99999",
        "http://me:FAKE-secret@pro xy.test:1",
        "http://me:FAKE-secret@próxy.test:1",
        "http://me:FAKE-secret@proxy.test/path",
        "http://me:FAKE-secret@proxy.test?x",
        "http://[me:FAKE-secret@",
        "://FAKE-secret",
    ],
)
def test_a_bad_proxy_is_named_by_its_variable_and_says_no_more(value: str) -> None:
    chosen = proxies({"HTTPS_PROXY": value})
    assert chosen.proxy_for("http", "localhost", 80) is None
    with pytest.raises(PiError) as raised:
        chosen.proxy_for("https", "example.com", 443)
    assert (raised.value.code, raised.value.message, raised.value.retryable) == (
        "provider_unreachable",
        "HTTPS_PROXY is not the address of a proxy; it must look like http://host:port",
        False,
    )
    assert raised.value.__context__ is None or raised.value.__suppress_context__
    assert "FAKE-secret" not in repr(chosen)


def test_socks_without_the_package_says_what_to_install() -> None:
    with pytest.raises(PiError, match=r"ALL_PROXY names a SOCKS proxy; install the package socksio"):
        proxies({"ALL_PROXY": "socks5h://127.0.0.1:1080"}).proxy_for("https", "example.com", 443)


def test_the_password_is_not_in_the_repr() -> None:
    proxy = proxies({"HTTPS_PROXY": "http://me:FAKE-secret@proxy.test:1"}).proxy_for("https", "example.com", 443)
    assert "FAKE-secret" not in repr(proxy)
