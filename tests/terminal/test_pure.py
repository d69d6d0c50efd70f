"""The parts of the terminal that are functions of their arguments."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi_server.errors import PiError
from pi_server.terminal.failure import exit_code, sentence
from pi_server.terminal.live import Live
from pi_server.terminal.markdown import Blocks, Renderer
from pi_server.terminal.menu import Choice, Menu
from pi_server.terminal.models import tokens
from pi_server.terminal.output import aligned, fitted, json_text, printable, width, wrapped
from pi_server.terminal.status import describe, duration
from pi_server.values import Problem, ProviderStatus

TEXT = st.text(st.characters(codec="utf-8"), max_size=60)


@given(TEXT, st.integers(1, 40))
def test_fitted_never_takes_more_columns(text: str, columns: int) -> None:
    assert width(fitted(text, columns)) <= columns


@given(TEXT, st.integers(1, 40))
def test_wrapped_loses_no_word_and_breaks_none(text: str, columns: int) -> None:
    lines = wrapped(text, columns)
    assert [word for line in lines for word in line.split()] == printable(text).split()
    assert all(width(line) <= columns or len(line.split()) == 1 for line in lines)


@pytest.mark.parametrize(
    ("text", "columns", "lines"),
    [
        ("one two three", 7, ["one two", "three"]),
        ("one\n\ntwo", 80, ["one", "", "two"]),
        ("a https://example.com/long b", 5, ["a", "https://example.com/long", "b"]),
        ("漢字 漢字", 5, ["漢字", "漢字"]),
        ("\x1b[2J", 80, ["[2J"]),
    ],
)
def test_text_is_wrapped_between_words(text: str, columns: int, lines: list[str]) -> None:
    assert wrapped(text, columns) == lines


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1))
def test_columns_are_aligned(rows: Sequence[tuple[str, str]]) -> None:
    first = max(width(row[0]) for row in rows)
    for row, line in zip(rows, aligned(rows), strict=True):
        assert line == f"{row[0]}{' ' * (first - width(row[0]))}  {row[1]}".rstrip()


@given(st.text(st.characters(exclude_categories=()), max_size=60))
def test_json_is_one_line_that_any_terminal_can_show(text: str) -> None:
    """Half surrogate pairs included."""
    line = json_text({"text": text})
    assert json.loads(line) == {"text": text}
    assert line.splitlines() == [line]
    line.encode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\tb\nc", "a\tb\nc"),
        ("\x1b[2Jx", "[2Jx"),
        ("\x1b]52;c;AAAA\x07x", "]52;c;AAAAx"),
        ("\x9b2Jx\x7f", "2Jx"),
        ("a\r\nb", "a\nb"),
    ],
)
def test_control_characters_never_reach_a_terminal(text: str, shown: str) -> None:
    assert printable(text) == shown


MENU = [Choice(value=f"m{n}", label=f"model {n}", obstacle="sign in first" if n == 2 else None) for n in range(30)]


def test_menu_moves_and_stops_at_its_ends() -> None:
    menu = Menu("Model", MENU, current="m1")
    for steps, wanted in [(-1, "m0"), (-1, "m0"), (50, "m29"), (1, "m29"), (-27, "m2")]:
        menu.move(steps)
        assert menu.chosen is not None
        assert menu.chosen.value == wanted
    assert menu.accept() is None
    assert menu.lines(40, 10)[-1].text == "sign in first"


def test_menu_keeps_its_choice_when_the_list_grows() -> None:
    menu = Menu("Model", MENU[5:8], current="m7")
    menu.replace(MENU)
    assert menu.chosen == MENU[7]
    menu.replace([])
    assert menu.accept() is None
    assert menu.lines(40, 10)[-1].text == "The list is empty"


@given(st.integers(1, 60), st.integers(1, 40), st.integers(0, 29))
def test_menu_fits_every_terminal_and_shows_the_cursor(columns: int, rows: int, cursor: int) -> None:
    lines = Menu("Model", MENU, current=f"m{cursor}").lines(columns, rows)
    assert len(lines) <= max(rows, 3)
    assert all(width(line.text) <= columns for line in lines)
    assert [line.style for line in lines].count("current") == 1


ANSWER = """# Title

A paragraph with **bold**
over two lines.

- one
- two
  - nested

1. first

   still first
2. second

```python
def f():

    return "# not a heading"
```

> quoted
> twice

| a | b |
|---|---|
| 1 | 2 |

    indented code

