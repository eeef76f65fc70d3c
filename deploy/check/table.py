"""The checks, in the order in which their findings are best mended."""

from deploy.check import (
    boards,
    builtin_kinds,
    compose,
    custom_kinds,
    dockerfile,
    exposition,
    generated,
    links,
    policies,
    rendering,
    routes,
    rules,
    runbooks,
    scripts,
    yaml_form,
)
from deploy.check.finding import Check

CHECKS = (
    Check("yaml", "every YAML file, by yamllint", yaml_form.check),
    Check("scripts", "every shell script, by shellcheck", scripts.check),
    Check("dockerfile", "the Dockerfile, by hadolint, and what an image must be", dockerfile.check),
    Check("compose", "the compose files, by the specification's schema and our policies", compose.check),
    Check("render", "all of k8s/ renders, by kubectl kustomize, and nothing is left out", rendering.check),
    Check("kinds", "Kubernetes' own objects, strictly, by kubernetes-validate", builtin_kinds.check),
    Check("custom-kinds", "operators' objects, by models or field lists, unknown keys refused", custom_kinds.check),
    Check("policies", "our policies over everything rendered", policies.check),
    Check("generated", "what is generated for Kubernetes is what its generator makes", generated.check),
    Check("metrics", "what the services expose, by promtool", exposition.check),
    Check("rules", "Prometheus' configuration, rules and their tests, by promtool and our own rules", rules.check),
    Check("routes", "Alertmanager's configuration and every alert's way, by amtool", routes.check),
    Check("dashboards", "drift, form, and every query by a PromQL parser and against what is exposed", boards.check),
    Check("runbooks", "every alert has its runbook and its dashboard, one to one", runbooks.check),
    Check("links", "every link in every document, headings included", links.check),
)
