#!/usr/bin/env python3
"""Trains the demo network, fine-tunes it for 8-bit arithmetic and exports it to ONNX.

    train_demo.py                train (about 20 minutes on one free core), export, write the demo folder
    train_demo.py --evaluate     print the PSNR of the committed demo against its clean photo

The float network is kept in --checkpoint, so that a second run only repeats the quantization. Needs Debian's
python3-torch, python3-onnx, python3-skimage and python3-pil; --evaluate does without torch.
"""
from __future__ import annotations

import argparse
import copy
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

import numpy as np
from PIL import Image

import reference_vectors

if TYPE_CHECKING:
    import torch

HERE = Path(__file__).resolve().parent
CHANNELS = 12
SEED = 2024

# Public domain or CC0, all shipped by python3-skimage; README.md names the source of each. The number is how often
# a training patch comes from that photo: colour photographs of everyday things teach more than textures do.
TRAINING_PHOTOS = {
    "astronaut.png": 5, "coffee.png": 5, "rocket.jpg": 3, "camera.png": 2,
    "retina.jpg": 1, "brick.png": 1, "grass.png": 1, "gravel.png": 1,
}
HELD_OUT_PHOTO = "chelsea.png"
DEMO_STRENGTH = 0.95

# What the strongest degradation does to red, green and blue: a blue night cast.
STRONGEST_CAST = (0.68, 0.88, 1.0)


# ---------------------------------------------------------------- photos

def load_photo(name: str) -> Image.Image:
    """A photo of python3-skimage."""
    import skimage.data
    return Image.open(Path(skimage.data.__file__).parent / name).convert("RGB")


def photo_pyramid(photo: Image.Image) -> list[np.ndarray]:
    """The photo at falling sizes, as (3, height, width) floats: a patch then shows detail or a whole scene."""
    levels = []
    for scale in (1.0, 0.7, 0.5, 0.35):
        size = (round(photo.width * scale), round(photo.height * scale))
        resized = photo.resize(size, Image.LANCZOS)
        levels.append(np.asarray(resized, np.float32).transpose(2, 0, 1) / 255)
    return levels


class PatchSampler:
    """Draws random clean training patches."""

    def __init__(self, rng: np.random.Generator):
        self.rng = rng
        self.pyramids = [photo_pyramid(load_photo(name)) for name in TRAINING_PHOTOS]
        frequency = np.array(list(TRAINING_PHOTOS.values()), np.float64)
        self.probability = frequency / frequency.sum()

    def batch(self, count: int, size: int) -> torch.Tensor:
        """`count` patches of `size` x `size` pixels."""
        import torch
        return torch.from_numpy(np.stack([self.patch(size) for _ in range(count)]))

    def patch(self, size: int) -> np.ndarray:
        """One patch, mirrored, turned and recoloured at random."""
        levels = self.pyramids[self.rng.choice(len(self.pyramids), p=self.probability)]
        levels = [level for level in levels if min(level.shape[1:]) >= size]
        level = levels[self.rng.integers(len(levels))]
        top = self.rng.integers(level.shape[1] - size + 1)
        left = self.rng.integers(level.shape[2] - size + 1)
        patch = level[:, top:top + size, left:left + size]
        if self.rng.random() < 0.5:
            patch = patch[:, :, ::-1]
        if self.rng.random() < 0.3:
            patch = patch.transpose(0, 2, 1)
        if self.rng.random() < 0.3:  # few photos have few colours; swapping channels makes new ones
            patch = patch[self.rng.permutation(3)]
        return np.ascontiguousarray(patch)


def soften(image: np.ndarray) -> np.ndarray:
    """The 3x3 binomial blur of (..., height, width), edges repeated."""
    for axis in (-2, -1):
        pads = [(0, 0)] * image.ndim
        pads[axis] = (1, 1)
        padded = np.pad(image, pads, mode="edge")
        before, middle, after = (np.take(padded, range(i, i + image.shape[axis]), axis) for i in range(3))
        image = 0.25 * before + 0.5 * middle + 0.25 * after
    return image


