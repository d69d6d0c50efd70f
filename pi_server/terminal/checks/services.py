"""Whether a service answers at its address, takes the key, speaks the wire that is set, and says which models it has.

In: a target, and what sends a request to it, signed if there is a key. Out: one finding. A wire is asked with an empty
object, which every service refuses before anything is counted. Never here: a key; a body in a message.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from pi_server.errors import PiError
from pi_server.providers.base import Failures
from pi_server.providers.refusals import WrongWire
from pi_server.terminal.checks.finding import Finding, error, ok, warning
from pi_server.terminal.checks.network import Send, within_deadline
from pi_server.terminal.failure import sentence
from pi_server.values import Model, Reply, Request

KEY_CODES = frozenset({"login_required", "login_expired", "credential_not_permitted"})
_OK, _NOT_THERE, _REDIRECTS = 200, frozenset({404, 405, 501}), range(300, 400)


@dataclass(frozen=True, kw_only=True)
class Wire:
    """One way of chatting: a request that a service refuses for its body alone, if it knows this way at all."""

    api: str
    probe: Request
    failures: Failures


@dataclass(frozen=True, kw_only=True)
class Target:
    provider: str
    base: str
    place: str
    """Where `base` was set, for a person who has to correct it"""
    if_down: str
    """What to do when nobody answers"""
    key: str
    """How to give a key, or to sign in"""
    models: Callable[[Send], Awaitable[Sequence[Model]]]
    """The live list"""
    wires: tuple[Wire, ...] = ()
    """Those that may be spoken there, the wanted ones first; none: which ones is known otherwise"""
    wanted: frozenset[str] = frozenset()
    """Of these one is enough"""
    signed: bool = True
    """Whether there is a key to send"""
    names_models: bool = False
    """Whether the user has said which models there are"""


async def check_service(target: Target, send: Send) -> Finding:
    ask = _Listening(within_deadline(send))
    try:
        served = await _served(target, ask)
        if target.wires and served not in target.wanted:
            return _not_served(target, served)
    except PiError as problem:
        return _trouble(target, problem, ask.heard)
    try:
        models = await target.models(ask)
    except PiError as problem:
        return _without_list(target, served, problem, ask.heard)
    what = f"serves {served}, " if served else "answers, "
    if not models:
        remedy = "load one there, or name its models in models.json"
        return warning(target.provider, f"{target.base} {what}but lists no model", remedy)
    return ok(target.provider, f"{target.base} {what}{len(models)} model{'s' if len(models) > 1 else ''}")


class _Listening:
    """Keeps the last reply: the error that is made of it does not say whether it was a page."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.heard: Reply | None = None

    async def __call__(self, request: Request) -> Reply:
        self.heard = None
        self.heard = await self._send(request)
        return self.heard


async def _served(target: Target, ask: Send) -> str | None:
    """The first wire that is spoken there. Raises `PiError` for what is wrong whatever the wire."""
    for wire in target.wires:
        reply = await ask(wire.probe)
        problem = wire.failures.of_reply(reply)
        if isinstance(problem, WrongWire) or (reply.status in _NOT_THERE and problem.code != "model_not_found"):
            continue
        if _is_page(reply) or reply.status in _REDIRECTS or problem.code in KEY_CODES:
            raise problem
        if reply.status == _OK and not _is_object(reply.body):
            raise PiError("provider_error", "it answers, but not with JSON", provider=target.provider)
        return wire.api
    return None


def _not_served(target: Target, served: str | None) -> Finding:
    wanted = " or ".join(wire.api for wire in target.wires if wire.api in target.wanted)
    if served:
        message = f"{target.base} does not serve {wanted}, but {served}"
        return error(target.provider, message, f"set api to {served} in models.json")
    message = f"{target.base} answers, but there is nothing to chat with at this path (HTTP 404)"
    return error(target.provider, message, f"correct {target.place}; for most servers it ends in /v1")


def _without_list(target: Target, served: str | None, problem: PiError, heard: Reply | None) -> Finding:
    """A server that can be chatted with may well have no list."""
    has_none = heard is not None and (heard.status in _NOT_THERE or heard.status == _OK)
    if not served or not has_none or _is_page(heard):
        return _trouble(target, problem, heard)
    if target.names_models:
        return ok(target.provider, f"{target.base} serves {served}; it lists no models, those of models.json are used")
    message = f"{target.base} serves {served}, but its list of models cannot be read"
    return warning(target.provider, message, "name its models in models.json")


def _trouble(target: Target, problem: PiError, heard: Reply | None) -> Finding:
    where = f"{target.base}: "
    if heard is not None and _is_page(heard):
        message = f"a web page came back (HTTP {heard.status}): a network's sign-in page or a proxy stands in between"
        return error(target.provider, where + message, f"open a browser, or check the proxy and {target.place}")
    if problem.code in KEY_CODES:
        message = problem.message if target.signed else "it wants a key, and there is none"
        return error(target.provider, where + message, target.key)
    if problem.code == "provider_unreachable":
        return error(target.provider, where + problem.message, target.if_down)
    remedy = None if "base URL" in problem.message else f"check {target.place}"
    return Finding("error", target.provider, where + sentence(problem), remedy)


def _is_page(reply: Reply | None) -> bool:
    """A page that says "not found" may be the server's own."""
    if reply is None or reply.status in _NOT_THERE:
        return False
    return reply.headers.get("content-type", "").partition(";")[0].strip().lower() == "text/html"


def _is_object(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False
