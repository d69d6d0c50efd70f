"""What a client without a plugin sees of `pi.login`, `pi.logout` and `pi.selectModel`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import pytest

from pi_server.errors import InvalidParams, PiError
from pi_server.protocol import messages as m
from pi_server.protocol.messages import LoginAttempt
from pi_server.server.commands import Commands
from pi_server.server.handlers import Outcome
from pi_server.values import LoginMethod, Model, Policy, Problem, Provider, ProviderStatus
from tests.clock import settle
from tests.server.standin import build

URL = "https://claude.ai/oauth/authorize?state=FAKE"
PAGE = "https://github.com/login/device"
NEW = "github-copilot/new-1"
TERMS = "Enable access to the model from its maker."


class Editor:
    """An LSP client as a command sees it; `answer` is what it says to questions."""

    def __init__(
        self, answer: Callable[[str, Any], Any], *, shows: bool = False, settings: Mapping[str, Any] | None = None
    ) -> None:
        self.app = build(self, settings or {})
        self.shows_documents = shows
        self.asked: list[tuple[str, Any]] = []
        self.said: list[str] = []
        self.told: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []
        self._answer = answer

    async def call(self, method: str, params: Any) -> Any:
        return await self.app.handlers.call(method, params)

    async def ask(self, method: str, params: dict[str, Any], seconds: float) -> Any:
        assert seconds > 0
        self.asked.append((method, params.get("uri") or [action["title"] for action in params["actions"]]))
        answer = self._answer(method, params)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def tell(self, method: str, params: dict[str, Any]) -> None:
        assert method == "window/showMessage"
        assert "\n" not in params["message"]
        self.said.append(params["message"])

    def notify(self, method: str, _: Any) -> None:
        self.told.append(method)

    def background(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.append(asyncio.ensure_future(work))

    def apply_settings(self, section: Mapping[str, Any], *, over: bool = False) -> None:
        assert over
        self.app.apply_editor_settings(section)


def chooses(*titles: str) -> Callable[[str, Any], Any]:
    return lambda _, params: next(({"title": t} for t in titles if {"title": t} in params.get("actions", [])), None)


def never(_: str, __: Any) -> Any:
    return TimeoutError()


def nothing(_: str, __: Any) -> Any:
    return None


def refuses(_: str, __: Any) -> Any:
    return PiError("unsupported", "no")


async def test_a_login_by_choosing() -> None:
    editor = Editor(chooses("Other", "Paste a code"), shows=True, settings={"two": True})
    commands = Commands(editor)
    attempt = await commands.login()
    assert attempt is not None
    assert editor.asked == [
        ("window/showMessageRequest", ["Anthropic", "Other"]),
        ("window/showMessageRequest", ["Paste a code", "In the browser"]),
        ("window/showDocument", URL),
    ]
    assert editor.said == [f"Open {URL} to sign in, then run pi.login again with {{provider, code}}"]
    done = await commands.login("other", "", "code#state")
    await settle()
    assert done is not None
    assert (attempt.state, done.state) == ("awaitingCode", "succeeded")
    assert editor.said[1:] == ["Signed in to Other"]
    with pytest.raises(PiError) as caught:
        await commands.login({"provider": "other", "code": "again"})
    assert caught.value.code == "unknown_attempt"


@pytest.mark.parametrize("answer", [never, refuses], ids=lambda answer: answer.__name__)
async def test_a_client_that_cannot_choose_signs_in_by_browser(answer: Callable[[str, Any], Any]) -> None:
    editor = Editor(answer, shows=True)
    attempt = await Commands(editor).login()
    assert attempt is not None
    assert attempt.state == "awaitingBrowser"
    assert editor.said == [f"Open {URL} to sign in"]
    for task in editor.tasks:
        task.cancel()


async def test_a_menu_that_is_put_aside_opens_no_page() -> None:
    editor = Editor(nothing, shows=True)
    assert await Commands(editor).login() is None
    assert editor.asked == [("window/showMessageRequest", ["Paste a code", "In the browser"])]
    assert editor.said == [
        "Nothing was chosen; run pi.login with anthropic and one of these as arguments: pasteCode, browser"
    ]
    assert editor.app.handlers.attempts == {}


async def test_the_page_is_asked_for_before_its_address_is_shown() -> None:
    """Neovim in a terminal opens nothing while it waits for Enter under a long message."""
    said_before: list[str] = []
    editor = Editor(lambda *_: said_before.extend(editor.said), shows=True)
    await Commands(editor).login("anthropic", "pasteCode")
    assert (said_before, len(editor.said)) == ([], 1)


async def test_the_attempt_of_a_command_is_told_like_any_other() -> None:
    """What waits for the answer to `pi/login/start` waits for nobody here."""
    editor = Editor(never)
    commands = Commands(editor)
    await commands.login("anthropic", "pasteCode")
    assert editor.told == ["pi/login/updated"]
    await commands.login("anthropic", "", "right")
    await settle()


@pytest.mark.parametrize("empty", [{}, [], None, ""], ids=repr)
async def test_an_empty_argument_is_none(empty: Any) -> None:
    """Lua's empty table is `[]` on the wire."""
    editor = Editor(never)
    assert (await Commands(editor).logout(empty)).removed


