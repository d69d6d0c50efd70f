"""Writes what is generated from the method table, or checks that it is fresh.

`python -m pi_server.protocol.generate` writes; with `--check` it prints a diff for each stale file and exits with 1.
"""

from __future__ import annotations

import difflib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from pi_server.protocol import lua, reference, typescript
from pi_server.protocol.schema import schema_document

REPOSITORY = Path(__file__).resolve().parents[2]


def generated(root: Path) -> Iterator[tuple[Path, str]]:
    """Every generated file below `root` with the text that it should have."""
    document = schema_document()
    page = root / "docs" / "protocol.md"
    yield root / "docs" / "protocol.schema.json", json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    yield root / "editors" / "vscode" / "src" / "protocol.ts", typescript.emit(document)
    yield root / "editors" / "neovim" / "lua" / "pi" / "protocol.lua", lua.emit(document)
    yield page, reference.emit(document, page.read_text(encoding="utf-8"))


def stale(root: Path) -> Iterator[str]:
    """A diff for each file that is not what it should be."""
    for path, text in generated(root):
        current = path.read_text(encoding="utf-8") if path.exists() else ""
        if current != text:
            name = str(path.relative_to(root))
            yield "\n".join(
                difflib.unified_diff(current.splitlines(), text.splitlines(), name, "fresh", lineterm="", n=1)
            )


def main(argv: list[str]) -> int:
    if argv == ["--check"]:
        diffs = list(stale(REPOSITORY))
        sys.stderr.write("".join(f"{diff}\n" for diff in diffs))
        sys.stderr.write("Stale generated files; run `make generate`\n" if diffs else "")
        return 1 if diffs else 0
    for path, text in generated(REPOSITORY):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
