#!/usr/bin/env python3
"""Write the contract of `headway.core.schema` as files; `make generate` makes the TypeScript types of them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from headway.core.schema import contract


def main() -> None:
    """Write every file of the contract to the directory named on the command line."""
    directory = Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    for name, value in contract().items():
        text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False)
        (directory / name).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
