"""An order that somebody approves before it costs anything."""

import asyncio

from fastapi import FastAPI
from pydantic import BaseModel, Field

from headway import AskTimedOut, Headway, Run

hw = Headway()
app = FastAPI(lifespan=hw.lifespan)
hw.mount(app, "/headway")


# --8<-- [start:job]
class Order(BaseModel):
    """What is wanted."""

    what: str
    budget: int


class Approval(BaseModel):
    """What somebody has to say about it."""

    go: bool
    limit: int = Field(description="Spend no more than this.", ge=1)


@hw.job
async def order(run: Run, wanted: Order) -> str:
    """Look for offers, ask, buy."""
    price = await run.step(look, wanted)
    try:
        said = await run.ask(Approval, f"{wanted.what} for {price}, at most?", key="approve", timeout=7 * 86_400)
    except AskTimedOut:
        return "nobody had time to look at it"
    if not said.go or price > said.limit:
        return "not bought"
    bought: str = await run.step(buy, wanted.what, price)
    return bought


# --8<-- [end:job]


async def look(wanted: Order) -> int:
    """Find the best price."""
    await asyncio.sleep(0.1)
    return wanted.budget - 5


async def buy(what: str, price: int) -> str:
    """The costly step."""
    await asyncio.sleep(0.1)
    return f"{what} bought for {price}"


class Login(BaseModel):
    """How to get into the shop."""

    user: str
    password: str


# --8<-- [start:secret]
@hw.job
async def restock(run: Run) -> str:
    """Log in as somebody who may."""
    login = await run.ask(Login, "Your access to the shop?", key="login", secret=("password",))
    # --8<-- [end:secret]
    where: str = await run.step(enter, login.user, login.password)
    return where


async def enter(user: str, password: str) -> str:
    """Whatever is done with it."""
    return f"{user} is in" if len(password) > 3 else f"{user} stays outside"
