"""THE method table: what may be asked, with what, and what is answered.

Everything that lists methods (the server's dispatch, `initialize`, the schema, the TypeScript and Lua types, the
reference page) reads this table; a method exists when it stands here.
"""

from __future__ import annotations

from dataclasses import dataclass

from pi_server.protocol import messages as m
from pi_server.values import Value

PROTOCOL_VERSION = 1


@dataclass(frozen=True)
class Method:
    name: str
    params: type[Value]
    result: type[Value] | None
    """None for a notification"""
    summary: str


CLIENT_REQUESTS: tuple[Method, ...] = (
    Method("pi/providers", m.NoParams, m.ProvidersResult, "Providers, how to sign in to each, and whether one is"),
    Method("pi/login/start", m.LoginStartParams, m.LoginAttempt, "Open a sign-in attempt; supersedes an open one"),
    Method("pi/login/submit", m.LoginSubmitParams, m.LoginAttempt, "Hand in a pasted code; answers when it is stored"),
    Method("pi/login/wait", m.LoginIdParams, m.LoginAttempt, "Wait until the attempt has ended"),
    Method("pi/login/cancel", m.LoginIdParams, m.LoginAttempt, "End an attempt; harmless when it has ended"),
    Method("pi/logout", m.ProviderParams, m.LogoutResult, "Remove the stored credential; revokes nothing"),
    Method("pi/models", m.ModelsParams, m.ModelsResult, "Models, at once from what is known"),
    Method(
        "pi/models/enable",
        m.ModelEnableParams,
        m.ModelEnableResult,
        "Accept a model's terms, as the person has just done",
    ),
    Method("pi/chat", m.ChatParams, m.ChatResult, "One turn; streams `pi/chat/event` until `ended`"),
    Method("pi/chat/list", m.ChatListParams, m.ChatListResult, "Kept chats, newest first"),
    Method("pi/chat/read", m.ChatReadParams, m.ChatReadResult, "The messages of a chat, oldest first"),
    Method("pi/chat/rename", m.ChatRenameParams, m.ChatChanged, "Give a chat another title"),
    Method("pi/chat/fork", m.ChatForkParams, m.ChatChanged, "A new chat that begins like this one"),
    Method("pi/chat/delete", m.ChatIdParams, m.ChatDeleteResult, "Delete a chat"),
    Method("pi/health", m.NoParams, m.HealthResult, "What a bug report needs"),
)

SERVER_NOTIFICATIONS: tuple[Method, ...] = (
    Method("pi/chat/event", m.ChatEventParams, None, "One event of a turn"),
    Method("pi/login/updated", m.LoginUpdatedParams, None, "A sign-in attempt changed"),
    Method("pi/auth/changed", m.AuthChangedParams, None, "A provider's sign-in changed, here or elsewhere"),
    Method("pi/models/changed", m.ModelsChangedParams, None, "A better model list is known"),
)

SERVER_REQUESTS: tuple[Method, ...] = (
    Method("pi/approve", m.ApproveParams, m.ApproveResult, "May this tool run? Asked only of clients that said so"),
)
