"""What dashboards cost a running demo, and how soon a page can be read.

    python benchmarks/dashboard.py [--n 20] [--s 30]

The daemon's processor time with `n` streams open less that without, both over `s` seconds at the wall's pace; and the first
contentful paint of each listed page in Chromium over loopback, its median of three.
"""

import argparse
import asyncio
import json
import shutil
import statistics
import sys
from pathlib import Path

import httpx
import psutil
from playwright.async_api import async_playwright

from adapters.web.pages import PAGES

PORT = 8177
WARM_S = 20.0
"""The first plans and the solver's start cost more than what follows."""
URL = f"http://127.0.0.1:{PORT}"
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"


async def main(n: int, span_s: float) -> None:
    """Run the demo, measure, and print the figures as JSON."""
    daemon = Path(__file__).parent.parent / "daemon.py"
    demo = await asyncio.create_subprocess_exec(sys.executable, str(daemon), "demo", "--port", str(PORT), "--speed", "1")
    try:
        await _answers()
        process = psutil.Process(demo.pid)
        await asyncio.sleep(WARM_S)
        alone = await _share(process, span_s)
        with_clients = await _watched(process, n, span_s)
        figures = {"clients": n, "alone": alone, "watched": with_clients, "cost_of_a_core": with_clients - alone}
        print(json.dumps(figures | {"first_paint_ms": await _paints()}, indent=2))
    finally:
        demo.terminate()
        await demo.wait()


async def _answers() -> None:
    async with httpx.AsyncClient() as client:
        for _ in range(120):
            try:
                if (await client.get(f"{URL}/api/health/ready")).status_code == 204:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.5)
    raise SystemExit("the demo does not answer")


async def _share(process: psutil.Process, span_s: float) -> float:
    """Return the share of a core that the daemon's own process takes; its solver's are others."""
    before = process.cpu_times()
    await asyncio.sleep(span_s)
    after = process.cpu_times()
    return (after.user + after.system - before.user - before.system) / span_s


async def _watched(process: psutil.Process, n: int, span_s: float) -> float:
    async with httpx.AsyncClient(timeout=60.0, limits=httpx.Limits(max_connections=n)) as client:
        readers = [asyncio.ensure_future(_read(client)) for _ in range(n)]
        await asyncio.sleep(3.0)  # past the first plans
        share = await _share(process, span_s)
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
    return share


async def _read(client: httpx.AsyncClient) -> None:
    async with client.stream("GET", f"{URL}/api/stream") as response:
        async for _ in response.aiter_bytes():
            continue


async def _paints() -> dict[str, float]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        told = {}
        for page in (page for page in PAGES if page.listed):
            times = []
            for _ in range(3):
                context = await browser.new_context()
                opened = await context.new_page()
                await opened.goto(URL + page.path)
                await opened.wait_for_timeout(1500)
                times.append(await opened.evaluate(PAINT))
                await context.close()
            told[page.name] = round(statistics.median(times))
        await browser.close()
    return told


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=20)
    parser.add_argument("--s", type=float, default=30.0)
    asked = parser.parse_args()
    asyncio.run(main(asked.n, asked.s))
