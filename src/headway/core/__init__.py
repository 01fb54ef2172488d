"""The pure heart: events, the fold that makes a snapshot of them, cursors, frames. No asyncio, no I/O."""
