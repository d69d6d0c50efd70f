"""Python, packages, and environment variables that change what pi does or that pi leaves aside.

In: the environment, settings. Out: findings. A credential's value is looked at for its kind, and never shown.
"""

from __future__ import annotations

import platform
import ssl
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

from pi_server.errors import PiError
from pi_server.settings import ENDPOINTS, Endpoints
from pi_server.terminal.checks.files import there
from pi_server.terminal.checks.finding import Finding, ok, warning
from pi_server.terminal.checks.finding import error as bad
from pi_server.version import __version__

PACKAGES = ("httpx", "pydantic", "pygls", "lsprotocol", "prompt-toolkit", "rich")
OAUTH_MARK = "sk-ant-oat"
PERSONAL_TOKENS = ("ghp_", "github_pat_")
CREDENTIALS = ("ANTHROPIC_API_KEY", "ANTHROPIC_OAUTH_TOKEN", "OPENAI_API_KEY", "COPILOT_GITHUB_TOKEN")


def check_versions() -> Iterator[Finding]:
    version = platform.python_version()
    yield ok("pi", f"pi-server {__version__} on Python {version}, {platform.system()} {platform.machine()}")
    if sys.version_info < (3, 11):  # noqa: UP036  a copied folder can run under any Python
        yield bad("python", f"Python {version} is too old", "use Python 3.11 or later")
    missing = [name for name in PACKAGES if _version(name) is None]
    if missing:
        yield bad("packages", f"missing: {', '.join(missing)}", "install pi-server again")
    else:
        yield ok("packages", ", ".join(f"{name} {_version(name)}" for name in PACKAGES))


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def check_variables(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Credentials in the environment that mean something other than one might think."""
    if OAUTH_MARK in environ.get("ANTHROPIC_API_KEY", ""):
        yield warning(
            "environment",
            "ANTHROPIC_API_KEY holds a subscription token, not an API key; it is used as a token",
            "move it to ANTHROPIC_OAUTH_TOKEN",
        )
    token = environ.get("ANTHROPIC_OAUTH_TOKEN", "").strip()
    if token and OAUTH_MARK not in token:
        message = "ANTHROPIC_OAUTH_TOKEN does not look like a subscription token"
        yield warning("environment", message, "put API keys into ANTHROPIC_API_KEY")
    if environ.get("ANTHROPIC_AUTH_TOKEN", "").strip():
        yield warning(
            "environment",
            "ANTHROPIC_AUTH_TOKEN is set; pi does not use it",
            "set ANTHROPIC_OAUTH_TOKEN or ANTHROPIC_API_KEY instead",
        )
    if environ.get("COPILOT_GITHUB_TOKEN", "").strip().startswith(PERSONAL_TOKENS):
        yield warning(
            "environment",
            "COPILOT_GITHUB_TOKEN holds a personal access token, which GitHub does not take for Copilot",
            "unset it, and run: pi login github-copilot",
        )
    for name in CREDENTIALS:
        value = environ.get(name, "")
        if value.strip() and (len(value.split()) > 1 or not value.isascii()):
            yield bad("environment", f"{name} has spaces, line breaks or odd characters inside", "set it again")


def check_endpoints(endpoints: Endpoints, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Where requests go when that is not where they usually go, and who moved them."""
    usual = Endpoints()
    moved = [row for row in ENDPOINTS if getattr(endpoints, row.field) != getattr(usual, row.field)]
    for row in moved:
        by = row.variable if environ.get(row.variable, "").strip() else f"endpoints.{row.key} in server.json"
        yield warning("endpoints", f"{row.field.replace('_', ' ')} is {getattr(endpoints, row.field)}, set by {by}")
    if not moved:
        yield ok("endpoints", "the providers' own")


def check_certificates(environ: Mapping[str, str]) -> Iterator[Finding]:
    from pi_server.providers.trust import trust_context

    named = [name for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if environ.get(name)]
    try:
        trust_context(environ, sys.platform)
    except PiError as error:
        yield bad("certificates", error.message, f"correct {' or '.join(named)}, or unset it")
    except (OSError, ssl.SSLError) as error:
        yield bad("certificates", f"the system's certificates cannot be read: {error}", "install ca-certificates")
    else:
        added = f" and {', '.join(f'{name}={environ[name]}' for name in named)}" if named else ""
        yield ok("certificates", f"the system's{added}")


def check_log(path: Path) -> Iterator[Finding]:
    size = f", {path.stat().st_size // 1000} kB" if there(path) else ", empty so far"
    yield ok("log", f"{path}{size}; PI_LOG_LEVEL=debug writes more, never a secret")