@pytest.mark.parametrize("answer", [never, nothing, refuses], ids=lambda answer: answer.__name__)
@pytest.mark.parametrize("command", ["pi.login", "pi.logout"])
async def test_without_a_choice_of_provider_the_way_is_explained(
    answer: Callable[[str, Any], Any], command: str
) -> None:
    editor = Editor(answer, settings={"two": True})
    assert await Commands(editor).table()[command]() is None
    assert editor.said == [
        "No provider was chosen; run the command with one of these as its argument: anthropic, other"
    ]


async def test_a_wrong_code_leaves_the_attempt_open() -> None:
    editor = Editor(never)
    commands = Commands(editor)
    await commands.login("anthropic", "pasteCode")
    with pytest.raises(PiError) as caught:
        await commands.login({"provider": "anthropic", "code": "wrong"})
    done = await commands.login({"provider": "Anthropic", "code": "right"})
    assert caught.value.code == "invalid_code"
    assert done is not None
    assert done.state == "succeeded"
    await settle()


async def test_an_api_key() -> None:
    editor = Editor(never)
    attempt = await Commands(editor).login({"apiKey": "sk-ant-api03-FAKE"})
    assert isinstance(attempt, LoginAttempt)
    assert attempt.state == "succeeded"
    assert editor.said == ["Signed in to Anthropic"]


async def test_logout_says_what_still_authenticates() -> None:
    editor = Editor(never)
    result = await Commands(editor).logout("anthropic")
    assert result.removed
    assert editor.said == ["Signed out of Anthropic; ANTHROPIC_API_KEY in the environment still authenticates"]


async def test_select_model() -> None:
    editor = Editor(chooses("anthropic/claude-y"))
    assert await Commands(editor).select_model() == {"model": "anthropic/claude-y"}
    assert editor.app.handlers.settings == {"model": "anthropic/claude-y"}
    assert await Commands(editor).select_model("anthropic/other") == {"model": "anthropic/other"}
    for wrong in ("nobody/other", "other", "anthropic/"):
        with pytest.raises(InvalidParams):
            await Commands(editor).select_model(wrong)
    assert editor.app.handlers.settings == {"model": "anthropic/other"}
    silent = Editor(never)
    assert await Commands(silent).select_model() is None
    assert silent.said == [
        "Models: anthropic/claude-x, anthropic/claude-y; run pi.selectModel with one of them as its argument"
    ]
    with pytest.raises(PiError) as caught:
        await Commands(Editor(never, settings={"none": True})).select_model()
    assert caught.value.code == "login_required"


@pytest.mark.parametrize("arguments", [({"provider": "nobody"},), ("nobody",), (5,), ({"provider": ["x"]},)])
async def test_bad_arguments(arguments: tuple[Any, ...]) -> None:
    """What was sent is not repeated: it may be a code in the wrong place."""
    with pytest.raises(InvalidParams, match=r"^provider") as caught:
        await Commands(Editor(never)).login(*arguments)
    assert "nobody" not in str(caught.value)


class CopilotEditor(Editor):
    """One whose server knows GitHub Copilot and OpenAI; `calls` is what it was asked, beside looking around."""

    def __init__(
        self, answer: Callable[[str, Any], Any], *, shows: bool = False, refuses: bool = False, listed: bool = True
    ) -> None:
        super().__init__(answer, shows=shows)
        self.calls: list[tuple[str, Any]] = []
        self._refuses = refuses
        self._listed = listed

    async def call(self, method: str, params: Any) -> Outcome:
        match method:
            case "pi/providers":
                return Outcome(m.ProvidersResult(providers=(COPILOT, OPENAI)))
            case "pi/models":
                self._listed = self._listed or bool(params.get("refresh"))
                models = (FREE, WANTS_TERMS, DISABLED) if self._listed else ()
                return Outcome(m.ModelsResult(models=models, default_model=None, next_cursor=None, stale=False))
        self.calls.append((method, params))
        match method:
            case "pi/login/start":
                return Outcome(DEVICE_ATTEMPT)
            case "pi/login/wait":
                await asyncio.Event().wait()
            case "pi/models/enable" if self._refuses:
                raise PiError("model_disabled", "GitHub did not enable new-1", provider="github-copilot")
        return Outcome(m.ModelEnableResult(model=WANTS_TERMS.model_copy(update={"available": True})))

    @property
    def model(self) -> object:
        return self.app.handlers.settings.get("model")


