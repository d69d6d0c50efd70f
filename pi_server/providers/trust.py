"""Whom to trust over TLS: what the machine trusts, and what `SSL_CERT_FILE` and `SSL_CERT_DIR` add to it.

In: the environment, the platform. Out: one `ssl.SSLContext`, to be kept, for it takes about 50 ms to make.
Never here: less trust than asked for; a variable adds to the machine's certificates and never replaces them.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from pathlib import Path

from pi_server.errors import PiError

# Where systems keep their bundle when OpenSSL was built elsewhere and does not know:
# Debian, Fedora and its kin, SUSE, Alpine and the BSDs.
_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/cert.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


def trust_context(environ: Mapping[str, str], platform: str) -> ssl.SSLContext:
    """`platform` is `sys.platform`. Raises `PiError` when a variable names what cannot be read as certificates."""
    context = _system_api() if platform in ("darwin", "win32") else _system_files()
    if file := environ.get("SSL_CERT_FILE"):
        _add(context, "SSL_CERT_FILE", cafile=file)
    for directory in filter(None, environ.get("SSL_CERT_DIR", "").split(os.pathsep)):
        _add(context, "SSL_CERT_DIR", capath=directory)
    return context


def _system_api() -> ssl.SSLContext:
    import truststore  # only where the system has an API for trust; elsewhere it is not even read

    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _system_files() -> ssl.SSLContext:
    """Not truststore: on Linux it reads the same bundle anew for each connection, 40 ms in which nothing else runs.

    The variables are not left to OpenSSL either, for there they replace the machine's certificates.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    known = ssl.get_default_verify_paths()
    bundle = next((path for path in (known.openssl_cafile, *_BUNDLES) if Path(path).is_file()), None)
    if bundle is not None or Path(known.openssl_capath).is_dir():
        context.load_verify_locations(cafile=bundle, capath=known.openssl_capath)
    return context


def _add(context: ssl.SSLContext, variable: str, *, cafile: str | None = None, capath: str | None = None) -> None:
    try:
        if capath is not None and not Path(capath).is_dir():
            raise NotADirectoryError(capath)
        context.load_verify_locations(cafile=cafile, capath=capath)
    except OSError as error:
        raise PiError(
            "provider_unreachable",
            f"{variable} names {cafile or capath}, which cannot be read as certificates; correct or unset it",
            retryable=False,
        ) from error
