"""Which hosts are asked, which may be sent a token, which page may be shown."""

from __future__ import annotations

import logging

import pytest

from pi_server.auth.copilot_hosts import (
    allowed_base,
    api_origin,
    base_of,
    is_github_page,
    login_origin,
    sign_in_page,
)
from pi_server.auth.credentials import ApiKey, Credential, OAuth
from pi_server.auth.provider import Refused
from pi_server.errors import PiError
from pi_server.settings import Endpoints

LOCAL = "http://127.0.0.1:1"
USUAL = Endpoints()
MOVED = Endpoints(github=LOCAL, github_api=f"{LOCAL}/api")
INDIVIDUAL = "https://api.individual.githubcopilot.com"
BUSINESS = "https://api.business.githubcopilot.com"
TENANT = "company.ghe.com"


def token(proxy: str | None = None) -> str:
    named = f"proxy-ep={proxy};" if proxy else ""
    return f"tid=FAKE;exp=1;sku=fake;{named}st=dotcom;chat=1:FAKE"


def signed_in(api_base: str | None = None, proxy: str | None = None, domain: str | None = None) -> OAuth:
    return OAuth(access=token(proxy), refresh="ghu_FAKE", expires=1, api_base=api_base, enterprise_domain=domain)


@pytest.mark.parametrize(
    ("endpoints", "domain", "login", "api"),
    [
        (USUAL, None, "https://github.com", "https://api.github.com"),
        (USUAL, TENANT, "https://company.ghe.com", "https://api.company.ghe.com"),
        (MOVED, None, LOCAL, f"{LOCAL}/api"),
        (MOVED, TENANT, LOCAL, f"{LOCAL}/api"),
    ],
)
def test_a_setting_wins_over_the_domain(endpoints: Endpoints, domain: str | None, login: str, api: str) -> None:
    assert (login_origin(endpoints, domain), api_origin(endpoints, domain)) == (login, api)


def test_nothing_is_sent_where_a_setting_is_refused() -> None:
    endpoints = Endpoints(refused=dict.fromkeys(("github", "github_api", "copilot_base"), "x is plain http"))
    with pytest.raises(PiError, match="Nothing is sent: x is plain http"):
        login_origin(endpoints, None)
    with pytest.raises(PiError, match="Nothing is sent: x is plain http"):
        api_origin(endpoints, None)
    with pytest.raises(PiError, match="Nothing is sent: x is plain http"):
        base_of(signed_in(BUSINESS), endpoints)


@pytest.mark.parametrize(
    ("endpoints", "credential", "base"),
    [
        (USUAL, signed_in(BUSINESS, proxy="proxy.enterprise.githubcopilot.com", domain=TENANT), BUSINESS),
        (USUAL, signed_in("https://api.githubcopilot.com/"), "https://api.githubcopilot.com"),
        (USUAL, signed_in(proxy="proxy.business.githubcopilot.com", domain=TENANT), BUSINESS),
        (USUAL, signed_in(proxy="x.proxy.githubcopilot.com"), "https://x.proxy.githubcopilot.com"),
        (USUAL, signed_in("https://evil.test", proxy="proxy.business.githubcopilot.com"), BUSINESS),
        (USUAL, signed_in("https://evil.test", proxy="proxy.evil.test"), INDIVIDUAL),
        (USUAL, signed_in("https://evil.test", proxy="evil.test/x", domain=TENANT), f"https://copilot-api.{TENANT}"),
        (USUAL, signed_in(domain=TENANT), f"https://copilot-api.{TENANT}"),
        (USUAL, signed_in(f"https://copilot.{TENANT}", domain=TENANT), f"https://copilot.{TENANT}"),
        (USUAL, signed_in(f"https://copilot.{TENANT}"), INDIVIDUAL),
        (USUAL, signed_in(f"{LOCAL}/copilot"), INDIVIDUAL),
        (USUAL, signed_in(domain="github.com"), INDIVIDUAL),
        (USUAL, signed_in(), INDIVIDUAL),
        (USUAL, OAuth(access="", refresh="ghu_FAKE", expires=0), INDIVIDUAL),
        (USUAL, ApiKey(key="FAKE"), INDIVIDUAL),
        (MOVED, signed_in(f"{LOCAL}/copilot"), f"{LOCAL}/copilot"),
        (MOVED, signed_in(BUSINESS, proxy="127.0.0.1:2"), "http://127.0.0.1:2"),
        (Endpoints(copilot_base=f"{LOCAL}/c"), signed_in(BUSINESS, domain=TENANT), f"{LOCAL}/c"),
        (Endpoints(copilot_base="https://gateway.test"), ApiKey(key="FAKE"), "https://gateway.test"),
    ],
)
def test_the_base_is_the_first_that_is_named_and_allowed(
    endpoints: Endpoints, credential: Credential, base: str
) -> None:
    assert base_of(credential, endpoints) == base


