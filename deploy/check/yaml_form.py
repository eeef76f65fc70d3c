"""Every YAML file as yamllint reads it: duplicate keys above all, which the second silently wins."""

from collections.abc import Iterator
from pathlib import Path

from yamllint import linter
from yamllint.config import YamlLintConfig

from deploy.check.files import walk
from deploy.check.finding import Finding

CONFIG = Path(__file__).parent / "yamllint.yaml"
WRITTEN_BY_PROGRAMS = {"contracts/asyncapi.yaml", "k8s/components/monitoring/rules.yaml"}


def check(root: Path) -> Iterator[Finding]:
    config = YamlLintConfig(CONFIG.read_text(encoding="utf-8"))
    for path in walk(root, ".yaml", ".yml"):
        name = str(path.relative_to(root))
        if name not in WRITTEN_BY_PROGRAMS:
            for each in linter.run(path.read_text(encoding="utf-8"), config):
                yield Finding(name, f"line {each.line}", f"{each.message} ({each.rule})")
