"""Who may import whom, and how large a room may be: the fence around src/openvoid.

Reads every import and holds it against the table; a new package or module must be put into the
table before it may import anything of ours. No circle, no module and no function too long to read.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "openvoid"

# what may be imported, besides the own package; a dotted name allows that module alone
STAGE = {"core", "media", "vision"}
SPINE = {"core", "media", "reason.compose", "deliver", "workspace"}
LAYERS = {
    "core": set(),
    "media": {"core"},
    "vision": {"core", "media"},
    "select": STAGE,
    "reason": STAGE,
    "layers": STAGE | {"reason.contours"},
    "physics": STAGE | {"reason.contours"},
    "plate": STAGE,
    "void": STAGE,
    "workspace": STAGE,
    "deliver": STAGE | {"workspace.fingerprint"},
    "show": STAGE,
    "choosing": {"core"},
    "transitions": {"core"},
    "unmixing": {"core", "transitions"},
    "by_scene": {"core", "vision.scenes", "vision.working"},
    "filling": {"core", "by_scene", "transitions", "unmixing", "vision.working"},
    "foretelling": SPINE | {"marking_keys", "by_scene"},
    "marking_keys": SPINE | {"by_scene"},
    "marking": SPINE
    | {"choosing", "foretelling", "marking_keys", "reason.applied", "reason.combine", "by_scene"},
    "removal": SPINE | {"shot", "by_scene", "filling", "layers"},
    "shot": SPINE,
    "remove": {"removal"},
    "synth": STAGE,
    "train": STAGE | {"void.model", "void.sampling"},  # so that training and inference agree
    "evaluate": STAGE | {"show"},
    "__init__": {"core", "media", "removal"},  # lazily; see the last test
}
FACES = {"cli", "studio"}  # import anything public
TORCH = {"void", "train"}  # the only layers that may import it, beside these modules:
TORCH_MODULES = {"select/sam/model.py", "select/sam/picture.py", "select/sam/stream.py"}
MODULES = sorted(SOURCE.rglob("*.py"))
MODULE_LINES, BODY_LINES = 350, 55  # at most; a body is what follows options and docstring


def layer_of(module: Path) -> str:
    return module.relative_to(SOURCE).parts[0].removesuffix(".py")


def imports(module: Path, tree: ast.AST | None = None) -> list[str]:
    """Every module imported anywhere in a file (or in a tree made of it), absolute and dotted."""
    package = ["openvoid", *module.relative_to(SOURCE).parent.parts]
    found = []
    for node in ast.walk(tree or ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found += [f"{base}.{alias.name}" for alias in node.names]
    return found


def ours(module: Path, tree: ast.AST | None = None) -> list[str]:
    """Imports of our own, without the leading "openvoid."; the bare package's names are dropped."""
    return [
        name.removeprefix("openvoid.")
        for name in imports(module, tree)
        if name.startswith("openvoid.")
    ]


def allowed(name: str, layer: str) -> bool:
    if any(part.startswith("_") and not part.endswith("__") for part in name.split(".")):
        return name.split(".")[0] == layer
    if layer in FACES or name == "__version__":
        return True
    reach = LAYERS[layer] | {layer}
    return any(name == target or name.startswith(f"{target}.") for target in reach)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_module_imports_only_what_its_layer_may(module: Path) -> None:
    layer = layer_of(module)
    assert layer in LAYERS or layer in FACES, f"{layer} is not in the table of layers"
    wrong = [name for name in ours(module) if not allowed(name, layer)]
    assert not wrong, f"{layer} may not import {wrong}"


def test_core_stands_on_numpy_and_the_standard_library_alone() -> None:
    tops = {
        name.split(".")[0]
        for module in MODULES
        if layer_of(module) in {"core", "__init__"}
        for name in imports(module)
    }
    assert tops <= set(sys.stdlib_module_names) | {"numpy", "openvoid"}


def test_only_the_layers_with_weights_import_torch() -> None:
    heavy = {"torch", "diffusers", "transformers", "accelerate", "peft"}
    users = {
        layer_of(module)
        for module in MODULES
        if str(module.relative_to(SOURCE)) not in TORCH_MODULES
        and heavy & {name.split(".")[0] for name in imports(module)}
    }
    assert users <= TORCH


def test_the_library_never_imports_its_faces() -> None:
    for module in MODULES:
        if layer_of(module) not in FACES:
            assert not [name for name in ours(module) if name.split(".")[0] in FACES], module


