"""A notebook, cell by cell: the run is joined in one cell and reported to in others."""

# %% begin
import os

import headway

attachment = headway.attach(os.environ["HEADWAY_URL"], os.environ["RUN_ID"])
run = attachment.__enter__()

# %% some work, as often as you like
with run.item("model:1", title="First model") as item:
    item.progress(1, 2, message="fitting")
run.note("The first one is good enough.")

# %% done
run.finish({"models": 1})
attachment.__exit__(None, None, None)
