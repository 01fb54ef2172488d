"""Jobs in queues of their own, and a run for each order, started once its transaction has committed."""

import asyncio
import sqlite3

from headway import Headway, Run
from headway.stores.base import RunFilter

# --8<-- [start:jobs]
hw = Headway()


@hw.job(queue="reports", concurrency=4)  # at most four at once, over all machines
async def report(run: Run, site: str) -> str:
    """Look at a site."""
    await run.progress(1, 1)
    return f"about {site}"


@hw.job(queue="mail", priority=9)  # goes before the others of its queue; 0 to 9
async def ship(run: Run, order: int) -> int:
    """Send off an order."""
    await run.progress(1, 1)
    return order


# --8<-- [end:jobs]
# --8<-- [start:rate]
@hw.job(rate="100/h")  # at most a hundred attempts begin in any hour, over all machines
async def ask_the_register(run: Run, company: str) -> str:
    """Ask a service that counts its questions."""
    await run.progress(1, 1)
    return f"about {company}"


# --8<-- [end:rate]
# --8<-- [start:schedule]
@hw.job(schedule="0 7 * * 1-5", timezone="Europe/Berlin")  # at seven in Berlin, on weekdays
async def takings(run: Run, days: int = 1) -> int:
    """Add up what came in; started by the clock with the default, or by hand with any number of days."""
    await run.progress(days, days)
    return days


# --8<-- [end:schedule]
async def tomorrow(site: str) -> None:
    """Ask for a report on the next day."""
    # --8<-- [start:delay]
    await hw.start(report, site, delay=86_400)  # not before a day has passed
    # --8<-- [end:delay]


# --8<-- [start:outbox]
def place(orders: sqlite3.Connection, what: str) -> None:
    """A request: nothing but the transaction."""
    with orders:
        orders.execute("INSERT INTO orders (what, started) VALUES (?, 0)", [what])


async def start_placed(orders: sqlite3.Connection) -> None:
    """After each request, at start, and every minute. As often as you like: the same key gives the same run."""
    for (order,) in orders.execute("SELECT id FROM orders WHERE started = 0").fetchall():
        await hw.start(ship, order, key=f"ship-{order}")
        with orders:
            orders.execute("UPDATE orders SET started = 1 WHERE id = ?", [order])


# --8<-- [end:outbox]
async def main() -> None:
    """Two orders, and a report."""
    orders = sqlite3.connect("orders.db")
    orders.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, what TEXT, started INTEGER)")
    place(orders, "a kettle")
    place(orders, "a lamp")
    async with hw:
        await asyncio.gather(start_placed(orders), start_placed(orders))  # two servers, at the same moment
        await tomorrow("example.com")
        for run in await hw.store.list_runs(RunFilter()):
            print(run.job, run.status)


if __name__ == "__main__":
    asyncio.run(main())