# --- no circle ----------------------------------------------------------------------------------


def dotted(module: Path) -> str:
    parts = module.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def needs(module: Path, known: Collection[str]) -> set[str]:
    """The modules that one needs to run, at once or later: what only types need is left out."""
    tree = ast.parse(module.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    found = set()
    for name in ours(module, tree):
        while name and name not in known:  # the names of a module stand for it
            name = name.rpartition(".")[0]
        found.add(name)
    return found - {"", dotted(module)}


def circle(graph: Mapping[str, Collection[str]]) -> list[str]:
    """Modules that need each other in turn; none if there is no such circle."""
    done: set[str] = set()

    def walk(name: str, way: list[str]) -> list[str]:
        if name in way:
            return way[way.index(name) :]
        if name in done:
            return []
        for each in sorted(graph.get(name, ())):
            if found := walk(each, [*way, name]):
                return found
        done.add(name)
        return []

    return next((found for name in sorted(graph) if (found := walk(name, []))), [])


def test_no_module_needs_itself_by_way_of_others() -> None:
    known = {dotted(module) for module in MODULES}
    assert circle({dotted(module): needs(module, known) for module in MODULES}) == []


def test_a_circle_is_seen() -> None:
    graph = {"a": {"b"}, "b": {"c", "d"}, "c": set(), "d": {"b"}}
    assert circle(graph) == ["b", "d"]
    assert circle({**graph, "d": {"c"}}) == []


def test_what_is_imported_in_a_function_counts_and_what_only_types_need_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = tmp_path / "cli" / "synth.py"
    module.parent.mkdir()
    module.write_text(
        "from typing import TYPE_CHECKING\n"
        "from openvoid.core import plugins\n"
        "if TYPE_CHECKING:\n    from openvoid.synth.world import World\n"
        "def later():\n    from openvoid.cli.recipe import recipe_of, Size\n"
    )
    monkeypatch.setattr(sys.modules[__name__], "SOURCE", tmp_path)
    known = {"core.plugins", "synth.world", "cli.recipe", "cli.synth"}
    assert needs(module, known) == {"core.plugins", "cli.recipe"}


# --- no room too large --------------------------------------------------------------------------


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_module_can_be_read_in_one_go(module: Path) -> None:
    text = module.read_text()
    assert len(text.splitlines()) <= MODULE_LINES
    long = {
        node.name: node.end_lineno - statements(node)[0].lineno + 1
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno
    }
    assert {name: lines for name, lines in long.items() if lines > BODY_LINES} == {}


def statements(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.stmt]:
    """What a function does: its options and docstring are a table that may be long."""
    return function.body[1 if ast.get_docstring(function) and function.body[1:] else 0 :]


def test_every_phenomenon_has_a_test_file_of_its_name() -> None:
    folder = Path(__file__).parent / "reason" / "motion"
    names = {module.stem for module in (SOURCE / "reason" / "motion").glob("*.py")} - {"__init__"}
    assert {name for name in names if not (folder / f"test_{name}.py").exists()} == set()


# --- the fence itself ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "caught"),
    [
        ("from openvoid.media import video", True),
        ("from openvoid import media", True),
        ("import openvoid.deliver.package as package", True),
        ("from ..plate.engine import PlateEngine", True),
        ("def later():\n    from openvoid.cli.main import main", True),
        ("from openvoid.core.clip import _hidden", False),
        ("from .clip import Clip", False),
        ("from . import clip", False),
    ],
)
def test_the_reader_sees_every_form_of_import(
    source: str, caught: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = tmp_path / "core" / "sample.py"
    module.parent.mkdir()
    module.write_text(source)
    monkeypatch.setattr(sys.modules[__name__], "SOURCE", tmp_path)
    assert any(not allowed(name, "core") for name in ours(module)) is caught


def test_segmenters_import_torch_only_when_one_is_made() -> None:
    code = (
        "import sys; from openvoid.core import plugins;"
        "[plugins.find('segmenter', name) for name in plugins.names('segmenter')];"
        "heavy = {'torch', 'transformers', 'huggingface_hub', 'onnxruntime'};"
        "print(*sorted(heavy & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""


def test_importing_openvoid_imports_no_codec_and_no_model() -> None:
    code = (
        "import sys, openvoid; print(*sorted({'cv2', 'av', 'torch', 'numpy'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""
