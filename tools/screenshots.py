# SPDX-License-Identifier: Apache-2.0
"""Pictures of the pages for the README, taken from the running demo: light, dark, and on a phone.

    python -m tools.screenshots [FOLDER]        default: docs/screenshots; needs Chromium and playwright

It plays the demo's approvers in a real browser, so a picture shows what a person sees, and a page that no
longer works takes no picture. Exit code 0 only if the demo's own verdict is good.
"""

import asyncio
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, Page, async_playwright

FOLDER = Path("docs/screenshots")
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
BUTTON = "#approve-button:not([aria-disabled=true])"
SIGNED_IN = re.compile(r"http://\S+/link/\S+")
Scheme = Literal["light", "dark"]


def main(folder: Path) -> int:
    """Run the demo and take the pictures; return the demo's exit code."""
    folder.mkdir(parents=True, exist_ok=True)
    code = asyncio.run(_play(folder))
    for file in sorted(folder.glob("*.png")):
        print(f"{file}  {file.stat().st_size // 1024} KiB")
    return code


async def _play(folder: Path) -> int:
    with tempfile.TemporaryDirectory(prefix="gyges-shots-") as data:
        async with _demo(Path(data) / "demo") as demo, _browser() as browser:

            async def look(page: Page, name: str) -> None:
                await _shots(page, name, folder)

            await play(browser, await read_links(demo), look)
            _, code = await asyncio.gather(_rest(demo), demo.wait())
    return code


async def play(
    browser: Browser, links: dict[str, str], look: Callable[[Page, str], Awaitable[None]]
) -> None:
    """Answer what the demo asks, each person in a browser of their own; `look` sees "case" and "timeline"."""
    rita = await _signed_in(browser, links["rita"])
    await _open(rita, "send_mail")
    await _approve(rita)
    fay = await _signed_in(browser, links["fay"])
    await _open(fay, "pay")
    await _ready(fay)
    await look(fay, "case")
    await _approve(fay)
    fred = await _signed_in(browser, links["fred"])
    await _open(fred, "pay")
    await _approve(fred)
    await fred.get_by_role("link", name="Timeline and proof").click()
    await fred.get_by_role("heading", level=1).wait_for()
    await fred.get_by_role("button", name="Verify in this browser").click()
    await fred.get_by_text("are in the tree of").wait_for()
    await look(fred, "timeline")


async def _shots(page: Page, name: str, folder: Path) -> None:
    await _shot(page, folder / f"{name}.png", DESK, "light")
    if name == "case":
        await _shot(page, folder / "case-dark.png", DESK, "dark")
        await _shot(page, folder / "case-phone.png", PHONE, "light")


async def _open(page: Page, tool: str) -> None:
    await page.locator(".item", has_text=tool).get_by_role("link").first.click()
    await page.wait_for_url("**/a/**")


async def _ready(page: Page) -> None:
    """Type the amount where it is asked for, and wait as long as the page asks."""
    amount = page.get_by_label("Type the amount")
    if await amount.count():
        await amount.fill("4800")
        await amount.blur()
    await page.locator(BUTTON).wait_for()


async def _approve(page: Page) -> None:
    await _ready(page)
    await page.locator(BUTTON).click()
    await page.get_by_text("Approved.", exact=True).wait_for()


async def _shot(page: Page, file: Path, size: dict[str, int], scheme: Scheme) -> None:
    await page.set_viewport_size({"width": size["width"], "height": size["height"]})
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    await page.screenshot(path=file, animations="disabled")


async def _signed_in(browser: Browser, link: str) -> Page:
    page = await (await browser.new_context()).new_page()
    await page.goto(link)
    await page.get_by_role("main").get_by_role("button").click()
    await page.wait_for_url("**/inbox")
    return page


async def read_links(demo: asyncio.subprocess.Process) -> dict[str, str]:
    """Name -> one-time link, as the demo tells a person."""
    found: dict[str, str] = {}
    link = ""
    assert demo.stdout
    async for raw in demo.stdout:
        line = raw.decode()
        if url := SIGNED_IN.search(line):
            link = url[0]
        elif link and (name := re.search(r"signs you in as (\w+)", line)):
            found[name[1]] = link
        elif "approves the mail" in line:
            return found
    raise SystemExit("the demo ended before it was played")


async def _rest(demo: asyncio.subprocess.Process) -> None:
    assert demo.stdout
    async for line in demo.stdout:
        print(line.decode(), end="")


@asynccontextmanager
async def _demo(data: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    command = (sys.executable, "-m", "gyges.cli.main", "demo", "--data", str(data))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


@asynccontextmanager
async def _browser() -> AsyncIterator[Browser]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if not path:
        raise SystemExit("there is no Chromium here")
    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        await browser.close()


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]) if sys.argv[1:] else FOLDER))
