"""The files that deploy the platform: complete, without default secrets, TensorFlow in the worker's image only."""

import ast
import importlib.util
import re
import shutil
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = ROOT / "docker-compose.yml"
OURS = ("api", "converter", "predictor", "worker", "dispatcher")
SECRETS = ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "VISUALNN_S3_ACCESS_KEY", "VISUALNN_S3_SECRET_KEY")
DOCKERFILES = sorted([*ROOT.glob("deploy/**/*Dockerfile")])


def stack() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return loaded


def env_example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("env_example", ROOT / "deploy" / "env_example.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_example_of_settings_is_what_the_settings_classes_say() -> None:
    assert (ROOT / ".env.example").read_text() == env_example().render(), (
        "run: .venv/bin/python deploy/env_example.py > .env.example"
    )


def test_every_setting_has_a_documenting_line() -> None:
    classes = env_example().settings_classes()
    assert {"CommonSettings", "ApiSettings", "WorkerSettings", "Timers"} <= {found.__name__ for found in classes}
    bare = [name for found in classes for name, _, text in env_example().variables(found) if not text]
    assert bare == []


def test_every_variable_of_the_compose_file_is_in_the_example() -> None:
    files = [COMPOSE, *(ROOT / "deploy").glob("compose*.yml")]
    used = {name for path in files for name in re.findall(r"\$\{([A-Z0-9_]+)", path.read_text())}
    known = set(re.findall(r"^(?:# )?([A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.M))
    assert used - known == set()


def test_the_example_holds_no_secret() -> None:
    given = dict(
        line.split("=", 1) for line in (ROOT / ".env.example").read_text().splitlines() if re.match("[A-Z]", line)
    )
    assert {name: given[name] for name in SECRETS if name != "VISUALNN_S3_ACCESS_KEY"} == {
        "POSTGRES_PASSWORD": "",
        "REDIS_PASSWORD": "",
        "VISUALNN_S3_SECRET_KEY": "",
    }


def test_every_secret_is_required_wherever_it_is_used() -> None:
    text = COMPOSE.read_text()
    for name in SECRETS:
        uses = re.findall(rf"\$\{{{name}([^}}]*)\}}", text)
        assert uses
        assert all(use.startswith(":?") for use in uses), name


def test_the_compose_file_reads_with_the_old_and_the_new_tool() -> None:
    assert not {"name", "version"} & set(stack())


def test_the_stack_has_every_part_and_each_says_how_it_is() -> None:
    services = stack()["services"]
    assert set(services) == {*OURS, "postgres", "redis", "objects"}
    for name, service in services.items():
        path = service.get("build", {}).get("dockerfile")
        assert "healthcheck" in service or "HEALTHCHECK" in (ROOT / path).read_text(), name


def test_services_start_when_what_they_need_is_healthy() -> None:
    needs = {name: service.get("depends_on", {}) for name, service in stack()["services"].items()}
    assert all(how == {"condition": "service_healthy"} for after in needs.values() for how in after.values())
    assert set(needs["api"]) == {"postgres", "redis", "objects", "converter", "predictor"}
    assert {"postgres", "redis", "objects", "api"} == set(needs["worker"]) == set(needs["dispatcher"])


def test_ports_are_published_on_loopback_only() -> None:
    ports = {name: service["ports"] for name, service in stack()["services"].items() if "ports" in service}
    assert list(ports) == ["api"]
    assert all(port.startswith("127.0.0.1:") for published in ports.values() for port in published)


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: str(path.relative_to(ROOT / "deploy")))
def test_an_image_has_a_chosen_base_and_no_root(path: Path) -> None:
    text = path.read_text()
    assert re.search(r"^ARG BASE_IMAGE=\S+$", text, re.M)
    assert set(re.findall(r"^FROM (\S+)", text, re.M)) == {"${BASE_IMAGE}"}
    assert re.findall(r"^USER (\S+)", text, re.M)[-1] not in ("root", "0")
    assert all("--require-hashes" in line for line in text.splitlines() if "pip install" in line and " -r " in line)
    assert all("--no-index" in line for line in text.splitlines() if "pip install" in line and " -r " not in line)


@pytest.mark.parametrize("service", OURS)
def test_an_image_installs_its_own_lock_and_only_the_workers_holds_tensorflow(service: str) -> None:
    assert f"requirements/{service}.lock" in (ROOT / "deploy" / f"{service}.Dockerfile").read_text()
    names = set(re.findall(r"^([a-z0-9._-]+)==", (ROOT / "requirements" / f"{service}.lock").read_text(), re.M))
    heavy = {"tensorflow", "tensorflow-cpu", "keras", "torch", "jax"}
    assert bool(names & heavy) == (service == "worker")


LOCKS = [*ROOT.glob("requirements/*.lock"), *ROOT.glob("deploy/**/*.lock"), *ROOT.glob("tests/parts/*.lock")]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_a_lock_file_holds_hashes_and_no_address(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    assert not re.search(r"^-", text, re.M)
    pinned = re.findall(r"^[a-z0-9._\[\],-]+==\S+.*\\\n    --hash=sha256:", text, re.M)
    assert len(pinned) == len(re.findall(r"^[a-z]", text, re.M))


@pytest.mark.parametrize("service", OURS)
def test_an_images_lock_holds_the_versions_that_are_tested(service: str) -> None:
    pins = [
        set(re.findall(r"^([a-z0-9._-]+==\S+)", (ROOT / "requirements" / f"{name}.lock").read_text(), re.M))
        for name in (service, "dev")
    ]
    assert pins[0] <= pins[1]


@pytest.mark.skipif(not shutil.which("docker-compose"), reason="there is no docker-compose here")
def test_compose_refuses_to_start_without_secrets(tmp_path: Path) -> None:
    for path in (COMPOSE, ROOT / ".env.example"):
        shutil.copy(path, tmp_path)
    env = tmp_path / ".env"
    shutil.copy(ROOT / ".env.example", env)

    def config() -> subprocess.CompletedProcess[str]:
        return subprocess.run(["docker-compose", "config"], cwd=tmp_path, capture_output=True, text=True, check=False)

    refused = config()
    assert refused.returncode != 0
    assert "set POSTGRES_PASSWORD in .env" in refused.stderr.replace("\n", " ")
    filled = re.sub(
        r"^(POSTGRES_PASSWORD|REDIS_PASSWORD|VISUALNN_S3_SECRET_KEY)=$", r"\1=s3cr3t", env.read_text(), flags=re.M
    )
    env.write_text(filled)
    accepted = config()
    assert accepted.returncode == 0, accepted.stderr
    assert "postgresql+psycopg://visualnn:s3cr3t@postgres:5432/visualnn" in accepted.stdout


def imported(package: Path, *, children: bool) -> set[str]:
    """Top-level names of what the modules of a package import when they are loaded (not in functions or ``try``).

    ``children``: with those that read an uploaded file in a process of their own, which the gateway alone starts.
    """
    found: set[str] = set()
    for path in package.rglob("*.py"):
        if path.stem.endswith("_child") and not children:
            continue
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Import):
                found.update(alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return {name for name in found if name not in sys.stdlib_module_names and not name.startswith("visualnn")}


@pytest.mark.parametrize("service", OURS)
def test_an_images_lock_holds_what_its_code_imports(service: str) -> None:
    packages = [ROOT / "services" / service / f"visualnn_{service}"] if service != "dispatcher" else []
    packages += [ROOT / "shared" / "visualnn_shared"]
    pinned = re.findall(r"^([a-z0-9._-]+)==", (ROOT / "requirements" / f"{service}.lock").read_text(), re.M)
    owners = packages_distributions()
    missing = [
        name
        for package in packages
        for name in sorted(imported(package, children=service == "api"))
        if not {owner.lower().replace("_", "-") for owner in owners.get(name, [name])} & set(pinned)
    ]
    assert missing == [], "name it in the service's pyproject.toml, then: make lock"
