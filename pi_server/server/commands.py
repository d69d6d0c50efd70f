"""`pi.login`, `pi.logout` and `pi.selectModel` for any LSP client without a plugin, through standard messages alone.

In: arguments of `workspace/executeCommand`, `[provider, method, code]` or `[{provider, method, code, apiKey,
enterpriseDomain}]`, all optional. Out: the same flows as the `pi/` methods; questions by `window/showMessageRequest`,
pages by `window/showDocument`, news by `window/showMessage`. Every question has a deadline and a default: some clients
never answer, some answer null, some cannot be asked. LSP has no prompt for text, so what is typed or pasted comes as
an argument.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

from pi_server.errors import InvalidParams, PiError
from pi_server.protocol.messages import BrowserStep, DeviceCodeStep, LoginAttempt, PasteCodeStep
from pi_server.server.handlers import Outcome
from pi_server.values import Model, Provider

CHOICE_SECONDS = 120.0
SHOW_SECONDS = 20.0
ERROR, WARNING, INFO = 1, 2, 3
"""LSP `MessageType`"""
PREFERRED = ("browser", "deviceCode", "pasteCode")
"""Sign-in methods for a client that does not choose: first those that end without typing"""
ENABLE = "Enable"


class Editor(Protocol):
    """What a command needs of the session."""

    @property
    def shows_documents(self) -> bool: ...
    async def call(self, method: str, params: Any) -> Outcome: ...
    async def ask(self, method: str, params: dict[str, Any], seconds: float) -> Any: ...
    def tell(self, method: str, params: dict[str, Any]) -> None: ...
    def background(self, work: Coroutine[Any, Any, None]) -> None: ...
    def apply_settings(self, section: Mapping[str, Any], *, over: bool = False) -> None: ...


class Commands:
    """`choice_seconds` bounds every question to a person, `show_seconds` every page to be opened."""

    def __init__(
        self, editor: Editor, *, choice_seconds: float = CHOICE_SECONDS, show_seconds: float = SHOW_SECONDS
    ) -> None:
        self._editor = editor
        self._choice_seconds = choice_seconds
        self._show_seconds = show_seconds
        self._open: dict[str, str] = {}
        """Provider → the attempt that a code would belong to"""

    def table(self) -> dict[str, Callable[..., Coroutine[Any, Any, Any]]]:
        return {"pi.login": self.login, "pi.logout": self.logout, "pi.selectModel": self.select_model}

    async def login(self, *arguments: Any) -> LoginAttempt | None:
        """Start a sign-in, or hand in its code. Answers with the attempt; how it ends is shown later."""
        named = _named(arguments, ("provider", "method", "code"))
        provider = await self._provider(named.get("provider"), "Choose where to sign in", await self._providers())
        if provider is None:
            return None
        if code := named.get("code"):
            return await self._submit(provider, code)
        if key := named.get("apiKey"):
            return await self._finished(provider, {"provider": provider.id, "method": "apiKey", "apiKey": key})
        method = named.get("method") or await self._method(provider)
        if method is None:
            return None
        domain = {"enterpriseDomain": named["enterpriseDomain"]} if "enterpriseDomain" in named else {}
        attempt = await self._attempt("pi/login/start", {"provider": provider.id, "method": method, **domain})
        self._open[provider.id] = attempt.login_id
        await self._show_step(attempt)
        self._editor.background(self._announce_end(provider, attempt.login_id))
        return attempt

    async def logout(self, *arguments: Any) -> Any:
        named = _named(arguments, ("provider",))
        providers = await self._providers()
        stored = [one for one in providers if one.status.source in ("oauth", "apiKey") or one.status.problem]
        provider = await self._provider(named.get("provider"), "Choose where to sign out", stored or providers)
        if provider is None:
            return None
        result = await self._result("pi/logout", {"provider": provider.id})
        removed = "Signed out of" if getattr(result, "removed", False) else "There was no stored sign-in for"
        still = getattr(result, "still_available_from", None)
        rest = f"; {still.removeprefix('env:')} in the environment still authenticates" if still else ""
        self._say(INFO, f"{removed} {provider.name}{rest}")
        return result

    async def select_model(self, *arguments: Any) -> dict[str, Any] | None:
        """Choose the model for turns that name none, until the editor's settings say otherwise."""
        offered = await self._models()
        if not offered:
            raise PiError("login_required", "No model is available; sign in first with the command pi.login")
        named = _named(arguments, ("model",)).get("model")
        if named:
            await self._check_model(named)
        chosen = named or await self._choose("Choose a model", [_title(model) for model in offered])
        if chosen is None:
            ids = ", ".join(model.id for model in offered)
            self._say(INFO, f"Models: {ids}; run pi.selectModel with one of them as its argument")
            return None
        known = next((model for model in offered if chosen in {model.id, _title(model)}), None)
        if known and _wants_terms(known) and not await self._enabled(known):
            return None
        model = known.id if known else chosen
        self._editor.apply_settings({"model": model}, over=True)
        self._say(INFO, f"pi uses {model}")
        return {"model": model}

    async def _models(self) -> Sequence[Model]:
        """Those that can be used, or could if their terms were accepted; if there are none, the providers are asked."""
        for params in ({}, {"refresh": True}):
            models = getattr(await self._result("pi/models", params), "models", ())
            if offered := [model for model in models if model.available or _wants_terms(model)]:
                return offered
        return ()

    async def _enabled(self, model: Model) -> bool:
        """Show the terms and do as the person says; whoever does not answer has not agreed."""
        told = model.policy.terms if model.policy else None
        terms = told or "The provider sent no text of them; look for it in your account's settings there."
        question = f"The provider wants its terms for {model.name} accepted first. {terms}"
        if await self._choose(question, [ENABLE, "Cancel"]) != ENABLE:
            self._say(INFO, f"{model.name} was not enabled, because its terms were not accepted")
            return False
        await self._result("pi/models/enable", {"model": model.id})
        return True

    async def _check_model(self, model: str) -> None:
        """As `pi/chat` has it: an id that no list has is taken at its word, a provider that does not exist is not."""
        provider, _, name = model.partition("/")
        if not name or provider not in {one.id for one in await self._providers()}:
            raise InvalidParams(
                "model: not provider/model of a known provider; leave it out to choose from a list",
                code="unknown_provider",
            )

    async def _providers(self) -> Sequence[Provider]:
        result = await self._result("pi/providers", {})
        return getattr(result, "providers", ())

    async def _provider(self, name: str | None, question: str, offered: Sequence[Provider]) -> Provider | None:
        """The named one, the only one, or the chosen one; None after saying how to name it."""
        if name is not None:
            every = await self._providers()
            for provider in every:
                if name in (provider.id, provider.name):
                    return provider
            # Without the name: it may be a code in the wrong place.
            known = ", ".join(one.id for one in every)
            raise InvalidParams(f"provider: not one of {known}", code="unknown_provider")
        if len(offered) == 1:
            return offered[0]
        chosen = await self._choose(question, [one.name for one in offered])
        for provider in offered:
            if provider.name == chosen:
                return provider
        names = ", ".join(one.id for one in offered)
        self._say(WARNING, f"No provider was chosen; run the command with one of these as its argument: {names}")
        return None

    async def _method(self, provider: Provider) -> str | None:
        """The chosen sign-in method, without an answer one that needs no typing; None after saying how to name it."""
        offered = {method.id: method.label for method in provider.login_methods if method.id != "apiKey"}
        if not offered:
            arguments = f'{{provider: "{provider.id}", apiKey}}'
            self._say(WARNING, f"{provider.name} takes an API key; run pi.login with {arguments} as its argument")
            return None
        default = next((method for method in PREFERRED if method in offered), next(iter(offered)))
        if len(offered) == 1:
            return default
        question = f"Choose how to sign in to {provider.name}"
        chosen = await self._choose(question, list(offered.values()), unanswered=offered[default])
        for method, label in offered.items():
            if label == chosen:
                return method
        names = ", ".join(offered)
        self._say(INFO, f"Nothing was chosen; run pi.login with {provider.id} and one of these as arguments: {names}")
        return None

    async def _choose(self, question: str, titles: list[str], *, unanswered: str | None = None) -> str | None:
        """One of the titles; None when the question is put aside, `unanswered` when it is never answered."""
        params = {"type": INFO, "message": question, "actions": [{"title": title} for title in titles]}
        try:
            answer = await self._editor.ask("window/showMessageRequest", params, self._choice_seconds)
        except (TimeoutError, PiError):
            return unanswered
        title = answer.get("title") if isinstance(answer, dict) else None
        return title if title in titles else None

    async def _attempt(self, method: str, params: dict[str, Any]) -> LoginAttempt:
        result = await self._result(method, params)
        assert isinstance(result, LoginAttempt)
        return result

    async def _result(self, method: str, params: dict[str, Any]) -> Any:
        """Taken here, the answer is out: what must follow it follows now."""
        outcome = await self._editor.call(method, params)
        if outcome.after is not None:
            outcome.after()
        return outcome.result

    async def _submit(self, provider: Provider, code: str) -> LoginAttempt:
        login_id = self._open.get(provider.id)
        if login_id is None:
            raise PiError("unknown_attempt", f"No sign-in to {provider.name} is open; run pi.login first")
        return await self._attempt("pi/login/submit", {"loginId": login_id, "code": code})

    async def _finished(self, provider: Provider, params: dict[str, Any]) -> LoginAttempt:
        attempt = await self._attempt("pi/login/start", params)
        self._tell_end(provider, attempt)
        return attempt

    async def _show_step(self, attempt: LoginAttempt) -> None:
        match attempt.step:
            case BrowserStep(url=url):
                await self._show_page(url, "to sign in")
            case PasteCodeStep(url=url):
                await self._show_page(url, "to sign in, then run pi.login again with {provider, code}")
            case DeviceCodeStep(verification_uri=url, user_code=user_code):
                await self._show_page(url, f"and enter the code {user_code}")
            case _:
                pass

    async def _show_page(self, url: str, purpose: str) -> None:
        """In the browser if the client can, and always as one line that can be copied."""
        async with asyncio.TaskGroup() as group:
            if self._editor.shows_documents:
                group.create_task(self._open_page(url))
                # Asked for first: an editor in a terminal does nothing more until so long a line has been read.
                await asyncio.sleep(0)
            self._say(INFO, f"Open {url} {purpose}")

    async def _open_page(self, url: str) -> None:
        params = {"uri": url, "external": True, "takeFocus": True}
        with suppress(TimeoutError, PiError):
            await self._editor.ask("window/showDocument", params, self._show_seconds)

    async def _announce_end(self, provider: Provider, login_id: str) -> None:
        try:
            attempt = await self._attempt("pi/login/wait", {"loginId": login_id})
        except PiError as error:
            self._say(ERROR, error.message)
            return
        if self._open.get(provider.id) == login_id:
            del self._open[provider.id]
        self._tell_end(provider, attempt)

    def _tell_end(self, provider: Provider, attempt: LoginAttempt) -> None:
        if attempt.state == "succeeded":
            account = f" as {attempt.account}" if attempt.account else ""
            self._say(INFO, f"Signed in to {provider.name}{account}")
        elif attempt.state != "superseded":
            reason = attempt.error.message if attempt.error else f"the sign-in was {attempt.state}"
            self._say(WARNING, f"Not signed in to {provider.name}: {reason}")

    def _say(self, kind: int, message: str) -> None:
        self._editor.tell("window/showMessage", {"type": kind, "message": message})


def _wants_terms(model: Model) -> bool:
    reason = model.unavailable_reason
    return not model.available and reason is not None and reason.code == "model_not_enabled"


def _title(model: Model) -> str:
    return f"{model.id} (terms not accepted yet)" if _wants_terms(model) else model.id


def _named(arguments: Sequence[Any], names: Sequence[str]) -> dict[str, str]:
    """Arguments by position or as one object; empty ones count as left out (Lua's empty table is `[]` on the wire)."""
    given = arguments[0] if len(arguments) == 1 and isinstance(arguments[0], dict) else None
    pairs = given.items() if given is not None else zip(names, arguments, strict=False)
    named = {name: value for name, value in pairs if value not in (None, "", [], {})}
    wrong = [str(name) for name, value in named.items() if not isinstance(value, str)]
    if wrong:
        raise InvalidParams(f"{', '.join(wrong)} must be a string")
    return named
