from __future__ import annotations

import io
import json

import pytest

from pi_server.simulator.demo_output import Printer


def test_for_a_person() -> None:
    out = io.StringIO()
    printer = Printer(out, as_json=False)
    printer.title("Title")
    printer.step("one", 12.4, "shown", {"secondary": 1})
    printer.text("You said:\n\n> a")
    printer.text("b\n")
    printer.step("two", 3, "", {})
    printer.failure("three", 1234, "what went wrong")
    printer.end("The end")
    assert out.getvalue() == (
        "Title\n\n"
        "  ✓    12 ms  one: shown\n"
        "\n  | You said:\n  |\n  | > ab\n\n"
        "  ✓     3 ms  two\n"
        "  ✗  1234 ms  three\n    what went wrong\n"
        "\nThe end\n"
    )


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_long_lines_break_between_words_however_they_come(size: int) -> None:
    said = "word " * 40
    out = io.StringIO()
    printer = Printer(out, as_json=False)
    for start in range(0, len(said), size):
        printer.text(said[start : start + size])
    lines = out.getvalue().split("\n")[1:]
    assert " ".join(line.removeprefix("  | ") for line in lines).split() == ["word"] * 40
    assert max(map(len, lines)) <= 80


def test_for_a_program() -> None:
    out = io.StringIO()
    printer = Printer(out, as_json=True)
    printer.title("Title")
    printer.step("one", 12.44, "shown", {"count": 1})
    printer.text("not shown")
    printer.failure("two", 3, "problem")
    printer.end("The end")
    assert [json.loads(line) for line in out.getvalue().splitlines()] == [
        {"step": "one", "ok": True, "ms": 12.4, "count": 1},
        {"step": "two", "ok": False, "ms": 3, "error": "problem"},
    ]


def test_marks_that_the_terminal_cannot_show_are_words() -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii", write_through=True)
    printer = Printer(out, as_json=False)
    printer.step("one", 1, "", {})
    printer.failure("two", 1, "problem")
    assert raw.getvalue() == b"  ok     1 ms  one\n  FAILED     1 ms  two\n    problem\n"
