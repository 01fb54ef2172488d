"""Text that grows by many small deltas and keeps only its last part.

Held as pieces, because joining at every delta makes a fold quadratic: 100,000 deltas took 2 to 26 seconds as one
string, 5 ms as pieces. Small ones are joined some hundred at a time, or a text that came in single letters would cost
fifty times its size. Lengths are code points, which is what ``len`` counts in Python and what the TypeScript fold
counts, too.
"""

from __future__ import annotations

from collections import deque
from typing import Final

_FRESH_MAX: Final = 256


class GrowingText:
    """Text of one output with the number of code points dropped in front."""

    __slots__ = ("_fresh", "_pieces", "_skip", "from_offset", "length")

    def __init__(self, text: str = "", from_offset: int = 0) -> None:
        self._pieces: deque[str] = deque([text] if text else ())
        self._fresh: list[str] = []  # the last deltas, not in _pieces yet
        self._skip = 0  # code points of the first piece that are dropped; sliced only when somebody reads
        self.from_offset = from_offset
        self.length = len(text)

    def append(self, delta: str) -> None:
        """Add text at the end; amortised O(length of the delta)."""
        if delta:
            self._fresh.append(delta)
            self.length += len(delta)
            if len(self._fresh) >= _FRESH_MAX:
                self._settle()

    def drop_front(self, count: int) -> None:
        """Forget the first `count` code points (at most all)."""
        count = min(count, self.length)
        self.from_offset += count
        self.length -= count
        count += self._skip
        while count:
            if not self._pieces:
                self._settle()
            if count < len(self._pieces[0]):
                break
            count -= len(self._pieces.popleft())
        self._skip = count

    def read(self) -> str:
        """Return the retained text."""
        if self._skip:
            self._pieces[0] = self._pieces[0][self._skip :]
            self._skip = 0
        text = "".join((*self._pieces, *self._fresh))
        self._fresh = []
        self._pieces = deque([text] if text else ())
        return text

    def _settle(self) -> None:
        self._pieces.append("".join(self._fresh))
        self._fresh = []
