"""The house: the domain is pure, and folders import each other one way only."""

import ast
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOUSES = ("chassis", "services", "referee", "deploy")
FILES = sorted(file for house in HOUSES for file in (ROOT / house).rglob("*.py") if "migrations" not in file.parts)


def imported(file: Path) -> Iterator[str]:
    """The modules that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if located(whole) else node.module


def located(module: str) -> Path | None:
    """The file of one of our modules."""
    base = ROOT.joinpath(*module.split("."))
    return next((file for file in (base.with_suffix(".py"), base / "__init__.py") if file.exists()), None)


def test_the_domain_imports_the_standard_library_its_errors_and_nothing_else() -> None:
    wrong = []
    for file in (file for file in FILES if "domain" in file.parts):
        service = ".".join(file.relative_to(ROOT).parts[: file.parts.index("domain") - len(ROOT.parts)])
        for module in imported(file):
            own = module.startswith((f"{service}.domain", f"{service}.errors")) or module in (
                "chassis.errors",
                "services.limits",
            )
            if not own and module.partition(".")[0] not in sys.stdlib_module_names:
                wrong.append(f"{file.relative_to(ROOT)} imports {module}")
    assert wrong == []


def test_no_two_folders_import_each_other_in_a_circle() -> None:
    # A folder and one inside it are one room with an alcove: what stands around it may be above it and below it.
    arrows: dict[Path, set[Path]] = {}
    for file in FILES:
        folders = {found.parent for module in imported(file) if (found := located(module))}
        apart = {each for each in folders if not each.is_relative_to(file.parent) and not file.is_relative_to(each)}
        arrows.setdefault(file.parent, set()).update(apart)
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as circle:
        names = [str(each.relative_to(ROOT)) for each in circle.args[1]]
        raise AssertionError(f"these import each other in a circle: {' → '.join(names)}") from None


def test_what_several_suites_share_is_in_support_and_no_suite_imports_another() -> None:
    """The simulation and the faults of chaos are programs, which unit tests look at."""
    shared = {"support", "simulation", "chaos"}
    wrong = [
        f"{file.relative_to(ROOT)} imports {module}"
        for file in sorted((ROOT / "tests").rglob("*.py"))
        for module in imported(file)
        if module.startswith("tests.") and module.split(".")[1] not in shared | {file.relative_to(ROOT).parts[1]}
    ]
    assert wrong == []


def test_support_imports_no_suite() -> None:
    files = sorted((ROOT / "tests" / "support").rglob("*.py"))
    modules = [(file, module) for file in files for module in imported(file) if module.startswith("tests.")]
    assert [f"{file.name} imports {module}" for file, module in modules if module.split(".")[1] != "support"] == []