def degrade(clean: np.ndarray, strength: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A night snapshot of each clean (N, 3, H, W) image: soft, dim, blue and noisy, in 8-bit steps."""
    strength = strength.reshape(-1, 1, 1, 1).astype(np.float32)
    count = len(clean)
    soft = clean + 0.6 * strength * (soften(clean) - clean)
    gain = 1 - 0.55 * strength * rng.uniform(0.97, 1.03, (count, 1, 1, 1))
    absorbed = 1 - np.array(STRONGEST_CAST).reshape(1, 3, 1, 1)
    cast = 1 - strength * absorbed * rng.uniform(0.9, 1.1, (count, 3, 1, 1))
    noise = (0.004 + 0.009 * strength) * rng.standard_normal(clean.shape)
    dim = np.clip(soft * gain * cast + noise, 0, 1)
    return (np.rint(dim * 255) / 255).astype(np.float32)


# ---------------------------------------------------------------- training

def restoration_loss(output: torch.Tensor, clean: torch.Tensor) -> torch.Tensor:
    """Mean absolute error of the values and, for sharpness, of their differences between neighbours."""
    import torch.nn.functional as F
    error = output - clean
    vertical = (error[..., 1:, :] - error[..., :-1, :]).abs().mean()
    horizontal = (error[..., 1:] - error[..., :-1]).abs().mean()
    return F.l1_loss(output, clean) + 0.2 * (vertical + horizontal)


class Trainer:
    """Runs optimization steps on freshly degraded patches."""

    def __init__(self, rng: np.random.Generator):
        self.rng = rng
        self.sampler = PatchSampler(rng)

    def pair(self, count: int, size: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Degraded patches and the clean ones they came from, up to 3 pixels larger than `size`.

        The network halves the image three times. Each halving must meet odd sizes too, or the network draws borders
        on odd photos.
        """
        import torch
        clean = self.sampler.batch(count, size + int(self.rng.integers(4)))
        strength = self.rng.uniform(0.7, 1.0, count)
        return torch.from_numpy(degrade(clean.numpy(), strength, self.rng)), clean

    def fit(self, network: torch.nn.Module, steps: int, count: int, size: int, peak_rate: float) -> None:
        """Trains with Adam under a one-cycle learning rate."""
        import torch
        optimizer = torch.optim.Adam(network.parameters(), peak_rate)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, peak_rate, total_steps=steps, pct_start=0.1)
        start, running = time.monotonic(), 0.0
        for step in range(1, steps + 1):
            degraded, clean = self.pair(count, size)
            loss = restoration_loss(network(degraded), clean)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            running += loss.item()
            if step % 100 == 0:
                seconds = time.monotonic() - start
                print(f"  step {step}/{steps}: loss {running / 100:.4f}, {seconds:.0f} s", flush=True)
                running = 0.0


def train_float(trainer: Trainer, small_steps: int, large_steps: int) -> torch.nn.Module:
    """Trains the float network: many small patches, then fewer large ones.

    The large patches matter because instance normalization sees the whole image: its statistics over 64x64 pixels
    scatter much more than over a photo.
    """
    from gated_network import GatedNetwork
    network = GatedNetwork(CHANNELS).train()
    trainer.fit(network, small_steps, count=8, size=64, peak_rate=3e-3)
    trainer.fit(network, large_steps, count=4, size=144, peak_rate=1e-3)
    return network.eval()


# ---------------------------------------------------------------- quantization

def qconfig_mapping() -> Any:
    """uint8 activations and int8 filters per tensor; the head and the concatenations stay float."""
    from torch.ao.quantization import get_default_qat_qconfig_mapping
    from gated_network import Concat
    mapping = get_default_qat_qconfig_mapping("qnnpack")
    mapping.set_module_name("head", None)
    mapping.set_object_type(Concat, None)
    return mapping


def pin_images_to_8_bits(quantized: torch.fx.GraphModule) -> None:
    """Fixes the ranges of the input and the output image to 0..1, so that 8-bit pixels pass through exactly.

    An observed range is a moving average of extremes and would cut off the brightest highlights.
    """
    import torch
    from torch.ao.quantization.fake_quantize import FixedQParamsFakeQuantize
    from torch.ao.quantization.observer import FixedQParamsObserver
    observer = FixedQParamsObserver.with_args(scale=1 / 255, zero_point=0, dtype=torch.quint8,
                                              quant_min=0, quant_max=255)
    placeholder = next(node for node in quantized.graph.nodes if node.op == "placeholder")
    output = next(node for node in quantized.graph.nodes if node.op == "output")
    first = next(user for user in placeholder.users if user.op == "call_module")  # the others ask for the shape
    for node in (first, output.args[0]):
        setattr(quantized, node.target, FixedQParamsFakeQuantize(observer=observer))


