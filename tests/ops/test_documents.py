"""The documents and docstrings are true: every path, name, command, target, metric and link in them exists."""

import ast
import importlib
import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from chassis.operating import process
from deploy.check import links, runbooks, signals
from deploy.machine.folder import ROOT
from services import SERVICES

HOUSE = sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md"))
CANVASES = sorted((ROOT / "services").glob("*/README.md"))
DOCUMENTS = HOUSE + CANVASES
ADRS = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))

SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
BLOCK = re.compile(r"^[ ]*```(?:sh)?\n(.*?)^[ ]*```", re.M | re.S)
NAME = re.compile(r"`?(\w+)`?")
TOP = ("chassis", "services", "contracts", "deploy", "requirements", "tests", "docs", "k8s", "referee")
PATH = re.compile(rf"(?:{'|'.join(TOP)})/[\w./*\[\]-]*|[\w-]+\.(?:md|toml)|Makefile")
DOTTED = re.compile(r"(?:chassis|services|deploy)(?:\.\w+)+")
SOURCE = re.compile(r"(?<![\w§])((?:R|X)\d{2}|I-\d)(?!\w)")
STUDY = re.compile(r"domain\.md ([BC]\d+)(?: and ([BC]\d+))?|reliability\.md (?:section )?(\d\.\d|I\d)(?:, (I\d))?")
ELSEWHERE = re.compile(
    r"(?<![\w.])/(?:work|home|root|tmp|mnt)/|pypi|pythonhosted|artifactory|docker\.io|ghcr\.io|shared/reference"
)


CODE = sorted(path for folder in ("chassis", "services", "deploy", "referee") for path in (ROOT / folder).rglob("*.py"))
Look = Callable[[Path], Iterable[str]]


def wrong_in(files: list[Path], look: Look) -> dict[str, list[str]]:
    """What is wrong, by the file it stands in; only files with something wrong."""
    found = {str(path.relative_to(ROOT)): list(look(path)) for path in files}
    return {name: wrong for name, wrong in found.items() if wrong}


def said(document: Path) -> str:
    return document.read_text(encoding="utf-8")


@cache
def names_in(file: Path) -> frozenset[str]:
    """What a module defines: functions, classes, methods, constants, fields."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
        elif isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in node.names}
    return frozenset(found)


def resolves(dotted: str) -> bool:
    """Whether a dotted name is a module of ours, or a name in one."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        base = ROOT.joinpath(*parts[:length])
        file = base.with_suffix(".py") if base.with_suffix(".py").exists() else base / "__init__.py"
        if file.exists():
            return all(name in names_in(file) for name in parts[length:])
    return False


def docstrings(file: Path) -> str:
    """Every docstring and every constant's own, of a module; one after the other."""
    tree = ast.parse(said(file))
    alone = [node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)]
    return "\n\n".join(each.value for each in alone if isinstance(each, ast.Constant) and isinstance(each.value, str))


def text_of(file: Path) -> str:
    return docstrings(file) if file.suffix == ".py" else said(file)


def test_every_link_leads_somewhere() -> None:
    assert wrong_in(DOCUMENTS, lambda document: map(str, links.broken(document, ROOT))) == {}


def test_a_link_named_as_code_names_something_in_its_file() -> None:
    def look(document: Path) -> Iterator[str]:
        for found in links.LINK.finditer(said(document)):
            name = NAME.fullmatch(found["label"])
            if found["target"].endswith(".py") and name and name[1] not in names_in(document.parent / found["target"]):
                yield found[0]

    assert wrong_in(HOUSE, look) == {}


BARE = re.compile(rf"(?<![\w/.-])(?:{'|'.join(TOP)})(?:/[\w*-][\w./*-]*\w|(?:\.[a-z_]\w*)+)")


def named(file: Path) -> list[str]:
    """What may be a path or a dotted name; in docstrings these stand without backticks too."""
    text = text_of(file)
    return SPAN.findall(text) + (BARE.findall(SPAN.sub("", text)) if file.suffix == ".py" else [])


def lost_paths(file: Path) -> list[str]:
    # The studies that comments name are not part of the repository; docs/sources.md says what is taken from them.
    elsewhere = {"domain.md", "reliability.md", "nameko.md"}
    paths = [span for span in named(file) if PATH.fullmatch(span)]
    return [path for path in paths if path not in elsewhere and not exists(path, file) and "0002_" not in path]


def exists(path: str, file: Path) -> bool:
    """Below the root, or beside the file that names it."""
    return any([*ROOT.glob(path.rstrip("/")), *ROOT.glob(f"{path}.py")]) or (
        file.suffix == ".py" and (file.parent / path).exists()
    )


def test_every_path_in_the_text_exists() -> None:
    assert wrong_in(HOUSE + CODE, lost_paths) == {}


def lost_names(file: Path) -> list[str]:
    return [span for span in named(file) if DOTTED.fullmatch(span) and not resolves(span)]


def test_every_dotted_name_exists() -> None:
    assert wrong_in(HOUSE + CODE, lost_names) == {}


def test_a_name_and_a_path_that_do_not_exist_are_found_in_a_docstring(tmp_path: Path) -> None:
    file = tmp_path / "x.py"
    file.write_text(
        'def f():\n    """As `deploy.check.nothing` and `chassis.clock`; `deploy/none.py`, `x.py`, deploy/lost."""\n'
    )
    assert lost_names(file) == ["deploy.check.nothing"]
    assert lost_paths(file) == ["deploy/none.py", "deploy/lost"]


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", said(ROOT / "Makefile"), re.M))

    def look(document: Path) -> set[str]:
        return {m for line in commands(document) for m in re.findall(r"(?:^|[\s&])make ([a-z-]+)", line)} - targets

    assert wrong_in(DOCUMENTS + CODE, look) == {}


