"""The one layer between bytes and pygls: what a message may be, when it may come, and how each is answered once.

In: message bodies from the framer. Out: answers and requests into the outbox; good messages go on to pygls, which
dispatches them. Every request is answered exactly once, with its id; replies nobody waits for are let go.
Never here: bytes on a descriptor, a body in a log, what a `pi/` method means.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
from concurrent.futures import Future
from typing import Any, Literal, Protocol

from lsprotocol import types
from pygls.protocol import JsonRPCNotification, JsonRPCRequestMessage, LanguageServerProtocol, lsp_method

from pi_server.errors import PiError
from pi_server.server import faults, hello
from pi_server.server.documents import STRUCTURES, Documents
from pi_server.server.faults import WireError, error_object
from pi_server.server.handlers import Outcome
from pi_server.server.outbox import Outbox, encode
from pi_server.server.parsing import INVALID_PARAMS, INVALID_REQUEST, Malformed, is_id, read
from pi_server.version import __version__

MAX_IN_FLIGHT = 2048
MAX_IN_FLIGHT_BYTES = 256 * 1024 * 1024
CANCEL_SECONDS = 1.0
"""How long cancelled requests may take to say their last words"""

MessageId = int | str
Phase = Literal["new", "running", "shut"]

logger = logging.getLogger(__name__)


class Events(Protocol):
    """What the session hears from the wire."""

    def opened(self, client: hello.Hello) -> None: ...
    def exited(self, code: int) -> None: ...


class WireProtocol(LanguageServerProtocol):
    """pygls's protocol with this server's manners."""

    outbox: Outbox
    events: Events
    answered_by_front: MessageId | None = None
    servers: tuple[str, ...] = ()
    """The ids of the user's own servers"""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._phase: Phase = "new"
        self._client: hello.Hello | None = None
        self._in_flight: dict[MessageId, _Call] = {}
        self._cancelled: set[MessageId] = set()
        self._questions: dict[str, asyncio.Future[Any]] = {}
        self._numbers = itertools.count(1)

    def receive(self, body: bytes) -> None:
        """Take one message, whatever it is."""
        try:
            message = read(body)
        except Malformed as fault:
            self.refuse(fault.id, WireError(fault.code, fault.message))
            return
        if "method" not in message:
            self._take_answer(message)
        elif "id" in message:
            self._take_request(message, len(body))
        else:
            self._take_notification(message)

    def refuse(self, message_id: MessageId | None, error: Exception, method: str = "") -> None:
        """Answer with an error."""
        self._send_body(message_id, b'"error":' + encode(error_object(error, method)))

    async def ask(self, method: str, params: dict[str, Any], seconds: float) -> Any:
        """A request to the client. Returns its result, which may be None.

        Raises `TimeoutError` when it does not answer, `PiError` when it answers with an error; the question is
        withdrawn by `$/cancelRequest` when nobody waits for it any more.
        """
        message_id = f"pi-{next(self._numbers)}"
        future = self._questions[message_id] = asyncio.get_running_loop().create_future()
        self._send_message({"id": message_id, "method": method, "params": params})
        try:
            async with asyncio.timeout(seconds):
                return await future
        except (TimeoutError, asyncio.CancelledError):
            self._send_message({"method": types.CANCEL_REQUEST, "params": {"id": message_id}})
            raise
        finally:
            del self._questions[message_id]

    def tell(self, method: str, params: dict[str, Any]) -> None:
        """A standard notification."""
        self._send_message({"method": method, "params": params})

    def text(self, uri: str) -> str | None:
        return self._workspace.text(uri) if isinstance(self._workspace, Documents) else None

    def cancel_all(self, *but: MessageId) -> None:
        """Cancel everything in flight, each once."""
        for message_id in self._in_flight.keys() - set(but):
            self._cancel(message_id)

    async def idle(self, seconds: float, *but: MessageId) -> None:
        """Wait until nothing is in flight, at most so long."""
        running = [call.future for message_id, call in self._in_flight.items() if message_id not in but]
        if running:
            await asyncio.wait([asyncio.wrap_future(future) for future in running], timeout=seconds)

    # Messages in.

    def _take_request(self, message: dict[str, Any], size: int) -> None:
        message_id, method = message["id"], message["method"]
        try:
            self._admit(message_id, method)
            structured = self.structure_message(message)
        except (WireError, PiError) as error:
            self.refuse(message_id, error, method)
            return
        logger.debug("request %s %s, %d bytes", message_id, method, size)
        self._in_flight[message_id] = _Call(method, size)
        self.handle_message(structured)

    def _take_notification(self, message: dict[str, Any]) -> None:
        method = message["method"]
        if method != types.EXIT and self._phase != "running":
            return
        if not self._serves(method) and method != types.CANCEL_REQUEST:
            return
        try:
            self.handle_message(self.structure_message(message))
        except WireError:
            logger.warning("a notification %s has params of the wrong shape", method)

    def _take_answer(self, message: dict[str, Any]) -> None:
        question = self._questions.get(message["id"]) if isinstance(message.get("id"), str) else None
        if question is None or question.done():
            return
        if message.get("error") is not None:
            question.set_exception(PiError("unsupported", "the editor refused the request"))
        else:
            question.set_result(message.get("result"))

    def _admit(self, message_id: MessageId, method: str) -> None:
        """Raise what speaks against this request here and now."""
        if message_id in self._in_flight:
            raise WireError(INVALID_REQUEST, "a request with this id is still in flight")
        if self._phase == "shut":
            raise WireError(INVALID_REQUEST, "the server has been shut down")
        if self._phase == "new" and method != types.INITIALIZE:
            raise WireError(faults.NOT_INITIALIZED, "the first request must be initialize")
        if self._phase == "running" and method == types.INITIALIZE:
            raise WireError(INVALID_REQUEST, "the server is initialized already")
        if not self._serves(method):
            raise WireError(faults.METHOD_NOT_FOUND, "no method has this name")
        if len(self._in_flight) >= MAX_IN_FLIGHT or self._bytes_in_flight() > MAX_IN_FLIGHT_BYTES:
            raise PiError("rate_limited", "too many requests are in flight; wait for answers")

    def _bytes_in_flight(self) -> int:
        return sum(call.size for call in self._in_flight.values())

    def _serves(self, method: str) -> bool:
        return method in self.fm.builtin_features or method in self.fm.features

    def structure_message(self, data: dict[str, Any]) -> Any:
        """A checked message as pygls's generic one. Only the message itself: nested objects are plain data.

        Raises `WireError` when the params of a standard method have the wrong shape.
        """
        method, params = data["method"], self._structured(data["method"], data["params"])
        if "id" in data:
            return JsonRPCRequestMessage(id=data["id"], method=method, jsonrpc="2.0", params=params)
        return JsonRPCNotification(method=method, jsonrpc="2.0", params=params)

    def _structured(self, method: str, params: Any) -> Any:
        structure = STRUCTURES.get(method)
        try:
            if structure is not None:
                return structure(params)
            if method.startswith("notebookDocument/"):
                kind: Any = types.METHOD_TO_TYPES[method][2]
                return self._converter.structure(params, kind)
        except Exception as error:
            # Whatever it was: lsprotocol's validators and cattrs raise half a dozen kinds.
            raise WireError(INVALID_PARAMS, f"the params of {method} have the wrong shape") from error
        return params

    # Life cycle, as pygls's built-in features.

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: Any) -> Any:
        if not isinstance(params, dict):
            raise WireError(INVALID_PARAMS, "the params of initialize must be an object")
        self._phase = "running"
        client = self._client = hello.Hello(params)
        # pygls sets itself up from what it needs; its own answer, the slow one, is compared with ours by a test.
        yield from super().lsp_initialize(
            types.InitializeParams(
                process_id=client.process_id,
                root_uri=client.root_uri,
                capabilities=types.ClientCapabilities(),
            )
        )
        encoding = types.PositionEncodingKind(hello.POSITION_ENCODING)
        self._workspace = Documents(client.root_uri, types.TextDocumentSyncKind.Incremental, [], encoding)
        self.events.opened(client)
        return hello.result(__version__, self.servers)

    @lsp_method(types.SHUTDOWN)
    async def lsp_shutdown(self, *_: Any) -> None:  # type: ignore[override]  # pygls takes any kind of function
        """Ends what is in flight, then answers; `self._shutdown` stays False, or pygls would let messages go."""
        self._phase = "shut"
        own = next((key for key, call in self._in_flight.items() if call.method == types.SHUTDOWN), "")
        self.cancel_all(own)
        await self.idle(CANCEL_SECONDS, own)

    @lsp_method(types.EXIT)
    def lsp_exit(self, *_: Any) -> None:  # type: ignore[override]
        self.events.exited(0 if self._phase == "shut" else 1)

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    async def lsp_workspace__execute_command(  # type: ignore[override]
        self, params: types.ExecuteCommandParams
    ) -> Any:
        """A coroutine, unlike pygls's own, so that cancelling the request cancels the command."""
        command = self.fm.commands.get(params.command)
        if command is None:
            raise WireError(INVALID_PARAMS, "no command has this name")
        return await command(*(params.arguments or ()))

    # Answers out.

    def _execute_handler(self, msg_id: Any, handler: Any, callback: Any, args: Any = None, kwargs: Any = None) -> None:
        super()._execute_handler(msg_id, handler, callback, args, kwargs)
        call = self._in_flight.get(msg_id)
        future = self._request_futures.pop(msg_id, None)
        if call is not None and future is not None:
            call.future = future

    def _send_handler_result(self, future: Any, *, msg_id: MessageId) -> None:
        call = self._in_flight.pop(msg_id)
        self._cancelled.discard(msg_id)
        try:
            result = future.result()
            after = result.after if isinstance(result, Outcome) else None
            body = b'"result":' + encode(result.result if isinstance(result, Outcome) else result)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  # the edge where errors become answers
            after, body = None, b'"error":' + encode(error_object(error, call.method))
        logger.debug("answer to %s %s: %s, %d bytes", msg_id, call.method, body[1:7].decode(), len(body))
        if msg_id == self.answered_by_front and call.method == types.INITIALIZE:
            self.answered_by_front = None
        else:
            self._send_body(msg_id, body)
        if after is not None:
            after()

    def _handle_cancel_notification(self, msg_id: Any) -> None:
        if is_id(msg_id) and msg_id in self._in_flight:
            # Not at once: a request of the same read has not begun yet, and must get to its `finally`.
            asyncio.get_running_loop().call_soon(self._cancel, msg_id)

    def _cancel(self, message_id: MessageId) -> None:
        """Once: a second cancel would cut off the clean-up after the first."""
        call = self._in_flight.get(message_id)
        if call is not None and message_id not in self._cancelled:
            self._cancelled.add(message_id)
            call.future.cancel()

    def _send_body(self, message_id: MessageId | None, member: bytes) -> None:
        self.outbox.send(b'{"jsonrpc":"2.0","id":%b,%b}' % (json.dumps(message_id).encode(), member))

    def _send_message(self, members: dict[str, Any]) -> None:
        self.outbox.send(encode({"jsonrpc": "2.0", **members}))

    def _serialize_message(self, data: Any) -> Any:
        """Only for the debug log of pygls now: the name is enough, and spares building the converter."""
        return type(data).__name__

    def _send_data(self, data: Any) -> None:
        """Whatever pygls itself has to say. No body is logged."""
        self.outbox.send(encode(self._converter.unstructure(data)))


class _Call:
    """A request in flight."""

    def __init__(self, method: str, size: int) -> None:
        self.method = method
        self.size = size
        self.future: asyncio.Future[Any] | Future[Any] = Future()
