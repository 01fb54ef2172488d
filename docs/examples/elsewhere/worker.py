"""A worker of your own queue: takes messages, does the work, reports. The queue here is standard input."""

import json
import os
import sys

import headway

URL = os.environ.get("HEADWAY_URL", "http://127.0.0.1:8000/headway")


def handle(message: dict[str, str]) -> None:
    """Do what one message asks for. The message carries the id of the run it belongs to."""
    with headway.attach(URL, message["run_id"]) as run:
        with run.item(f"thumbnail:{message['file']}", title=message["file"]) as item:
            item.progress(1, 2, message="reading")
            item.progress(2, 2, message="writing")
        if message.get("last"):
            run.finish()


for line in sys.stdin:
    handle(json.loads(line))