@pytest.mark.parametrize("domain", ["evil.test/x", "127.0.0.1", "a@evil.test"])
def test_a_stored_domain_that_is_no_host_gets_nothing(domain: str) -> None:
    with pytest.raises(Refused) as caught:
        base_of(signed_in(BUSINESS, domain=domain), USUAL)
    assert caught.value.data() == {
        "code": "login_expired",
        "message": "The stored sign-in to GitHub names no usable host; sign in again",
        "retryable": False,
        "provider": "github-copilot",
        "action": "login",
    }


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://githubcopilot.com", "https://githubcopilot.com"),
        ("https://api.githubcopilot.com", "https://api.githubcopilot.com"),
        ("https://API.GitHubCopilot.com:443/", "https://api.githubcopilot.com"),
        (f"https://copilot-api.{TENANT}", f"https://copilot-api.{TENANT}"),
    ],
)
def test_a_host_of_copilots_or_of_the_companys_may_have_the_token(url: str, base: str) -> None:
    assert allowed_base(url, USUAL, TENANT) == base


@pytest.mark.parametrize(
    "url",
    [
        "http://api.githubcopilot.com",
        "https://api.githubcopilot.com:8443",
        "https://api.githubcopilot.com:0",
        "https://api.githubcopilot.com:x",
        "https://me@api.githubcopilot.com",
        "https://api.githubcopilot.com@evil.test",
        "https://api.githubcopilot.com/x",
        "https://api.githubcopilot.com//",
        "https://api.githubcopilot.com?x",
        "https://api.githubcopilot.com#x",
        "https://api.githubcopilot.com.",
        "https://api.githubcopilot.com.evil.test",
        "https://evilgithubcopilot.com",
        "https://evil.test\\.githubcopilot.com",
        "https://evil.test%2f.githubcopilot.com",
        "https://evil.test\n.githubcopilot.com",
        "https://api.githubcopılot.com",
        "https://githubcopilot.evil",
        f"https://{TENANT}",
        f"https://evil{TENANT}",
        "//api.githubcopilot.com",
        "api.githubcopilot.com",
        "https://",
        "https://[::1",
        "javascript:alert(1)",
        LOCAL,
    ],
)
def test_no_other_host_gets_the_token(url: str) -> None:
    assert allowed_base(url, USUAL, TENANT) is None


@pytest.mark.parametrize("endpoints", [MOVED, Endpoints(copilot_base=LOCAL), Endpoints(github_api="https://[::1]:2")])
def test_where_a_setting_is_on_loopback_the_token_stays_there(endpoints: Endpoints) -> None:
    stays = (f"{LOCAL}/copilot/", "http://localhost:2", "https://127.0.0.1", "http://[::1]:3/a/b")
    leaves = (INDIVIDUAL, "http://192.168.0.1", "http://me@127.0.0.1", "http://127.0.0.1.evil.test", "ftp://127.0.0.1")
    assert [allowed_base(url, endpoints, None) for url in stays] == [url.rstrip("/") for url in stays]
    assert [allowed_base(url, endpoints, None) for url in leaves] == [None] * len(leaves)


