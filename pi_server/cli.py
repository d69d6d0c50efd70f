"""argv → the command to run → an exit code.

In: the arguments. Out: 0 success, 1 a failed operation, 2 bad usage, 3 sign-in required, 130 an interrupt.
Never here: work. A command's module is imported when the command runs, and nothing but `sys` before `serve` has
taken over: its standard output belongs to the protocol, and its start-up time to the editor.
"""

from __future__ import annotations

import sys

# The type checker reads this branch, start-up does not pay for it (`typing` alone takes 20 ms).
TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence
    from typing import Any, NoReturn

    from pi_server.app import App
    from pi_server.server.session import Session

EPILOG = """\
exit codes: 0 success, 1 a failed operation, 2 bad usage, 3 sign-in required, 130 an interrupt
Keys and codes are never arguments, because other users can read those: they are asked for, or read from standard input.
"""


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """The program: runs one command and ends the process. `argv` is without the program's name."""
    import os

    # A plugin would see every key that is validated, and looking for plugins takes 5 ms.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    code = run(sys.argv[1:] if argv is None else argv)
    try:
        if sys.stderr is not None:
            sys.stderr.flush()
    finally:
        # Not `sys.exit`: everything is closed and written, and taking a thousand classes apart takes 40 ms.
        os._exit(code)


def run(argv: Sequence[str]) -> int:
    """Run one command; its exit code. Raises only `SystemExit`, for bad usage and help."""
    arguments = list(argv)
    if arguments[:1] == ["serve"] and "-h" not in arguments and "--help" not in arguments:
        from pi_server.server.front import main as serve

        return serve([argument for argument in arguments[1:] if argument != "--json"], _build, _servers)
    from pi_server.terminal.failure import quiet_when_nobody_reads

    return quiet_when_nobody_reads(lambda: _run(arguments))


def _build(client: Session, editor_settings: Mapping[str, Any]) -> App:
    """The application for one client of `pi serve`; imported when the front has answered."""
    import os

    from pi_server.app import build
    from pi_server.terminal.world import home_directory

    return build(os.environ, home_directory(), client, editor_settings=editor_settings)


def _servers() -> tuple[str, ...]:
    """The ids of the user's own servers, for `initialize`: a look at the disk, and imports only if there is a file."""
    import os

    folder = os.environ.get("PI_AGENT_DIR", "").strip() or "~/.pi/agent"
    if not os.path.exists(os.path.expanduser(f"{folder}/models.json")):  # noqa: PTH110, PTH111
        return ()
    from pathlib import Path

    from pi_server.server.hello import PROVIDERS
    from pi_server.servers import read_servers

    return tuple(read_servers(Path(os.path.expanduser(f"{folder}/models.json")), PROVIDERS).servers)  # noqa: PTH111


def _run(arguments: list[str]) -> int:
    parser = parser_for(arguments)
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help()
        return 0
    import gc

    # Imports make many objects and hardly any garbage; looking for it takes a tenth of the start-up.
    # `terminal.client.core` turns it on again.
    gc.disable()
    from pi_server.terminal.launch import launch

    return launch(options)