def train_quantized(trainer: Trainer, network: torch.nn.Module, steps: int) -> torch.nn.Module:
    """Fine-tunes a copy of the float network with simulated quantization.

    The ranges are observed during the first two thirds only, so that the weights settle for the final ones.
    """
    import torch
    from torch.ao.quantization import disable_observer
    from torch.ao.quantization.quantize_fx import prepare_qat_fx
    example = (torch.zeros(1, 3, 96, 96),)
    quantized = prepare_qat_fx(copy.deepcopy(network).train(), qconfig_mapping(), example)
    pin_images_to_8_bits(quantized)
    observed_steps = steps * 2 // 3
    trainer.fit(quantized, observed_steps, count=4, size=112, peak_rate=2e-4)
    quantized.apply(disable_observer)
    trainer.fit(quantized, steps - observed_steps, count=4, size=112, peak_rate=1e-4)
    return quantized.eval()


def freeze_quantization(module: torch.nn.Module) -> torch.nn.Module:
    """Replaces, in place, every trainable fake-quantize module by one with fixed parameters.

    ONNX export knows only the plain fake-quantize function with constant scale and zero point.
    """
    import torch
    from torch.ao.quantization.fake_quantize import FakeQuantizeBase

    class FixedFakeQuantize(torch.nn.Module):
        """Fake quantization with one constant scale and zero point."""

        def __init__(self, trained: FakeQuantizeBase):
            super().__init__()
            self.scale, self.zero_point = float(trained.scale), int(trained.zero_point)
            self.limits = trained.quant_min, trained.quant_max

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.fake_quantize_per_tensor_affine(x, self.scale, self.zero_point, *self.limits)

    def replace_children(parent: torch.nn.Module) -> None:
        # _modules, because named_children() leaves out the second name of a module that has two.
        for name, child in parent._modules.items():
            if isinstance(child, FakeQuantizeBase):
                parent._modules[name] = FixedFakeQuantize(child)
            elif child is not None:
                replace_children(child)

    replace_children(module)
    return module


def export_onnx(network: torch.nn.Module, path: Path) -> None:
    """Writes the network as QuantizeLinear/DequantizeLinear ONNX for any image size."""
    import torch
    sizes = {2: "height", 3: "width"}
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(network, torch.zeros(1, 3, 96, 128), str(path), opset_version=13, input_names=["input"],
                      output_names=["output"], dynamic_axes={"input": sizes, "output": sizes})


# ---------------------------------------------------------------- the demo folder

