"""The released reference's inputs and outputs on small random weights, and those weights loaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

TOLERANCE = 1e-4  # what parity means here, absolute, on values of about 1 to 8


class Reference:
    """`modules`, `pipeline`: tensors by name. `transformer()`, `vae()`: diffusers' classes."""

    def __init__(self, folder: Path) -> None:
        from safetensors.torch import load_file

        self._folder = folder
        self.config: dict[str, Any] = json.loads((folder / "config.json").read_text())
        self.modules = load_file(folder / "modules.safetensors")
        self.pipeline = load_file(folder / "pipeline.safetensors")

    def transformer(self) -> Any:
        from diffusers import CogVideoXTransformer3DModel

        return self._filled(CogVideoXTransformer3DModel, "transformer")

    def vae(self) -> Any:
        from diffusers import AutoencoderKLCogVideoX

        return self._filled(AutoencoderKLCogVideoX, "vae")

    def tensor(self, name: str) -> Any:
        """A tensor of the pipeline's, [B, L, C, h, w] turned to [B, C, L, h, w]."""
        return self.pipeline[name].permute(0, 2, 1, 3, 4)

    def near(self, ours: Any, theirs: Any) -> bool:
        """Of one shape, and equal within parity."""
        assert ours.shape == theirs.shape
        return float(abs(ours - theirs).max()) < TOLERANCE

    def _filled(self, kind: Any, name: str) -> Any:
        from safetensors.torch import load_file

        model = kind(**self.config[name]).eval()
        model.load_state_dict(load_file(self._folder / f"{name}.safetensors"), strict=True)
        return model


@pytest.fixture(scope="session")
def reference(shared: Path) -> Reference:
    folder = shared / "parity"
    if not folder.is_dir():
        pytest.skip("needs the parity fixtures beside the shared clips")
    return Reference(folder)