def commands(file: Path) -> Iterator[str]:
    """Every line of a shell block and every code span that is a command."""
    text = text_of(file)
    for block in BLOCK.findall(text):
        yield from (line.split(" #")[0].strip() for line in block.splitlines())
    yield from SPAN.findall(text)


@pytest.fixture(scope="module")
def parses() -> Callable[[str, list[str]], bool]:
    """Whether a service's command line takes these arguments; nothing is run."""
    made: dict[str, process.Service] = {}
    real = process.main

    def keep(service: process.Service, arguments: object = None) -> int:
        made[service.name] = service
        return 0

    process.main = keep
    try:
        for name in SERVICES:
            importlib.import_module(f"services.{name}.__main__").main()
    finally:
        process.main = real

    def taken(service: str, arguments: list[str]) -> bool:
        try:
            process._parser(made[service]).parse_args(arguments)
        except SystemExit:
            return False
        return True

    return taken


def test_every_command_of_a_service_is_one(parses: Callable[[str, list[str]], bool]) -> None:
    def look(document: Path) -> Iterator[str]:
        for line in commands(document):
            for service, rest in re.findall(r"python -m services\.(\w+|<service>)(?= |$)([^;&|)>]*)", line):
                arguments = shlex.split(re.sub(r"[\[\]]", "", rest))
                asked = SERVICES if service == "<service>" else (service,)
                if arguments and not any(arguments[0] == "…" or parses(each, arguments) for each in asked):
                    yield line

    assert wrong_in(DOCUMENTS, look) == {}


def test_every_other_module_that_is_run_exists() -> None:
    def look(file: Path) -> set[str]:
        asked = {m for line in commands(file) for m in re.findall(r"python -m ((?:chassis|deploy)[\w.]*)", line)}
        return {name for name in asked if not resolves(name)}

    assert wrong_in(DOCUMENTS + CODE, look) == {}


def test_every_metric_is_counted() -> None:
    known = {signal.name.removesuffix("_total") for signal in signals.ours().values()} | {"lianxin_notify"}

    def look(document: Path) -> set[str]:
        asked = re.findall(r"\blianxin_[a-z_]+[a-z]\b(?!>)", re.sub(r"lianxin_<\w+>\S*", "", said(document)))
        return {name for name in asked if name.removesuffix("_total") not in known}

    assert wrong_in(DOCUMENTS, look) == {}


def test_decisions_are_numbered_without_a_hole_and_indexed() -> None:
    assert [path.name[:4] for path in ADRS] == [f"{n:04d}" for n in range(1, len(ADRS) + 1)]
    index = said(ROOT / "docs" / "adr" / "README.md")
    assert [path.name for path in ADRS if f"({path.name})" not in index] == []


def test_a_decision_says_when_why_what_and_at_what_price() -> None:
    for document in ADRS:
        text = said(document)
        assert re.match(rf"# {document.name[:4]} \S", text), document
        assert re.search(r"^Status: (accepted|replaced by \S+)$", text, re.M), document
        assert re.search(r"^Date: \d{4}-\d\d-\d\d$", text, re.M), document
        assert re.findall(r"^## (.+)$", text, re.M) == ["Context", "Decision", "Consequences"], document


def test_a_runbook_says_what_it_means_and_how_to_mend_it() -> None:
    assert [str(finding) for finding in runbooks.check(ROOT)] == []


def test_the_glossary_has_one_word_for_each_thing() -> None:
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| [^|]+ \|$", said(ROOT / "docs" / "glossary.md"), re.M)
    rows = [row for row in rows if row not in (("Chinese", "name"), ("---", "---"))]
    for words in zip(*rows, strict=True):
        assert sorted(word for word in set(words) if words.count(word) > 1) == []


def test_the_picture_names_every_event_and_who_reads_it() -> None:
    picture = said(ROOT / "docs" / "lianxin.svg")
    for service in SERVICES:
        module = importlib.import_module(f"services.{service}.events")
        assert sorted(shown(picture, f"{service}-publishes")) == sorted(event.type for event in module.PUBLISHES)
        assert sorted(shown(picture, f"{service}-reads")) == sorted(
            [type_ for _, type_ in module.READS] + [f"of {name}" for name in {name for name, _ in module.READS}]
        )


def shown(picture: str, group: str) -> list[str]:
    return re.findall(r">([^<\n]+)</text>", picture.split(f'<g id="{group}">')[1].split("</g>")[0])


def test_every_source_that_a_comment_names_is_explained() -> None:
    code = [p for folder in ("chassis", "services", "deploy", "tests") for p in (ROOT / folder).rglob("*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in code if path != Path(__file__).resolve())
    comments = "\n".join(re.findall(r'#.*$|"""[\s\S]*?"""', text, re.M))
    named = set(SOURCE.findall(comments)) | {part for found in STUDY.findall(comments) for part in found if part}
    explained = said(ROOT / "docs" / "sources.md")
    assert sorted(name for name in named if not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", explained)) == []


def test_the_map_of_the_house_stays_short() -> None:
    assert len(said(ROOT / "ARCHITECTURE.md").splitlines()) <= 200


def test_no_document_names_a_machine_or_a_registry() -> None:
    assert wrong_in(DOCUMENTS, lambda document: ELSEWHERE.findall(said(document))) == {}