def test_a_gateway_elsewhere_does_not_loosen_the_check() -> None:
    endpoints = Endpoints(github_api="https://gateway.test")
    assert allowed_base(BUSINESS, endpoints, None) == BUSINESS
    assert allowed_base("https://gateway.test", endpoints, None) is None


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://evil.test/?token=FAKEsecret", "evil.test"),
        ("https://me:FAKEsecret@evil.test", "an address that cannot be used"),
        ("https://evil.test\x1b[31m", "an address that cannot be used"),
    ],
)
def test_the_log_names_the_host_that_was_not_used_and_no_more(
    url: str, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        base_of(signed_in(url), USUAL)
    assert caplog.messages == [f"Copilot's API is said to be at {told}, which is not one of its hosts; not used"]


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://github.com/login/device", "https://github.com"),
        ("https://GitHub.com:443/login/device?x=1", "https://github.com"),
        ("https://company.ghe.com/login/device", "https://company.ghe.com"),
        (f"{LOCAL}/login/device", LOCAL),
        (f"{LOCAL}/login/device", f"{LOCAL}/github"),
    ],
)
def test_the_page_of_the_host_that_gave_the_code_is_shown(url: str, origin: str) -> None:
    assert sign_in_page(url, origin) == url


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://github.com/login/device", "https://github.com"),
        ("https://github.com:8443/login/device", "https://github.com"),
        ("https://github.com:0/login/device", "https://github.com"),
        ("https://github.com.evil.test/", "https://github.com"),
        ("https://github.com@evil.test/", "https://github.com"),
        ("https://me@github.com/", "https://github.com"),
        ("https://evil.test\\@github.com/", "https://github.com"),
        ("https://github.com/\nlogin", "https://github.com"),
        ("https://gıthub.com/login/device", "https://github.com"),
        ("https://gist.github.com/login/device", "https://github.com"),
        ("https://github.com/login/device", "https://company.ghe.com"),
        (f"https://github.com/{'a' * 300}", "https://github.com"),
        ("file:///etc/passwd", "https://github.com"),
        ("javascript:alert(1)", "https://github.com"),
        ("/login/device", "https://github.com"),
        ("http://127.0.0.1:2/login/device", LOCAL),
        ("https://127.0.0.1:1/login/device", LOCAL),
        ("http://localhost:1/login/device", LOCAL),
        ("https://github.com/login/device", LOCAL),
    ],
)
def test_no_other_page_is_shown(url: str, origin: str) -> None:
    with pytest.raises(PiError) as caught:
        sign_in_page(url, origin)
    assert caught.value.data() == {
        "code": "provider_error",
        "message": "The page that GitHub named for the sign-in is not one of its own; nothing was opened",
        "retryable": False,
        "provider": "github-copilot",
    }


@pytest.mark.parametrize(
    ("url", "domain", "passed_on"),
    [
        ("https://github.com/settings/copilot", None, True),
        ("https://docs.github.com/copilot?x=1#y", None, True),
        (f"https://{TENANT}/settings", TENANT, True),
        (f"https://{TENANT}/settings", None, False),
        ("http://github.com/settings/copilot", None, False),
        ("https://github.com:8443/settings", None, False),
        ("https://evil.test/github.com", None, False),
        ("https://evilgithub.com/", None, False),
        ("https://github.com@evil.test/", None, False),
        ("https://evil.test\\.github.com/", None, False),
        ("https://github.com/settings copilot", None, False),
        ("https://github.com/?token=FAKEFAKEFAKE", None, False),
        (f"https://github.com/{'a' * 300}", None, False),
        ("javascript:alert(1)", None, False),
    ],
)
def test_a_link_is_passed_on_where_it_is_githubs(url: str, domain: str | None, passed_on: bool) -> None:
    assert is_github_page(url, domain) is passed_on
