"""The credential in a request, and what a 401 does."""

from __future__ import annotations

import httpx
import pytest

from pi_server.auth import anthropic
from pi_server.auth.credentials import ApiKey, Credential, OAuth, Resolved
from pi_server.auth.httpx_auth import CredentialAuth
from pi_server.errors import PiError
from pi_server.settings import Endpoints

OLD = Resolved(credential=OAuth(access="sk-ant-oat01-FAKEold", refresh="r", expires=1), source="oauth")
NEW = Resolved(credential=OAuth(access="sk-ant-oat01-FAKEnew", refresh="s", expires=2), source="oauth")
KEY = Resolved(credential=ApiKey(key="sk-ant-api03-FAKE"), source="apiKey")


class Finds:
    """Accounts that find the same thing whenever they are asked, or fail."""

    providers = {"anthropic": anthropic.provider_auth(Endpoints())}  # noqa: RUF012

    def __init__(self, found: Resolved | PiError) -> None:
        self.found = found
        self.rejected: list[Resolved | None] = []

    async def credential(self, provider: str, *, rejected: Resolved | None = None) -> Resolved:
        assert provider == "anthropic"
        self.rejected.append(rejected)
        if isinstance(self.found, PiError):
            raise self.found
        return self.found


def carried(request: httpx.Request) -> dict[str, str]:
    names = ("authorization", "x-api-key", "anthropic-beta")
    return {name: request.headers[name] for name in names if name in request.headers}


class Exchange:
    """Sends one request to a service that answers with `statuses` in turn."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.carried: list[dict[str, str]] = []

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.carried.append(carried(request))
        return httpx.Response(self.statuses.pop(0), headers={"location": "https://elsewhere.test/"}, text="body")

    async def post(self, auth: CredentialAuth, **headers: str) -> int:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with httpx.AsyncClient(transport=httpx.MockTransport(self.handle)) as client:
            return (await client.post("https://host.test/", auth=auth, headers=named, content=b"x")).status_code


def bearer(token: str, beta: str = "oauth-2025-04-20") -> dict[str, str]:
    return {"authorization": f"Bearer {token}", "anthropic-beta": beta}


def auth_of(resolved: Resolved, found: Resolved | PiError = OLD) -> CredentialAuth:
    return CredentialAuth(Finds(found), "anthropic", resolved)


@pytest.mark.parametrize(
    ("credential", "headers", "wanted"),
    [
        (OLD.credential, {}, bearer("sk-ant-oat01-FAKEold")),
        (KEY.credential, {}, {"x-api-key": "sk-ant-api03-FAKE"}),
        (KEY.credential, {"anthropic_beta": "a"}, {"x-api-key": "sk-ant-api03-FAKE", "anthropic-beta": "a"}),
        (
            OLD.credential,
            {"anthropic_beta": "a, b"},
            bearer("sk-ant-oat01-FAKEold", "a,b,oauth-2025-04-20"),
        ),
        (
            OLD.credential,
            {"anthropic_beta": "oauth-2025-04-20,b"},
            bearer("sk-ant-oat01-FAKEold", "oauth-2025-04-20,b"),
        ),
        (OLD.credential, {"x_api_key": "FAKE"}, bearer("sk-ant-oat01-FAKEold")),
        (KEY.credential, {"authorization": "Bearer FAKE"}, {"x-api-key": "sk-ant-api03-FAKE"}),
    ],
)
async def test_one_credential_goes_out_beside_the_features_in_use(
    credential: Credential, headers: dict[str, str], wanted: dict[str, str]
) -> None:
    exchange = Exchange(200)
    await exchange.post(auth_of(Resolved(credential=credential, source="x")), **headers)
    assert exchange.carried == [wanted]


@pytest.mark.parametrize("status", [200, 302, 307, 400, 403, 429, 500, 529])
async def test_nothing_but_a_401_is_repeated(status: int) -> None:
    exchange = Exchange(status)
    assert await exchange.post(auth_of(OLD, NEW)) == status
    assert len(exchange.carried) == 1


@pytest.mark.parametrize("second", [200, 401, 529])
async def test_a_401_is_repeated_once_with_what_was_found(second: int) -> None:
    exchange = Exchange(401, second)
    accounts = Finds(NEW)
    auth = CredentialAuth(accounts, "anthropic", OLD)
    assert await exchange.post(auth) == second
    assert exchange.carried == [bearer("sk-ant-oat01-FAKEold"), bearer("sk-ant-oat01-FAKEnew")]
    assert accounts.rejected == [OLD]
    assert auth.resolved == NEW


@pytest.mark.parametrize("beta", [{}, {"anthropic-beta": "a, b"}])
async def test_another_kind_of_credential_leaves_nothing_of_the_first(beta: dict[str, str]) -> None:
    exchange = Exchange(401, 200)
    await exchange.post(auth_of(OLD, KEY), **beta)
    assert exchange.carried[1] == {"x-api-key": "sk-ant-api03-FAKE", **beta}


async def test_the_same_credential_is_not_tried_again() -> None:
    exchange = Exchange(401)
    assert await exchange.post(auth_of(KEY, KEY)) == 401
    assert len(exchange.carried) == 1


async def test_what_the_look_up_raises_reaches_the_sender() -> None:
    with pytest.raises(PiError) as caught:
        await Exchange(401).post(auth_of(OLD, PiError("login_expired", "Sign in again")))
    assert caught.value.code == "login_expired"