COPILOT = Provider(
    id="github-copilot",
    name="GitHub Copilot",
    login_methods=(LoginMethod(id="deviceCode", label="GitHub account"),),
    status=ProviderStatus(state="ready"),
)
OPENAI = Provider(
    id="openai",
    name="OpenAI",
    login_methods=(LoginMethod(id="apiKey", label="API key"),),
    status=ProviderStatus(state="loggedOut"),
)
FREE = Model(
    id="github-copilot/old-1",
    provider="github-copilot",
    name="Old 1",
    context_window=1,
    max_output_tokens=1,
    api="openai-responses",
)
WANTS_TERMS = FREE.model_copy(
    update={
        "id": NEW,
        "name": "New 1",
        "available": False,
        "unavailable_reason": Problem(code="model_not_enabled", message="Its terms have not been accepted yet"),
        "policy": Policy(state="unconfigured", terms=TERMS),
    }
)
DISABLED = FREE.model_copy(
    update={
        "id": "github-copilot/forbidden-1",
        "available": False,
        "unavailable_reason": Problem(code="model_disabled", message="It is disabled for this account"),
    }
)
DEVICE_ATTEMPT = LoginAttempt(
    login_id="login-1",
    provider="github-copilot",
    state="polling",
    expires_at=1,
    step=m.DeviceCodeStep(verification_uri=PAGE, user_code="WDJB-MJHT", interval_ms=5000, instructions="Open it"),
)


@pytest.mark.parametrize("shows", [False, True])
@pytest.mark.parametrize("domain", [{}, {"enterpriseDomain": "company.ghe.com"}], ids=["github.com", "enterprise"])
async def test_a_device_code_is_one_line_with_its_page(domain: dict[str, str], shows: bool) -> None:
    editor = CopilotEditor(never, shows=shows)
    assert await Commands(editor).login({"provider": "github-copilot", **domain}) == DEVICE_ATTEMPT
    await settle()
    assert editor.calls == [
        ("pi/login/start", {"provider": "github-copilot", "method": "deviceCode", **domain}),
        ("pi/login/wait", {"loginId": "login-1"}),
    ]
    assert editor.asked == ([("window/showDocument", PAGE)] if shows else [])
    assert editor.said == [f"Open {PAGE} and enter the code WDJB-MJHT"]
    for task in editor.tasks:
        task.cancel()


async def test_who_takes_nothing_but_a_key_is_not_begun_without_one() -> None:
    editor = CopilotEditor(never)
    assert await Commands(editor).login("openai") is None
    assert editor.calls == []
    assert editor.said == ['OpenAI takes an API key; run pi.login with {provider: "openai", apiKey} as its argument']


TITLE = f"{NEW} (terms not accepted yet)"
QUESTIONS = [
    ("window/showMessageRequest", ["github-copilot/old-1", TITLE]),
    ("window/showMessageRequest", ["Enable", "Cancel"]),
]


@pytest.mark.parametrize("listed", [True, False], ids=["a list that is known", "one that is fetched first"])
async def test_a_model_whose_terms_are_not_accepted_is_enabled_when_it_is_chosen(listed: bool) -> None:
    asked: list[str] = []

    def agrees(method: str, params: Any) -> Any:
        asked.append(params["message"])
        return chooses(TITLE, "Enable")(method, params)

    editor = CopilotEditor(agrees, listed=listed)
    assert await Commands(editor).select_model() == {"model": NEW}
    assert (editor.asked, editor.calls) == (QUESTIONS, [("pi/models/enable", {"model": NEW})])
    assert asked[1] == f"The provider wants its terms for New 1 accepted first. {TERMS}"
    assert (editor.model, editor.said) == (NEW, [f"pi uses {NEW}"])


@pytest.mark.parametrize("answer", [chooses("Cancel"), never, nothing, refuses])
async def test_terms_that_nobody_accepted_change_nothing(answer: Callable[[str, Any], Any]) -> None:
    editor = CopilotEditor(answer)
    assert await Commands(editor).select_model(NEW) is None
    assert (editor.asked, editor.calls, editor.model) == (QUESTIONS[1:], [], None)
    assert editor.said == ["New 1 was not enabled, because its terms were not accepted"]


async def test_a_refusal_to_enable_changes_nothing() -> None:
    editor = CopilotEditor(chooses("Enable"), refuses=True)
    with pytest.raises(PiError, match="GitHub did not enable new-1"):
        await Commands(editor).select_model(NEW)
    assert (editor.model, editor.said) == (None, [])
