"""Providers that take a key, or none: how one is given, how it goes out, and when there need be none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from pi_server.auth import api_keys
from pi_server.auth.accounts import Accounts
from pi_server.auth.credentials import ApiKey, OAuth, Resolved
from pi_server.auth.provider import LoginRequest, ProviderAuth
from pi_server.auth.providers import Providers
from pi_server.errors import InvalidParams, PiError
from pi_server.servers import Server
from pi_server.values import ProviderStatus
from tests.auth.world import World

KEY = "sk-FAKE-key"
OPEN = Server(id="open", name="Open", base_url="http://127.0.0.1:1")
CLOSED = Server(id="closed", name="Closed", base_url="https://x.test", key_variable="CLOSED_KEY")
MESSAGES = Server(id="gateway", name="Gateway", base_url="https://x.test", api="anthropic-messages")


def request(key: str | None = KEY, domain: str | None = None) -> LoginRequest:
    return LoginRequest(method="apiKey", random_bytes=bytes, now_ms=lambda: 0, api_key=key, enterprise_domain=domain)


def given(auth: ProviderAuth, asked: LoginRequest) -> object:
    flow = auth.login(asked)
    with pytest.raises(StopIteration) as stop:
        next(flow)
    return stop.value.value


def accounts_of(world: World, environ: Mapping[str, str], *servers: Server) -> Accounts:
    by_id = {server.id: server for server in servers}
    return Accounts(
        world.accounts.store,
        Providers({"openai": api_keys.openai()}, lambda: by_id),
        environ=environ,
        order=("stored", "env"),
        send=world.send,
        clock=world.clock,
        rng=world.accounts._rng,
    )


def test_a_key_is_stored_as_it_was_given_without_white_space_around_it() -> None:
    assert given(api_keys.openai(), request(f"  {KEY}\n")) == ApiKey(key=KEY)


@pytest.mark.parametrize("key", ["", "   ", "two words", "https://x.test/key", "schlüssel", "a\x00b"])
def test_what_is_no_key_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(InvalidParams) as caught:
        api_keys.openai().login(request(key))
    assert not key.strip() or key.strip() not in caught.value.message


def test_nobody_but_copilot_has_an_enterprise_domain() -> None:
    with pytest.raises(InvalidParams, match="OpenAI has no enterpriseDomain"):
        api_keys.openai().login(request(domain="example.ghe.com"))


@pytest.mark.parametrize(
    ("auth", "key", "headers"),
    [
        (api_keys.openai(), KEY, {"authorization": f"Bearer {KEY}"}),
        (api_keys.of_server(MESSAGES), KEY, {"x-api-key": KEY}),
        (api_keys.of_server(OPEN), "", {}),
    ],
    ids=["a bearer token", "Anthropic's wire", "none"],
)
def test_how_a_key_goes_out(auth: ProviderAuth, key: str, headers: dict[str, str]) -> None:
    assert auth.headers(ApiKey(key=key)) == headers


async def test_a_server_that_names_no_variable_is_used_without_a_key(agent_dir: Path) -> None:
    accounts = accounts_of(World(agent_dir), {}, OPEN)
    assert accounts.status("open") == ProviderStatus(state="ready")
    assert await accounts.credential("open") == Resolved(credential=ApiKey(key=""), source="none")


async def test_a_key_that_is_stored_for_it_is_used(agent_dir: Path) -> None:
    accounts = accounts_of(World(agent_dir), {}, OPEN)
    await accounts.save("open", ApiKey(key=KEY))
    assert await accounts.credential("open") == Resolved(credential=ApiKey(key=KEY), source="apiKey")


async def test_a_server_that_wants_a_key_after_all_says_what_to_do(agent_dir: Path) -> None:
    accounts = accounts_of(World(agent_dir), {}, OPEN)
    found = await accounts.credential("open")
    with pytest.raises(PiError) as caught:
        await accounts.credential("open", rejected=found)
    assert (caught.value.code, "models.json" in caught.value.message) == ("login_required", True)


async def test_a_variable_that_is_not_set_is_named(agent_dir: Path) -> None:
    accounts = accounts_of(World(agent_dir), {}, CLOSED)
    assert accounts.status("closed").state == "loggedOut"
    with pytest.raises(PiError, match="CLOSED_KEY"):
        await accounts.credential("closed")


async def test_a_variable_that_is_set_is_used(agent_dir: Path) -> None:
    accounts = accounts_of(World(agent_dir), {"CLOSED_KEY": KEY, "OPENAI_API_KEY": KEY}, CLOSED)
    assert (await accounts.credential("closed")).source == "env:CLOSED_KEY"
    assert (await accounts.credential("openai")).source == "env:OPENAI_API_KEY"


def test_there_are_the_built_in_ones_and_then_the_users() -> None:
    providers = Providers({"openai": api_keys.openai()}, lambda: {"open": OPEN})
    assert (list(providers), len(providers), "open" in providers, "x" in providers) == (
        ["openai", "open"],
        2,
        True,
        False,
    )
    assert providers["open"].name == "Open"


def test_a_token_of_another_kind_in_its_place_is_a_bearer_token() -> None:
    """As somebody may have written it into the file by hand."""
    assert api_keys.openai().headers(OAuth(access=KEY, refresh="", expires=1)) == {"authorization": f"Bearer {KEY}"}


async def test_a_sign_in_that_another_program_stored_for_it_is_a_problem_and_no_defect(agent_dir: Path) -> None:
    accounts = accounts_of(World(agent_dir), {})
    await accounts.save("openai", OAuth(access="FAKE", refresh="FAKE", expires=1))
    with pytest.raises(PiError) as caught:
        await accounts.credential("openai")
    assert (caught.value.code, "takes an API key" in caught.value.message) == ("login_expired", True)
