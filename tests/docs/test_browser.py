"""The code for pages is what the TypeScript compiler takes, with the types of our packages."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHOWN = (
    "browser/watch.ts",
    "browser/Report.tsx",
    "browser/TripPage.tsx",
    "browser/Trips.tsx",
    "browser/Follow.tsx",
)


def test_it_is_what_the_compiler_takes() -> None:
    """In the strictness of the packages themselves."""
    project = ROOT / "docs" / "examples" / "browser"
    assert {f"browser/{path.name}" for path in project.glob("*.ts*") if path.name != "tsconfig.json"} == set(SHOWN)
    node, compiler = ROOT / ".venv/bin/node", ROOT / "node_modules/typescript/bin/tsc"
    command = [str(node), str(compiler), "--project", str(project)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