def parser_for(arguments: list[str]) -> argparse.ArgumentParser:
    """A parser that knows every command, or only the one that the arguments begin with: each takes a millisecond."""
    import argparse

    from pi_server.version import __version__

    class Parser(argparse.ArgumentParser):
        def error(self, message: str) -> NoReturn:
            # The message repeats what it does not understand, which may be a key.
            from pi_server.redaction import redact

            super().error(redact(message))

    parser: argparse.ArgumentParser = Parser(
        prog="pi",
        description="Sign in to the models you pay for, list them, chat; or serve all of it to an editor.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"pi {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    for name in arguments[:1] if arguments and arguments[0] in COMMANDS else COMMANDS:
        COMMANDS[name](commands)
    return parser


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, summary: str, more: str = ""
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=summary, description=f"{summary}. {more}".strip(), allow_abbrev=False)
    parser.add_argument("--json", action="store_true", help="JSON for scripts, one object a line")
    return parser


def _login(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    more = "Without a terminal the page's address is printed, and the code or key is read from standard input."
    parser = _command(commands, "login", "Sign in to a provider", more)
    parser.add_argument("provider", nargs="?", metavar="PROVIDER", help="such as anthropic; asked for when left out")
    parser.add_argument(
        "--method", metavar="METHOD", help="pasteCode, browser, deviceCode or apiKey; asked for when left out"
    )
    parser.add_argument("--enterprise-domain", metavar="DOMAIN", help="for providers that have enterprise servers")
    browser = parser.add_mutually_exclusive_group()
    browser.add_argument("--open", action="store_true", default=None, help="open the page in the browser at once")
    browser.add_argument("--no-open", dest="open", action="store_false", help="do not offer to open the browser")


def _logout(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    more = (
        "Removes what is stored on this machine; nothing is revoked at the provider. "
        "Without a terminal PROVIDER is needed, and naming it is the confirmation."
    )
    parser = _command(commands, "logout", "Sign out of a provider", more)
    parser.add_argument("provider", nargs="?", metavar="PROVIDER", help="such as anthropic; asked for when left out")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask for confirmation")


def _models(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _command(commands, "models", "List the models and which of them can be used now")
    parser.add_argument("--provider", metavar="PROVIDER", help="only this provider's models")
    parser.add_argument("--refresh", action="store_true", help="ask the provider first")


def _chat(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    more = (
        "Without PROMPT on a terminal: a conversation. Standard input that is not a terminal is the prompt, "
        "or goes along with PROMPT. To a pipe only the answer is printed; everything else goes to standard error."
    )
    parser = _command(commands, "chat", "Ask a model, or hold a conversation", more)
    parser.add_argument("prompt", nargs="*", metavar="PROMPT", help="what to ask; `-` reads standard input")
    parser.add_argument("-m", "--model", metavar="MODEL", help="provider/model; see `pi models`")
    chat = parser.add_mutually_exclusive_group()
    chat.add_argument("-c", "--continue", dest="resume", action="store_true", help="go on with this folder's last chat")
    chat.add_argument("--chat", metavar="ID", help="go on with this chat")
    parser.add_argument("-f", "--file", metavar="PATH", action="append", default=[], help="a text or an image; repeat")
    parser.add_argument("-s", "--system", metavar="TEXT", help="instructions for the model")
    parser.add_argument("--reasoning", metavar="LEVEL", help="one of the model's reasoning levels")
    parser.add_argument("--ephemeral", action="store_true", help="keep nothing on disk")


def _serve(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _command(commands, "serve", "Serve an editor or a script over JSON-RPC on standard input and output")
    parser.add_argument("--stdio", action="store_true", help="changes nothing; many editors add it by themselves")
    parser.add_argument("--tcp", metavar="PORT", type=int, help="listen on this port of 127.0.0.1 instead")


def _rpc(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    more = (
        "Notifications come as lines before the answer; an error object goes to standard error. "
        "A key or a code goes into JSON on standard input, never into an argument."
    )
    parser = _command(commands, "rpc", "Make one call of the protocol in this process", more)
    parser.add_argument("method", metavar="METHOD", help="such as pi/health")
    parser.add_argument("params", nargs="?", metavar="JSON", help="an object; `-` reads standard input")


def _doctor(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _command(commands, "doctor", "Say what is right and wrong with this installation, and what to do")
    parser.add_argument("--offline", action="store_true", help="do not use the network")


def _demo(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _command(commands, "demo", "Show sign-in, models and chat against a simulated provider")
    parser.add_argument("--serve", action="store_true", help="keep the simulated providers up for your editor")
    parser.add_argument(
        "--provider",
        choices=("anthropic", "github-copilot", "openai"),
        default="anthropic",
        help="whose sign-in and models to show",
    )


def _schema(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    _command(commands, "schema", "Print the JSON Schema of the protocol")


COMMANDS = {
    "login": _login,
    "logout": _logout,
    "models": _models,
    "chat": _chat,
    "serve": _serve,
    "rpc": _rpc,
    "doctor": _doctor,
    "demo": _demo,
    "schema": _schema,
}
