"""The house keeps its own rules."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted((ROOT / "rtsproj").rglob("*.py"))
HEAVY = ("torch", "segmentation_models_pytorch", "timm")


def loaded_by(statement: str) -> set[str]:
    really = "(name for name, module in sys.modules.items() if module is not None)"
    code = f"{statement}; import sys; print('\\n'.join{really})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("path", [*MODULES, *sorted((ROOT / "tests").rglob("*.py"))], ids=str)
def test_no_module_is_longer_than_400_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize(
    "door",
    [
        "import rtsproj.cli.main",
        "import rtsproj.cli.review, rtsproj.cli.work, rtsproj.cli.inputs, rtsproj.cli.results",
        "import rtsproj.tui.app",
        "import rtsproj.workflow.demo",
        "import rtsproj.jobs.launch, rtsproj.jobs.weights",
    ],
)
def test_the_desk_never_imports_torch(door: str) -> None:
    assert not loaded_by(door) & set(HEAVY)


def test_status_imports_neither_screens_nor_rasters_nor_plots() -> None:
    loaded = loaded_by("import rtsproj.cli.main, rtsproj.cli.overview")
    assert not loaded & {*HEAVY, "textual", "rasterio", "pyogrio", "matplotlib", "pandas"}


def test_the_workshop_never_imports_duckdb() -> None:
    assert "duckdb" not in loaded_by("import rtsproj.worker.run")


def test_nothing_opens_the_database_file_but_duckdb() -> None:
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        assert "duckdb.connect(" not in text or 'connect(":memory:")' in text, path


def test_the_top_level_holds_what_the_layout_allows() -> None:
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files"], capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    top = {name.split("/")[0] for name in listed.stdout.split()}
    allowed = {"rtsproj", "migrations", "tests", "examples", "pyproject.toml", "README.md"}
    assert {name for name in top if not name.startswith(".")} <= allowed
