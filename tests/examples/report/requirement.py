"""The schema and the example of the requirement, word for word, and what checks something against them."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

SCHEMA = """
interface InitialReportStatusUpdate {
  projectId: string;
  status: 'generating' | 'completed' | 'failed' | 'not_started';
  phase: 'validation' | 'snapshot_capture' | 'data_collection' | 'analysis' | 'report_generation' | 'completed';
  progress: number; // 0-100
  message: string;
  timestamp: string;
  estimatedCompletionTime?: string;
  competitorSnapshotsStatus?: {
    captured: number;
    total: number;
    current?: string;
  };
  dataCompletenessScore?: number;
  error?: string;
}
"""

EXAMPLE: dict[str, Any] = json.loads("""
{
  "projectId": "cm123456",
  "reportExists": true,
  "reportId": "rep_abc123",
  "status": "completed",
  "dataCompletenessScore": 85,
  "generatedAt": "2025-01-01T10:30:00.000Z",
  "competitorSnapshotsStatus": {
    "captured": 3,
    "total": 3,
    "capturedAt": "2025-01-01T10:25:00.000Z"
  },
  "dataFreshness": "new"
}
""")

FIVE_LINES = """
const eventSource = new EventSource('/api/projects/cm123456/initial-report-status/stream');

eventSource.onmessage = function(event) {
  const update = JSON.parse(event.data);
  console.log(`Phase: ${update.phase}, Progress: ${update.progress}%`);
};
"""

PHASES = {
    "validation": (5, 5),
    "snapshot_capture": (10, 50),
    "data_collection": (55, 55),
    "analysis": (75, 75),
    "report_generation": (90, 90),
    "completed": (100, 100),
}
"""Percent of each phase."""

_FIELD = re.compile(r"(\w+)(\?)?: (\{.*?\}|[^;]+);", re.DOTALL)


def mistakes(message: dict[str, Any], *, closed: bool = True) -> list[str]:
    """Return where a message is not as the schema says.

    Args:
        message: As it came.
        closed: It may have no field beside those of the schema.
    """
    body = SCHEMA[SCHEMA.index("{") + 1 : SCHEMA.rindex("}")]
    return list(_mistakes(message, re.sub(r"//.*", "", body), closed=closed))


def _mistakes(message: dict[str, Any], body: str, *, closed: bool) -> list[str]:
    found, known = [], set()
    for name, optional, kind in _FIELD.findall(body):
        known.add(name)
        if name not in message:
            found += [] if optional else [f"{name} is missing"]
        elif kind.startswith("{"):
            found += _mistakes(message[name], kind[1:-1], closed=closed)
        elif not _fits(message[name], kind):
            found.append(f"{name} is {message[name]!r}, not {kind}")
    return found + [f"{name} is not in the schema" for name in message if closed and name not in known]


def _fits(value: Any, kind: str) -> bool:
    if kind == "string":
        return isinstance(value, str)
    if kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    return value in re.findall(r"'(\w+)'", kind)


def alike(answer: Any, example: Any) -> bool:
    """Whether an answer has every field of the example, of the same kind."""
    if isinstance(example, dict):
        return all(name in answer and alike(answer[name], value) for name, value in example.items())
    if isinstance(example, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", example):
        return dt.datetime.fromisoformat(answer).tzinfo is not None and answer.endswith("Z")
    return type(answer) is type(example)
