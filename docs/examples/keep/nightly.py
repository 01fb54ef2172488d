"""Logs that are kept longer, or less long, than those of other jobs."""

from headway import Headway, Run

hw = Headway()


# --8<-- [start:job]
@hw.job(retention={"log": "90d", "text": "10min", "lines": "7d"})
async def nightly_audit(run: Run) -> None:
    """Keep the events for a quarter of a year, what was streamed for minutes, log lines for a week."""
    await run.log("checking the books of the day")


# --8<-- [end:job]


# --8<-- [start:kind]
hw.keep("build", log="2d")  # runs that are opened or attached under this name
hw.keep("signature", log="never")
# --8<-- [end:kind]
