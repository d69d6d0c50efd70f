"""Makes importing `lsprotocol.types` cheap: ten times faster, 50 ms instead of 500.

Why: its 554 classes are each compiled by attrs while the module is imported, and a session uses about twenty. How:
while that one module is imported, `attrs.define` marks the classes; attrs builds a marked class, in place, when it
is first instantiated or its attributes are first asked for (`__attrs_attrs__`, which is how attrs, cattrs and pygls
look). When lsprotocol does not fit this (another version, another way of defining classes), it is imported as it is:
everything works, only slower. Never here: any change to attrs after the import, or to any class of another package.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

FITS = "lsprotocol-2025.0.*.dist-info"
"""The releases of lsprotocol whose classes are known to be plain `@attrs.define` without arguments"""


def import_lsprotocol(*, defer: bool = True) -> bool:
    """Import `lsprotocol.types`; returns whether its classes were deferred."""
    if "lsprotocol.types" in sys.modules:
        return False
    if defer and _fits():
        return _import_deferred()
    import_module("lsprotocol.types")
    return False


def _fits() -> bool:
    """Looks at the folder's name: `importlib.metadata` would take as long as half of what is saved here."""
    spec = find_spec("lsprotocol")
    return bool(spec and spec.origin and any(Path(spec.origin).parents[1].glob(FITS)))


def _import_deferred() -> bool:
    import attrs

    define = attrs.define
    attrs.define = _mark_or(define)
    try:
        # One class is tried out, while there is still a way back.
        import_module("lsprotocol.types").Position(line=0, character=0)
    except Exception:  # noqa: BLE001  # whatever does not fit
        sys.modules.pop("lsprotocol.types", None)
    finally:
        attrs.define = define
    if "lsprotocol.types" in sys.modules:
        return True
    import_module("lsprotocol.types")
    return False


def _mark_or(define: Any) -> Any:
    """`attrs.define` that only marks classes; any other use of it is passed on."""

    def mark(*arguments: Any, **options: Any) -> Any:
        if options or len(arguments) != 1 or not isinstance(arguments[0], type):
            return define(*arguments, **options)
        return _deferred(arguments[0], define)

    return mark


def _deferred(cls: type, define: Any) -> type:
    if "__init__" in vars(cls):
        return define(cls)  # type: ignore[no-any-return]

    def build() -> None:
        if isinstance(vars(cls).get("__attrs_attrs__"), _Attributes):
            del cls.__init__, cls.__attrs_attrs__  # type: ignore[misc, attr-defined]
            # In place: a class with slots would be a new object, and the old one is already in use.
            define(cls, slots=False)

    def begin(self: Any, *arguments: Any, **options: Any) -> None:
        build()
        type(self).__init__(self, *arguments, **options)

    cls.__init__ = begin  # type: ignore[misc]
    cls.__attrs_attrs__ = _Attributes(build)  # type: ignore[attr-defined]
    return cls


class _Attributes:
    """Stands where a built class has its attributes; being looked at builds the class."""

    def __init__(self, build: Any) -> None:
        self._build = build

    def __get__(self, instance: object, owner: type) -> Any:
        self._build()
        return owner.__attrs_attrs__  # type: ignore[attr-defined]
