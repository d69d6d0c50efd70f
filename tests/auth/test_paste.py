"""What people paste: each row is a text and what becomes of it."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi_server.auth.paste import MAX_CHARACTERS, parse_paste
from pi_server.errors import PiError

CODE = "FAKEcode-Abc_123"
STATE = "FAKEstate-Xyz_789"
CALLBACK = "https://platform.claude.com/oauth/code/callback"

GOOD = [
    CODE,
    f"{CODE}#{STATE}",
    f"{CODE}#",
    f"code={CODE}&state={STATE}",
    f"state={STATE}&code={CODE}",
    f"code={CODE}",
    f"code={CODE}&state=",
    f"code={CODE}#{STATE}",
    f"?code={CODE}&state={STATE}",
    f"#code={CODE}&state={STATE}",
    f"{CALLBACK}?code={CODE}&state={STATE}",
    f"{CALLBACK}?code={CODE}&state={STATE}&iss=https://claude.ai",
    f"{CALLBACK}?code={CODE}&state={STATE}#",
    f"{CALLBACK}?code={CODE}#{STATE}",
    f"{CALLBACK}?code={CODE}",
    f"{CALLBACK}#code={CODE}&state={STATE}",
    f"http://localhost:53692/callback?code={CODE}&state={STATE}",
    f"localhost:53692/callback?code={CODE}&state={STATE}",
    f"{CALLBACK}?code={CODE}&amp;state={STATE}",
    f"{CALLBACK}?code={CODE}&code={CODE}&state={STATE}",
    # wrapped, indented, cut over lines
    f"  {CODE}#{STATE}\n",
    f"\r\n\t{CODE}#{STATE}\r\n",
    f"{CODE[:5]}\n{CODE[5:]}#{STATE}",
    f"{CODE[:5]}\r\n   {CODE[5:]}#\n{STATE[:4]} {STATE[4:]}",
    f"{CODE} # {STATE}",
    f"{CALLBACK}?code={CODE[:3]}\n{CODE[3:]}&sta\nte={STATE}",
    f"{CODE}\u00a0#\u2003{STATE}\u3000",
    f"{CODE}\u2028#{STATE}\u2029",
    # invisible
    f"\ufeff{CODE}#{STATE}",
    f"{CODE[:4]}\u200b{CODE[4:]}\u200d#{STATE}\u2060",
    f"{CODE[:4]}\u00ad{CODE[4:]}#{STATE}",
    f"\u202a{CODE}#{STATE}\u202c",
    f"{CODE}\x00#{STATE}\x07",
    f"\x1b[200~{CODE}#{STATE}\x1b[201~",
    # quoted
    f'"{CODE}#{STATE}"',
    f"'{CODE}#{STATE}'",
    f"`{CODE}#{STATE}`",
    f"```\n{CODE}#{STATE}\n```",
    f"<{CALLBACK}?code={CODE}&state={STATE}>",
    f"“{CODE}#{STATE}”",
    f"„{CODE}“#‘{STATE}’",
    f"«{CODE}»#‹{STATE}›",
    f'"{CODE}"#"{STATE}"',
    # percent-encoded
    f"{CODE}%23{STATE}",
    f"{CODE.replace('-', '%2D')}#{STATE.replace('_', '%5F')}",
    f"code={CODE.replace('-', '%2d')}&state={STATE}",
    f"code%3D{CODE}%26state%3D{STATE}",
    f"https%3A%2F%2Fhost.test%2Fcallback%3Fcode%3D{CODE}%26state%3D{STATE}",
    f"{CODE}%0A",
]

INVALID = [
    "",
    "   \n\t",
    "\u200b\ufeff",
    '""',
    "#",
    f"#{STATE}",
    "code=",
    f"code=&state={STATE}",
    f"state={STATE}",
    CALLBACK,
    f"{CALLBACK}?foo=bar",
    "https://claude.ai/login?returnTo=%2Foauth%2Fauthorize%3Fcode%3Dtrue",
    f"https://claude.ai/oauth/authorize?code=true&client_id=x&code_challenge=y&state={STATE}",
    f"code={CODE}&code=OTHER&state={STATE}",
    "sk-ant-oat01-FAKE0000",
    "sk-ant-api03-FAKE0000",
    "Kode-mit-Ümlaut",
    "😀",
    "%FF%FE",
    "x" * (MAX_CHARACTERS + 1),
]

MISMATCH = [
    f"{CODE}#other",
    f"{CODE}#{STATE}x",
    f"{CODE}#{STATE[:-1]}",
    f"{CODE}#{STATE.lower()}",
    f"{CODE}#{STATE}#{STATE}",
    f"code={CODE}&state=other",
    f"{CALLBACK}?code={CODE}&state=other",
    f"{CALLBACK}?code={CODE}&state=other#{STATE}",
    f"{CALLBACK}?code={CODE}#other",
    f"{CALLBACK}?error=access_denied&state=other",
    f"{CODE}#état",
]

DENIED = [
    f"{CALLBACK}?error=access_denied&state={STATE}",
    f"{CALLBACK}?error=access_denied",
    f"http://localhost:1/callback?error=access_denied&error_description=No&state={STATE}",
    f"error=access_denied&state={STATE}",
    f"{CALLBACK}#error=access_denied&state={STATE}",
    f"{CALLBACK}?error=server_error&state={STATE}",
]


def test_there_are_rows_enough() -> None:
    assert len(set(GOOD)) >= 40


@pytest.mark.parametrize("text", GOOD)
def test_the_code_is_found(text: str) -> None:
    assert parse_paste(text, STATE) == CODE


def refused(text: str) -> PiError:
    with pytest.raises(PiError) as caught:
        parse_paste(text, STATE)
    assert CODE not in caught.value.message
    assert STATE not in caught.value.message
    return caught.value


@pytest.mark.parametrize("text", INVALID)
def test_what_holds_no_code_is_refused(text: str) -> None:
    assert refused(text).code == "invalid_code"


@pytest.mark.parametrize("text", MISMATCH)
def test_another_attempts_state_is_refused(text: str) -> None:
    assert refused(text).code == "state_mismatch"


@pytest.mark.parametrize("text", DENIED)
def test_an_error_that_the_provider_sent_ends_it(text: str) -> None:
    assert refused(text).code == "login_denied"


def test_a_code_of_two_thousand_characters_is_fine() -> None:
    code = "FAKE" + "x" * 2000
    assert parse_paste(f"{code}#{STATE}", STATE) == code


def test_a_plus_is_no_space() -> None:
    assert parse_paste(f"code=a+b/c~d.e&state={STATE}", STATE) == "a+b/c~d.e"


SAFE = st.text(alphabet=string.ascii_letters + string.digits + "-._~", min_size=1, max_size=80)
NOISE = st.text(alphabet=" \t\r\n\u200b\u200d\ufeff\u00a0\u2028\"'`“”‘’<>", max_size=4)


@given(code=SAFE, state=SAFE, data=st.data())
def test_noise_anywhere_changes_nothing(code: str, state: str, data: st.DataObject) -> None:
    shape = data.draw(st.sampled_from(["{c}", "{c}#{s}", "code={c}&state={s}", "https://h.test/cb?code={c}&state={s}"]))
    text = shape.format(c=code, s=state)
    noisy = "".join(character + data.draw(NOISE) for character in text)
    assert parse_paste(data.draw(NOISE) + noisy, state) == code


def outcome(text: str, state: str) -> str | PiError:
    try:
        return parse_paste(text, state)
    except PiError as error:
        return error


@given(st.text(max_size=300), SAFE)
def test_any_text_gives_a_clean_code_or_one_of_three_errors(text: str, state: str) -> None:
    found = outcome(text, state)
    if isinstance(found, PiError):
        assert found.code in ("invalid_code", "state_mismatch", "login_denied")
    else:
        assert found.isascii()
        assert found.isprintable()
        assert " " not in found


@given(code=SAFE, state=SAFE, other=SAFE)
def test_a_different_state_never_passes(code: str, state: str, other: str) -> None:
    if state != other:
        with pytest.raises(PiError, match="another sign-in attempt"):
            parse_paste(f"{code}#{other}", state)
