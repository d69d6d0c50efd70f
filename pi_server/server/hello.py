"""What `initialize` is answered, from constants: the front says it before anything heavy is loaded, the server after.

In: the params of `initialize`. Out: its result, and the members that the server uses, cleaned.
Never here: an import. Each constant is compared by a test with what it stands for (the method table, the
capabilities that pygls works out from the registered features, the providers that the handlers know).
"""

from __future__ import annotations

PROTOCOL_VERSION = 1
SERVER_NAME = "pi-server"
METHODS = (
    "pi/providers",
    "pi/login/start",
    "pi/login/submit",
    "pi/login/wait",
    "pi/login/cancel",
    "pi/logout",
    "pi/models",
    "pi/models/enable",
    "pi/chat",
    "pi/chat/list",
    "pi/chat/read",
    "pi/chat/rename",
    "pi/chat/fork",
    "pi/chat/delete",
    "pi/health",
)
PROVIDERS = ("anthropic", "github-copilot", "openai")
"""Those that are built in"""
COMMANDS = ("pi.login", "pi.logout", "pi.selectModel")
POSITION_ENCODING = "utf-16"
"""LSP 3.17: the one that every client knows, so none has to be agreed on; ranges in `pi/chat` are counted so too"""
INCREMENTAL = 2


class Hello:
    """What a client said about itself. Members of the wrong type count as not said."""

    def __init__(self, params: dict[str, object]) -> None:
        self.process_id = _integer(params.get("processId"))
        self.root_uri = _text(params.get("rootUri"))
        self.settings = _object(params.get("initializationOptions")).get("pi")
        """Whatever was sent; who takes it says what is wrong with it"""
        capabilities = _object(params.get("capabilities"))
        window = _object(capabilities.get("window"))
        self.shows_documents = _object(window.get("showDocument")).get("support") is True
        self.pulls_configuration = _object(capabilities.get("workspace")).get("configuration") is True


def result(version: str, servers: tuple[str, ...] = ()) -> dict[str, object]:
    """The result of `initialize`; `servers` are the ids of the user's own."""
    capabilities: dict[str, object] = {
        "positionEncoding": POSITION_ENCODING,
        "textDocumentSync": {"openClose": True, "change": INCREMENTAL, "save": False},
        "executeCommandProvider": {"commands": list(COMMANDS)},
        "workspace": {"workspaceFolders": {"supported": True, "changeNotifications": True}, "fileOperations": {}},
        "experimental": {
            "pi": {
                "protocolVersion": PROTOCOL_VERSION,
                "serverVersion": version,
                "methods": list(METHODS),
                "providers": [*PROVIDERS, *servers],
            }
        },
    }
    return {"capabilities": capabilities, "serverInfo": {"name": SERVER_NAME, "version": version}}


def _object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _integer(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
