"""The code for pages is what the TypeScript compiler takes, with the types of our packages."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHEETS = ROOT / "packages" / "react" / "src"
SHOWN = (
    "browser/watch.ts", "browser/Report.tsx", "browser/TripPage.tsx", "browser/Trips.tsx", "browser/Follow.tsx",
    "browser/commands.ts", "browser/connection.ts", "browser/jobs.ts", "browser/polling.ts", "browser/status.ts",
    "browser/tabs.ts", "browser/useRun.ts", "browser/Readme.tsx",
)  # fmt: skip


def test_it_is_what_the_compiler_takes() -> None:
    """In the strictness of the packages themselves."""
    project = ROOT / "docs" / "examples" / "browser"
    others = {"tsconfig.json", "vue.d.ts"}
    assert {f"browser/{path.name}" for path in project.glob("*.ts*") if path.name not in others} == set(SHOWN)
    node, compiler = ROOT / ".venv/bin/node", ROOT / "node_modules/typescript/bin/tsc"
    command = [str(node), str(compiler), "--project", str(project)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_readme_shows_what_is_checked() -> None:
    """It cannot include a file, so it has a copy."""
    shown = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"```tsx\n{(ROOT / 'docs/examples/browser/Readme.tsx').read_text(encoding='utf-8')}```" in shown


def test_the_theme_sets_properties_that_the_sheet_has() -> None:
    """``browser/theme.css``; a name that was mistyped would do nothing."""
    sheet = (SHEETS / "styles.css").read_text()
    theme = (ROOT / "docs" / "examples" / "browser" / "theme.css").read_text()
    names = re.findall(r"(--hw-[\w-]+):", theme)
    assert names
    assert [name for name in names if f"{name}:" not in sheet] == []


def test_the_page_names_each_class_of_the_ground() -> None:
    """What a page may use of ``page.css``; and what is told of it is there."""
    sheet = (SHEETS / "page.css").read_text()
    told = (ROOT / "docs/how-to/react.md").read_text(encoding="utf-8").partition("### The sheets")[2]
    assert set(re.findall(r"^\.(hw-[\w-]+)", sheet, re.MULTILINE)) == set(re.findall(r"`(hw-[\w-]+)`", told))
    assert set(re.findall(r"(--hw-[\w-]+):", sheet)) == set(re.findall(r"`(--hw-[\w-]+)`", told))
