"""What GitHub Copilot is called: its id on the wire and its name for people. In: nothing. Out: two constants."""

from __future__ import annotations

PROVIDER = "github-copilot"
NAME = "GitHub Copilot"
