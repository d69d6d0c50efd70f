"""What a person gives as the company's domain, and the one host that comes out."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pi_server.auth.enterprise import enterprise_domain, is_host_name
from pi_server.errors import InvalidParams

REFUSAL = (
    "enterpriseDomain: not the name of a host; leave it blank for github.com (also for Enterprise Managed Users); "
    "enter company.ghe.com only if you sign in there"
)
LABEL_OF_63 = "a" * 63
LONGEST = ".".join((LABEL_OF_63, LABEL_OF_63, LABEL_OF_63, "a" * 61))


@pytest.mark.parametrize(
    "text", ["", " ", "\t\n", "github.com", "GitHub.com.", "https://github.com/", "www.github.com", "api.github.com"]
)
def test_github_itself_needs_no_domain(text: str) -> None:
    assert enterprise_domain(text) is None


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("company.ghe.com", "company.ghe.com"),
        ("https://company.ghe.com/", "company.ghe.com"),
        ("https://company.ghe.com", "company.ghe.com"),
        ("HTTPS://Company.GHE.com/", "company.ghe.com"),
        ("EXAMPLE.com.", "example.com"),
        ("https://company.ghe.com./", "company.ghe.com"),
        ("https://api.company.ghe.com", "company.ghe.com"),
        ("api.company.ghe.com", "company.ghe.com"),
        ("api.ghe.com", "api.ghe.com"),
        ("api.example.com", "api.example.com"),
        ("github.example-1.com", "github.example-1.com"),
        ("1.2.3.example", "1.2.3.example"),
        (f"{LABEL_OF_63}.test", f"{LABEL_OF_63}.test"),
        (LONGEST, LONGEST),
    ],
)
def test_a_host_is_taken_in_either_form(text: str, host: str) -> None:
    assert enterprise_domain(text) == host


@pytest.mark.parametrize(
    "text",
    [
        "https://company.ghe.com/x",
        "https://company.ghe.com//",
        "company.ghe.com/",
        "evil.com/",
        "evil.com?x=.github.com",
        "evil.com#.github.com",
        "https://evil.com/?",
        "https://evil.com#",
        "github.com@evil.test",
        "github.com:443@evil",
        "https://github.com@evil.test/",
        "https://me:FAKE@company.ghe.com/",
        "https://@company.ghe.com/",
        "company.ghe.com:443",
        "https://company.ghe.com:443/",
        "company.ghe.com:",
        "evil.com\\.github.com",
        "//evil",
        "//evil.test",
        "\nevil.test",
        "evil.test\n",
        "evil.\ttest",
        "evil.test\x00",
        "\x1b[31mevil.test",
        " evil.test",
        "evil .test",
        "0x7f.1",
        "2130706433",
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "1.2.3.0x4",
        "[::1]",
        "::1",
        "localhost",
        "localhost.",
        "company.localhost",
        "http://169.254.169.254/",
        "169.254.169.254",
        "http://company.ghe.com/",
        "gıthub.com",
        "ⓖⓘⓣⓗⓤⓑ.com",
        "github。com",
        "company。ghe.com",
        "company.ghe.com\u200b",
        "\u2139company.ghe.com",
        "wor\u212a.ghe.com",
        "github.com%2eevil.test",
        "foo_bar.test",
        "-a.com",
        "a-.com",
        "a.-com",
        "a.com-",
        "..",
        ".",
        ".com",
        "a..com",
        "company.ghe.com..",
        "com",
        "*.ghe.com",
        "a" * 300,
        f"{LABEL_OF_63}a.test",
        f"a.{LONGEST}",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://",
        "https:///",
        "https://https://company.ghe.com/",
        "ssh://company.ghe.com",
        "git@company.ghe.com",
    ],
)
def test_anything_else_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(InvalidParams) as caught:
        enterprise_domain(text)
    assert (caught.value.message, caught.value.provider) == (REFUSAL, "github-copilot")


@given(st.text(alphabet=st.sampled_from("aZ0.-:/@%\\[]_ \n?#xn\u212ai"), max_size=40) | st.text(max_size=40))
@example("xn--gthub-n4a.com")
def test_what_comes_out_is_a_host_and_is_taken_again_as_it_is(text: str) -> None:
    with suppress(InvalidParams):
        host = enterprise_domain(text)
        assert host is None or (is_host_name(host) and enterprise_domain(host) == host)
