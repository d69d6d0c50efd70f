"""The standard messages that this server understands: their params as lsprotocol values, and documents in the editor.

In: raw params. Out: lsprotocol objects, whose own validators check them. They are made by hand because there are eight
of them, and the general converter would first compile every class that LSP has (half a second).
Never here: files; a document exists here only while an editor has it open.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from lsprotocol import types
from pygls.workspace import TextDocument, Workspace

LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
"""LSP 3.17, "Text Documents": only these three end a line. `str.splitlines`, as pygls has it, knows eight more."""


class Document(TextDocument):
    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(LINE.findall(self.source))


class Documents(Workspace):
    """pygls's workspace with lines as LSP counts them."""

    def _create_text_document(self, doc_uri: str, *arguments: Any, **options: Any) -> TextDocument:
        document = super()._create_text_document(doc_uri, *arguments, **options)
        document.__class__ = Document
        return document

    def text(self, uri: str) -> str | None:
        """The text of a document that is open in the editor, saved or not."""
        document = self.text_documents.get(unquote(uri))
        return None if document is None else document.source


def _item(item: dict[str, Any]) -> types.TextDocumentItem:
    return types.TextDocumentItem(
        uri=item["uri"], language_id=item.get("languageId", ""), version=item.get("version", 0), text=item["text"]
    )


def _position(position: dict[str, Any]) -> types.Position:
    return types.Position(line=position["line"], character=position["character"])


def _change(change: dict[str, Any]) -> types.TextDocumentContentChangeEvent:
    if change.get("range") is None:
        return types.TextDocumentContentChangeWholeDocument(text=change["text"])
    start, end = _position(change["range"]["start"]), _position(change["range"]["end"])
    return types.TextDocumentContentChangePartial(range=types.Range(start=start, end=end), text=change["text"])


def _did_open(params: dict[str, Any]) -> types.DidOpenTextDocumentParams:
    return types.DidOpenTextDocumentParams(text_document=_item(params["textDocument"]))


def _did_change(params: dict[str, Any]) -> types.DidChangeTextDocumentParams:
    document = params["textDocument"]
    return types.DidChangeTextDocumentParams(
        text_document=types.VersionedTextDocumentIdentifier(uri=document["uri"], version=document.get("version") or 0),
        content_changes=[_change(change) for change in params["contentChanges"]],
    )


def _did_close(params: dict[str, Any]) -> types.DidCloseTextDocumentParams:
    return types.DidCloseTextDocumentParams(
        text_document=types.TextDocumentIdentifier(uri=params["textDocument"]["uri"])
    )


def _folders(folders: list[dict[str, Any]]) -> list[types.WorkspaceFolder]:
    return [types.WorkspaceFolder(uri=folder["uri"], name=folder.get("name", "")) for folder in folders]


def _did_change_folders(params: dict[str, Any]) -> types.DidChangeWorkspaceFoldersParams:
    event = params["event"]
    return types.DidChangeWorkspaceFoldersParams(
        event=types.WorkspaceFoldersChangeEvent(
            added=_folders(event.get("added") or []), removed=_folders(event.get("removed") or [])
        )
    )


def _execute_command(params: dict[str, Any]) -> types.ExecuteCommandParams:
    return types.ExecuteCommandParams(command=params["command"], arguments=params.get("arguments"))


def _cancel(params: dict[str, Any]) -> types.CancelParams:
    return types.CancelParams(id=params["id"])


def _set_trace(params: dict[str, Any]) -> types.SetTraceParams:
    return types.SetTraceParams(value=types.TraceValue(params["value"]))


def _progress_cancel(params: dict[str, Any]) -> types.WorkDoneProgressCancelParams:
    return types.WorkDoneProgressCancelParams(token=params["token"])


STRUCTURES: dict[str, Callable[[dict[str, Any]], Any]] = {
    types.TEXT_DOCUMENT_DID_OPEN: _did_open,
    types.TEXT_DOCUMENT_DID_CHANGE: _did_change,
    types.TEXT_DOCUMENT_DID_CLOSE: _did_close,
    types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: _did_change_folders,
    types.WORKSPACE_EXECUTE_COMMAND: _execute_command,
    types.CANCEL_REQUEST: _cancel,
    types.SET_TRACE: _set_trace,
    types.WINDOW_WORK_DONE_PROGRESS_CANCEL: _progress_cancel,
}