last *words*"""


def lines_of(chunks: Sequence[str]) -> list[str]:
    blocks, renderer = Blocks(), Renderer({}, coloured=False)
    printed: list[str] = []
    for finished in [*map(blocks.feed, chunks), blocks.end()]:
        lines = renderer.lines(finished, 60)
        printed += ["", *lines] if printed and lines else lines
    return [line for line in printed if line]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 20, len(ANSWER)])
def test_however_an_answer_is_cut_its_lines_are_the_same(size: int) -> None:
    chunks = [ANSWER[start : start + size] for start in range(0, len(ANSWER), size)]
    assert lines_of(chunks) == lines_of([ANSWER])


def test_blocks_are_finished_as_soon_as_the_next_begins() -> None:
    blocks = Blocks()
    fed = [
        (text, blocks.feed(text)) for text in ["one\n", "\ntwo", " more\n", "\n```\ncode\n", "\nend\n", "```\n", "x\n"]
    ]
    assert [finished for _, finished in fed if finished] == ["one\n\n", "two more\n\n", "```\ncode\n\nend\n```\n"]


@pytest.mark.parametrize(
    ("text", "tail"),
    [
        ("short", "short"),
        ("".join(f"line {n}\n" for n in range(9)), "line 7\nline 8\n"),
        ("```py\n" + "".join(f"line {n}\n" for n in range(9)), "```py\nline 7\nline 8\n"),
        ("~~~\na", "~~~\na"),
        ("word " * 100, "word " * 12),
    ],
)
def test_a_long_block_is_drawn_by_its_end(text: str, tail: str) -> None:
    blocks = Blocks()
    blocks.feed(text)
    assert blocks.tail(10, 3) == tail


@given(TEXT)
def test_no_text_is_lost_between_blocks(text: str) -> None:
    blocks = Blocks()
    assert "".join(map(blocks.feed, text)) + blocks.end() == printable(text)


def test_code_can_be_copied_as_it_is() -> None:
    assert Renderer({}, coloured=False).lines("```text\n  a\n\n    b\n```\n", 40) == ["  a", "", "    b"]


@pytest.mark.parametrize("rows", [3, 10])
def test_live_lines_leave_a_correct_scrollback(rows: int) -> None:
    screen = pyte.HistoryScreen(20, rows, history=1000, ratio=1.0)
    stream, out = pyte.Stream(screen), io.StringIO()
    live = Live(out, lambda: (20, rows))
    for step in range(40):
        live.draw([f"finished {step}"] if step % 2 else [], [f"unfinished {step}.{n}" for n in range(step % 7)])
        stream.feed(out.getvalue().replace("\n", "\r\n"))
        out.seek(0)
        out.truncate()
    above = ["".join(line[column].data for column in range(20)).rstrip() for line in screen.history.top]
    shown = [line for line in [*above, *(line.rstrip() for line in screen.display)] if line.startswith("finished")]
    assert shown == [f"finished {step}" for step in range(1, 40, 2)]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (ProviderStatus(state="loggedOut"), "not signed in"),
        (
            ProviderStatus(state="ready", source="oauth", account="a@b.c", expires_at=8 * 3_600_000),
            "signed in as a@b.c, token good for 8 h",
        ),
        (ProviderStatus(state="ready", source="oauth", expires_at=-5), "signed in, token to be renewed"),
        (ProviderStatus(state="ready"), "needs no sign-in"),
        (ProviderStatus(state="ready", source="apiKey"), "signed in with an API key"),
        (ProviderStatus(state="ready", source="env:X_KEY"), "X_KEY from the environment"),
        (ProviderStatus(state="expired", source="oauth"), "sign-in expired"),
        (ProviderStatus(state="error", problem=Problem(code="store_unreadable", message="no")), "no"),
    ],
)
def test_status_in_words(status: ProviderStatus, words: str) -> None:
    assert describe(status, 0) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(5, "5 s"), (90, "1 min"), (7200, "2 h"), (100_000, "27 h"), (200_000, "2 days")]
)
def test_durations(seconds: int, words: str) -> None:
    assert duration(seconds * 1000) == words


@pytest.mark.parametrize(("count", "words"), [(512, "512"), (64_000, "64k"), (200_000, "200k"), (1_000_000, "1M")])
def test_token_counts(count: int, words: str) -> None:
    assert tokens(count) == words


@pytest.mark.parametrize(
    ("error", "said", "code"),
    [
        (
            PiError("rate_limited", "Anthropic takes no more requests", retry_after_ms=1500),
            "Anthropic takes no more requests; try again in 2 s",
            1,
        ),
        (
            PiError("model_not_found", "No such model", provider_message="model: x", provider_request_id="req_1"),
            "No such model (the provider says: model: x) [request req_1]; see: pi models",
            1,
        ),
        (PiError("login_expired", "Ended", provider="anthropic"), "Ended; run: pi login anthropic", 3),
        (
            PiError("credential_not_permitted", "Not allowed", provider="anthropic"),
            "Not allowed; use an API key: pi login anthropic --method apiKey",
            1,
        ),
        (PiError("credential_not_permitted", "Not allowed", provider="github-copilot"), "Not allowed", 1),
        (PiError("stream_broken", "It was cut off, try again"), "It was cut off, try again", 1),
        (PiError("cancelled", "Cancelled"), "Cancelled", 130),
        (PiError("provider_error", "a\x1b[2Jb\nc"), "a[2Jb c", 1),
    ],
)
def test_errors_say_what_to_do(error: PiError, said: str, code: int) -> None:
    assert (sentence(error), exit_code(error)) == (said, code)
