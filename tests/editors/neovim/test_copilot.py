"""GitHub Copilot and a server of one's own at the keyboard, against the real server and the simulator."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pi_server.simulator import Simulator
from tests.e2e.conftest import stored
from tests.editors.neovim.conftest import Open
from tests.editors.neovim.editor import Neovim

pytestmark = pytest.mark.slow

COPILOT = "github-copilot"
QUESTION = "GitHub Enterprise domain, or nothing for github.com:"


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    """A person who is quick is asked for after two seconds."""
    async with Simulator(device_interval=1) as simulator:
        yield simulator


async def begin(nvim: Neovim, domain: str = "") -> tuple[str, str]:
    """The address and the code, as they stand in the window."""
    await nvim.command("Pi login github-copilot")
    await nvim.sees(QUESTION)
    await nvim.keys(f"{domain}<CR>")
    screen = await nvim.sees("Sign in to GitHub Copilot", "left", "y copy code")
    address = re.search(r"https?://\S+", screen)
    code = re.search(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b", screen)
    assert address
    assert code
    return address[0], code[0]


async def test_sign_in_by_a_code_accept_the_terms_of_a_model_and_chat_with_it(
    nvim: Neovim, simulator: Simulator, agent_dir: Path
) -> None:
    await simulator.authorize_device(*(await begin(nvim)))
    await nvim.sees("Signed in to GitHub Copilot as ada")
    await nvim.loses("y copy code")
    await nvim.command("Pi models")
    await nvim.sees("Claude Opus 4.8", "7.5x", "not enabled")
    await nvim.keys("/Opus 4.8 *github-copilot<CR><CR>")
    await nvim.sees("Claude Opus 4.8 must be enabled first", "1: Enable it")
    await nvim.keys("1<CR>")
    await nvim.sees("Claude Opus 4.8 from now on")
    await nvim.command("Pi ask say 3 words")
    await nvim.sees("## Claude Opus 4.8", "the quick brown")
    assert stored(agent_dir)[COPILOT]["account"] == "ada"
    assert simulator.counters["copilot_policy.requests"] == 1
    assert simulator.refusals == []


async def test_a_company_with_a_domain_of_its_own(opens: Open, simulator: Simulator, agent_dir: Path) -> None:
    async with opens(variables=simulator.environ(enterprise=True)) as nvim:
        await nvim.command("Pi login github-copilot")
        await nvim.sees(QUESTION)
        await nvim.keys("not a domain<CR>")
        await nvim.sees("enterpriseDomain: not the name of a host", QUESTION)
        await nvim.keys("<Esc>")
        await nvim.loses(QUESTION)
        await simulator.authorize_device(*(await begin(nvim, "https://Example.ghe.com/")))
        await nvim.sees("Signed in to GitHub Copilot as ada_example")
    assert stored(agent_dir)[COPILOT]["enterpriseDomain"] == "example.ghe.com"


async def test_saying_no_in_the_browser_closes_the_window_and_offers_another_try(
    nvim: Neovim, simulator: Simulator
) -> None:
    await simulator.authorize_device(*(await begin(nvim)), allow=False)
    await nvim.sees("1: Sign in", "2: Not now")
    await nvim.keys("2<CR>")
    await nvim.loses("y copy code")


async def test_one_that_the_organisation_has_turned_off_says_so(
    nvim: Neovim, simulator: Simulator, agent_dir: Path
) -> None:
    await simulator.authorize_device(*(await begin(nvim)))
    await nvim.sees("Signed in to GitHub Copilot as ada")
    await nvim.command("Pi models")
    await nvim.sees("Grok")
    await nvim.keys("/Grok<CR><CR>")
    await nvim.sees("cannot be used: ")
    assert simulator.counters["copilot_policy.requests"] == 0


async def test_a_key_for_openai_and_a_chat(nvim: Neovim, simulator: Simulator, agent_dir: Path) -> None:
    simulator.add_openai_key("sk-FAKE-key-for-tests")
    await nvim.command("Pi login openai apiKey")
    await nvim.sees("Paste an API key")
    await nvim.keys("sk-FAKE-key-for-tests<CR>")
    await nvim.sees("Signed in to OpenAI")
    await nvim.command("Pi ask say 3 words")
    await nvim.sees("the quick brown")
    assert stored(agent_dir)["openai"]["type"] == "api_key"
