"""A script that tells how far it is: `python script.py http://127.0.0.1:8000/headway run_…`."""

import sys
import time

import headway

url, run_id = sys.argv[1:]

with headway.attach(url, run_id) as run:
    for number in range(10):
        time.sleep(0.05)  # your work
        run.progress(number + 1, 10, message=f"file {number + 1}")
    run.note("All files are there.")
    run.finish({"files": 10})
