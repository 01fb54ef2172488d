"""Pictures of the pages, taken of the real thing: `make screenshots`.

Every state of a page goes into ``.screenshots/``, to be looked at, some of them into ``docs/images/``.
"""
