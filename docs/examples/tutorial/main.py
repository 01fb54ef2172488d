"""A report that is written page by page, while you watch."""

import asyncio

from fastapi import FastAPI
from fastapi.responses import FileResponse
from pydantic import BaseModel

from headway import Failed, Headway, Run

hw = Headway()  # keeps its runs in ./headway.db
app = FastAPI(lifespan=hw.lifespan)
hw.mount(app, "/headway")


class Report(BaseModel):
    """What a report is made of."""

    title: str
    pages: int = 60


@hw.job(phases={"read": 80, "write": 20})
async def report(run: Run, body: Report) -> int:
    """Read all pages, then write a summary; return how many words were read."""
    pages = range(1, body.pages + 1)
    counts = await run.map(
        read,
        pages,
        phase="read",
        item=page,
        concurrency=2,
        retries=2,
        on_error="partial",
    )
    words = sum(count for count in counts if not isinstance(count, Failed))
    async with run.phase("write"):
        await run.step(write, words, key="write")
    return words


def page(number: int) -> dict[str, str]:
    """Return what is shown of a page before it was read."""
    return {"key": f"page:{number}", "kind": "page", "title": f"Page {number}"}


async def read(number: int) -> int:
    """Read one page; return how many words it has."""
    await asyncio.sleep(0.3)  # your slow work
    return 100 + number


async def write(run: Run, words: int) -> None:
    """Write the summary word by word, as a language model would."""
    async with run.output("summary") as out:
        for word in f"All pages are read. They have {words} words.".split():
            await out.write(word + " ")
            await asyncio.sleep(0.1)


@app.get("/")
async def index() -> FileResponse:
    """Return the page that watches."""
    return FileResponse("page.html")
