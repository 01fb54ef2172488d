"""A program that reports until it is killed: `python spool_reporter.py URL RUN`."""

import sys
import time

import headway

url, run_id = sys.argv[1:]
with headway.attach(url, run_id) as run:
    for number in range(100_000):
        run.note(str(number))
        run.flush()
        print(number, flush=True)  # it counts as reported
        time.sleep(0.01)