def image_of(array: np.ndarray) -> Image.Image:
    """The 8-bit picture of a (1, 3, height, width) tensor with values in 0..1."""
    return Image.fromarray(np.rint(np.clip(array[0], 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0))


def tensor_of(photo: Image.Image) -> np.ndarray:
    """The (1, 3, height, width) float32 tensor of a picture, with values in 0..1."""
    return (np.asarray(photo.convert("RGB"), np.float32).transpose(2, 0, 1) / np.float32(255))[None]


def write_photos(folder: Path) -> None:
    """Writes the held-out photo, clean and degraded."""
    folder.mkdir(parents=True, exist_ok=True)
    clean = tensor_of(load_photo(HELD_OUT_PHOTO))
    degraded = degrade(clean, np.array([DEMO_STRENGTH]), np.random.default_rng(SEED))
    image_of(clean).save(folder / "photo_clean.png", optimize=True)
    image_of(degraded).save(folder / "photo_degraded.png", optimize=True)


def write_data_sets(folder: Path, network: torch.nn.Module) -> None:
    """Writes two crops of the degraded photo with the exact outputs and those of the float network."""
    import onnx
    import torch
    model = onnx.load(str(folder / "model.onnx"))
    photo = tensor_of(Image.open(folder / "photo_degraded.png"))
    for number, (top, left, height, width) in enumerate([(80, 100, 96, 128), (110, 200, 101, 75)]):
        data_set = folder / f"test_data_set_{number}"
        crop = np.ascontiguousarray(photo[:, :, top:top + height, left:left + width])
        with torch.no_grad():
            float_output = network(torch.from_numpy(crop)).numpy()
        reference_vectors.write_tensor(data_set / "input_0.pb", crop, "input")
        reference_vectors.write_tensor(data_set / "output_0.pb", reference_vectors.evaluate(model, crop), "output")
        reference_vectors.write_tensor(data_set / "fp32_output_0.pb", float_output, "output")


def as_8bit(image: np.ndarray) -> np.ndarray:
    """The image as it would be stored."""
    return tensor_of(image_of(image))


def measure(folder: Path, enhanced: Optional[Path] = None) -> dict[str, float]:
    """PSNR in dB of the degraded and of the enhanced photo; optionally saves the latter."""
    import onnx
    clean, degraded = (tensor_of(Image.open(folder / f"photo_{kind}.png")) for kind in ("clean", "degraded"))
    output = reference_vectors.evaluate(onnx.load(str(folder / "model.onnx")), degraded)
    if enhanced is not None:
        image_of(output).save(enhanced)
    return {"degraded_psnr_db": round(reference_vectors.psnr(degraded, clean), 2),
            "quantized_psnr_db": round(reference_vectors.psnr(as_8bit(output), clean), 2)}


def measure_float(folder: Path, network: torch.nn.Module) -> float:
    """PSNR in dB of the photo enhanced by the float network."""
    import torch
    clean, degraded = (tensor_of(Image.open(folder / f"photo_{kind}.png")) for kind in ("clean", "degraded"))
    with torch.no_grad():
        output = network(torch.from_numpy(degraded)).numpy()
    return round(reference_vectors.psnr(as_8bit(output), clean), 2)


# ---------------------------------------------------------------- command line

def float_network(trainer: Trainer, arguments: argparse.Namespace) -> torch.nn.Module:
    """The trained float network: from the checkpoint if there is one."""
    import torch
    from gated_network import GatedNetwork
    checkpoint = arguments.checkpoint
    if not checkpoint.exists():
        print("training the float network")
        network = train_float(trainer, arguments.small_steps, arguments.large_steps)
        checkpoint.parent.mkdir(parents=True, exist_ok=True)
        torch.save(network.state_dict(), checkpoint)
    network = GatedNetwork(CHANNELS)
    network.load_state_dict(torch.load(checkpoint))
    return network.eval()


def make_demo(arguments: argparse.Namespace) -> None:
    """Trains, quantizes, exports, and writes everything in the demo folder."""
    import torch
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    trainer = Trainer(np.random.default_rng(SEED))
    network = float_network(trainer, arguments)
    print("fine-tuning with simulated quantization")
    quantized = train_quantized(trainer, network, arguments.quantized_steps)
    folder = arguments.out
    write_photos(folder)
    export_onnx(freeze_quantization(quantized), folder / "model.onnx")
    write_data_sets(folder, network)
    measured = {**measure(folder), "float_psnr_db": measure_float(folder, network)}
    (folder / "measured.json").write_text(json.dumps(measured, indent=2) + "\n")
    print(measured)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=HERE / "demo", metavar="DIR")
    parser.add_argument("--evaluate", action="store_true", help="only measure what is in the demo folder")
    parser.add_argument("--enhanced", type=Path, metavar="PNG", help="with --evaluate: save the enhanced photo")
    parser.add_argument("--checkpoint", type=Path, default=Path("build/demo_float.pt"), metavar="FILE")
    parser.add_argument("--small-steps", type=int, default=7000, help="steps on 64x64 patches")
    parser.add_argument("--large-steps", type=int, default=2000, help="steps on 144x144 patches")
    parser.add_argument("--quantized-steps", type=int, default=900, help="steps with simulated quantization")
    arguments = parser.parse_args()
    if arguments.evaluate:
        print(json.dumps(measure(arguments.out, arguments.enhanced), indent=2))
    else:
        make_demo(arguments)


if __name__ == "__main__":
    main()
