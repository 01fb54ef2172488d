"""The version of this package, which is also what the client calls itself and what the API's description says."""

from typing import Final

VERSION: Final = "0.1.0"
