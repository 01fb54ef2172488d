"""A script with progress bars that others can watch, too: `python bars.py http://127.0.0.1:8000/headway run_…`."""

import sys
import time

import headway
from headway.tqdm import tqdm, trange

url, run_id = sys.argv[1:]

with headway.attach(url, run_id) as run:
    for _ in tqdm(range(20), desc="reading", phase="read"):
        time.sleep(0.005)  # your work
    for epoch in trange(3, desc="training", phase="train"):
        for _ in trange(50, desc=f"epoch {epoch}", leave=False):
            pass
    run.finish({"epochs": 3})
