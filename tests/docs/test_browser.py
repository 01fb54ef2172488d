"""The code for pages is what the TypeScript compiler takes, with the types of our packages."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHEETS = ROOT / "packages" / "react" / "src"
SHOWN = (
    "browser/watch.ts", "browser/Report.tsx", "browser/TripPage.tsx", "browser/Trips.tsx", "browser/Follow.tsx",
    "browser/commands.ts", "browser/connection.ts", "browser/jobs.ts", "browser/polling.ts", "browser/status.ts",
    "browser/tabs.ts", "browser/useRun.ts", "browser/Readme.tsx", "browser/vite.config.ts",
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


def options_of_the_client() -> list[str]:
    """What the code says that ``new Headway`` takes."""
    found: list[str] = []
    for name in ("headway.ts", "connection.ts", "http.ts"):
        source = (ROOT / "packages" / "client" / "src" / name).read_text(encoding="utf-8")
        interface = re.search(r"^export interface \w+Options\b.*?^\}", source, flags=re.MULTILINE | re.DOTALL)
        assert interface is not None, name
        found += re.findall(r"^  (\w+)\?:", interface[0], flags=re.MULTILINE)
    return found


def test_the_guide_lists_the_options_of_the_client() -> None:
    """All of them, and no other."""
    guide = (ROOT / "docs" / "how-to" / "browser.md").read_text(encoding="utf-8")
    section = guide.partition("## Options\n")[2].partition("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines()[2:] if line.startswith("| `")]
    assert sorted(re.findall(r"`(\w+)`", "".join(cells))) == sorted(options_of_the_client())
