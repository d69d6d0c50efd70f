"""What stands in a request where a chat has nothing that the wire would take: the same words on every wire.

In: nothing. Out: constants. Never here: a wire's format.
"""

from __future__ import annotations

NO_RESULT = "No result: the call was interrupted"
NO_IMAGE = "[an image that this model cannot see]"
GO_ON = "Continue"
NO_OUTPUT = "(no output)"
"""What a tool says that says nothing, where a wire takes no empty text"""
FAILED = "Error:"
"""Stands before what a tool says that failed, where a wire has no other place for it"""
