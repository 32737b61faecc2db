#!/usr/bin/env python3
"""Makes small/<case>/: one small quantized ONNX model per operator and pattern, with reference vectors.

    make_small_models.py [--out DIR]

Every case is a function below; its docstring says what it is for. The files come out the same every time. Needs
Debian's python3-onnx and python3-numpy.
"""
from __future__ import annotations

import argparse
import shutil
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Sequence

import numpy as np

from graph_builder import GraphBuilder, make_image, write_case

Size = tuple[int, int]
HERE = Path(__file__).resolve().parent
# The first size also calibrates the scales. One pixel high is legal wherever the operators allow it.
SIZES: tuple[Size, ...] = ((13, 17), (7, 9), (1, 11))


@dataclass
class Case:
    """One model: what builds it, and the images it is tried on."""
    build: Callable[[GraphBuilder], str]
    sizes: Sequence[Size] = SIZES
    constants: Sequence[float] = ()  # values of additional images of one colour
    options: dict[str, Any] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Builds the model and writes it with its data sets."""
        seed = zlib.crc32(folder.name.encode())
        builder = GraphBuilder(size=self.sizes[0], seed=seed, **self.options)
        model = builder.model(self.build(builder))
        rng = np.random.default_rng(seed + 1)
        images = [make_image(builder.channels, size, builder.value_range, rng) for size in self.sizes]
        images += [np.full_like(images[0], value) for value in self.constants]
        write_case(folder, model, images)


CASES: dict[str, Case] = {}


def case(sizes: Sequence[Size] = SIZES, constants: Sequence[float] = (), **options: Any) -> Callable:
    """Registers the function below it as the case of the same name."""
    def register(build: Callable[[GraphBuilder], str]) -> Callable[[GraphBuilder], str]:
        options.setdefault("channels", 3)
        CASES[build.__name__] = Case(build, sizes, constants, options)
        return build
    return register


# ---------------------------------------------------------------- convolutions

@case(sizes=SIZES + ((9, 1), (1, 1)))
def conv_3x3(g: GraphBuilder) -> str:
    """The plainest case: stride 1, pad 1; also on one-pixel-wide images."""
    return g.quantized(g.conv(g.image(), 8))


@case(sizes=SIZES + ((8, 10),))
def conv_3x3_stride_2(g: GraphBuilder) -> str:
    """Halving, of odd and even sizes."""
    return g.quantized(g.conv(g.image(), 8, stride=2))


@case()
def conv_1x1(g: GraphBuilder) -> str:
    """A pointwise convolution."""
    return g.quantized(g.conv(g.image(), 8, kernel=1))


@case(sizes=((13, 17), (7, 9)))
def conv_3x3_no_pads(g: GraphBuilder) -> str:
    """The output is smaller than the input."""
    return g.quantized(g.conv(g.image(), 8, pads=(0, 0, 0, 0)))


@case()
def conv_5x5_dilated_asymmetric_pads(g: GraphBuilder) -> str:
    """A 5x5 filter spread over 9x9 pixels with different pads on each side."""
    return g.quantized(g.conv(g.image(), 4, kernel=5, dilation=2, pads=(3, 5, 6, 4)))


@case(channels=10)
def conv_10_to_12(g: GraphBuilder) -> str:
    """Input channels that fill no vector."""
    return g.quantized(g.conv(g.image(), 12))


@case()
def conv_3_to_20(g: GraphBuilder) -> str:
    """Output channels that fill one vector and a bit."""
    return g.quantized(g.conv(g.image(), 20))


@case(sizes=((7, 9), (5, 6), (1, 11)), channels=24)
def conv_24_to_10(g: GraphBuilder) -> str:
    """Many channels in, few out."""
    return g.quantized(g.conv(g.image(), 10))


@case()
def conv_per_channel(g: GraphBuilder) -> str:
    """One filter scale per output channel."""
    return g.quantized(g.conv(g.image(), 10, per_channel=True))


@case()
def conv_zero_point_0(g: GraphBuilder) -> str:
    """Both zero points 0: the rounding saturates everything negative, like a Relu."""
    return g.quantized(g.conv(g.image(), 8), zero_point=0)


@case(value_range=(-1.0, 0.0))
def conv_zero_point_255(g: GraphBuilder) -> str:
    """Both zero points 255: all real values are at most 0."""
    return g.quantized(g.conv(g.image(), 8), zero_point=255)


@case(value_range=(-0.4, 0.8))
def conv_zero_point_between(g: GraphBuilder) -> str:
    """An input zero point of 85: a padded pixel is not the integer 0."""
    return g.quantized(g.conv(g.image(), 8))


@case()
def conv_int8_filter(g: GraphBuilder) -> str:
    """Filters stored as int8, with only a DequantizeLinear."""
    return g.quantized(g.conv(g.image(), 8, as_int8=True))


@case()
def conv_int8_filter_per_channel(g: GraphBuilder) -> str:
    """Filters stored as int8 with one scale per output channel."""
    return g.quantized(g.conv(g.image(), 8, as_int8=True, per_channel=True))


@case(sizes=((7, 9), (1, 11)), constants=(0.0, 1.0), channels=24)
def conv_extreme_filters(g: GraphBuilder) -> str:
    """Filters of only -128 and 127, on black and white images too: 16-bit partial sums would overflow."""
    steps = np.where(g.rng.random((6, 24, 3, 3)) < 0.5, -128, 127)
    steps[0], steps[1] = -128, 127
    parameters = [g.constant(1 / 512, "filter_scale", np.float32), g.constant(0, "filter_zero_point", np.int8)]
    filters = g.node("DequantizeLinear", [g.constant(steps, "filter_int8", np.int8), *parameters])
    return g.quantized(g.conv_with(g.image(), filters, kernel=3, bias=g.bias(6)))


@case()
def conv_no_bias(g: GraphBuilder) -> str:
    """The third input of Conv is optional."""
    return g.quantized(g.conv(g.image(), 8, with_bias=False))


@case()
def conv_chain(g: GraphBuilder) -> str:
    """Three convolutions in a row."""
    x = g.quantized(g.conv(g.image(), 10))
    x = g.quantized(g.conv(x, 6, kernel=1))
    return g.quantized(g.conv(x, 12, stride=2))


# ---------------------------------------------------------------- activations

@case()
def conv_relu(g: GraphBuilder) -> str:
    """Conv, Relu, one rounding."""
    return g.quantized(g.node("Relu", [g.conv(g.image(), 8)]))


@case()
def conv_quantized_relu(g: GraphBuilder) -> str:
    """Conv, rounding, Relu, rounding: both roundings count."""
    return g.quantized(g.node("Relu", [g.quantized(g.conv(g.image(), 8))]))


@case()
def conv_leaky_relu(g: GraphBuilder) -> str:
    """Conv, LeakyRelu, one rounding."""
    return g.quantized(g.node("LeakyRelu", [g.conv(g.image(), 8)], alpha=0.2))


@case()
def conv_quantized_leaky_relu(g: GraphBuilder) -> str:
    """Conv, rounding, LeakyRelu, rounding, as PyTorch exports it."""
    return g.quantized(g.node("LeakyRelu", [g.quantized(g.conv(g.image(), 8))], alpha=0.2))


@case(value_range=(-1.0, 1.0))
def leaky_relu(g: GraphBuilder) -> str:
    """LeakyRelu alone."""
    return g.quantized(g.node("LeakyRelu", [g.image()], alpha=0.1))


def tanh_of_conv(g: GraphBuilder, image: str, channels: int) -> str:
    """A tanh branch as PyTorch exports it: its range is fixed to -1..1."""
    branch = g.quantized(g.conv(image, channels, stride=2))
    return g.quantized(g.node("Tanh", [branch]), scale=1 / 128, zero_point=128)


@case()
def tanh_gate(g: GraphBuilder) -> str:
    """The product of two tanh branches."""
    image = g.image()
    return g.quantized(g.node("Mul", [tanh_of_conv(g, image, 6), tanh_of_conv(g, image, 6)]))


@case()
def tanh_gate_three_outputs(g: GraphBuilder) -> str:
    """Both tanh branches are used besides their product."""
    image = g.image()
    content, gate = tanh_of_conv(g, image, 6), tanh_of_conv(g, image, 6)
    product = g.quantized(g.node("Mul", [content, gate]))
    return g.quantized(g.conv(g.node("Concat", [product, content, gate], axis=1), 8, kernel=1))


@case()
def clip_quantized(g: GraphBuilder) -> str:
    """Clip between two roundings; the result leaves the graph rounded."""
    return g.quantized(g.clip(g.quantized(g.conv(g.image(), 3))), scale=1 / 255, zero_point=0)


@case()
def clip_float_output(g: GraphBuilder) -> str:
    """The last node is Clip, with no rounding after it."""
    return g.clip(g.quantized(g.conv(g.image(), 3)))


# ---------------------------------------------------------------- two inputs

@case()
def add(g: GraphBuilder) -> str:
    """A sum of tensors with different scales."""
    image = g.image()
    return g.quantized(g.node("Add", [g.quantized(g.conv(image, 6)), g.quantized(g.conv(image, 6, kernel=1))]))


@case(value_range=(0.0, 255 / 256))
def add_ties(g: GraphBuilder) -> str:
    """All scales are powers of two, so that half of the sums lie exactly between two steps: half to even decides."""
    x = g.quantized("input", scale=1 / 256, zero_point=0)
    y = g.quantized(g.node("LeakyRelu", [x], alpha=0.2), scale=1 / 128, zero_point=0)
    return g.quantized(g.node("Add", [x, y]), scale=1 / 128, zero_point=3)


@case()
def add_same_tensor(g: GraphBuilder) -> str:
    """Both inputs are one tensor."""
    x = g.quantized(g.conv(g.image(), 6))
    return g.quantized(g.node("Add", [x, x]))


@case()
def mul(g: GraphBuilder) -> str:
    """A product of tensors with different scales and zero points."""
    image = g.image()
    return g.quantized(g.node("Mul", [g.quantized(g.conv(image, 6)), g.quantized(g.conv(image, 6, kernel=1))]))


@case()
def residual_float_head(g: GraphBuilder) -> str:
    """The tail of an enhancement network: float filters, image plus correction, Clip, no rounding at the end."""
    image = g.image()
    correction = g.float_conv(g.quantized(g.conv(image, 10)), 3)
    return g.clip(g.node("Add", [image, correction]))


@case()
def residual_float_head_quantized(g: GraphBuilder) -> str:
    """The same tail with a rounding of the sum and of the result."""
    image = g.image()
    correction = g.float_conv(g.quantized(g.conv(image, 10)), 3)
    total = g.quantized(g.node("Add", [image, correction]))
    return g.quantized(g.clip(total), scale=1 / 255, zero_point=0)


# ---------------------------------------------------------------- normalization

@case(constants=(0.25,))
def instance_norm_leaky_relu(g: GraphBuilder) -> str:
    """Conv, normalization, LeakyRelu, each rounded; the padded border keeps the statistics alive for one colour."""
    normalized = g.quantized(g.instance_norm(g.quantized(g.conv(g.image(), 6))))
    return g.quantized(g.node("LeakyRelu", [normalized], alpha=0.2))


@case(constants=(0.0, 0.3, 1.0))
def instance_norm_constant_image(g: GraphBuilder) -> str:
    """No pads: on an image of one colour the variance is exactly 0 and only the bias is left."""
    return g.quantized(g.instance_norm(g.quantized(g.conv(g.image(), 5, kernel=1))))


@case()
def instance_norm_not_rounded_between(g: GraphBuilder) -> str:
    """Normalization and LeakyRelu under a single rounding."""
    x = g.quantized(g.conv(g.image(), 6))
    return g.quantized(g.node("LeakyRelu", [g.instance_norm(x)], alpha=0.2))


# ---------------------------------------------------------------- concatenation, pooling, resizing

@case()
def concat_into_conv(g: GraphBuilder) -> str:
    """10 and 12 channels with different scales, joined without rounding, into a 3x3 convolution."""
    image = g.image()
    parts = [g.quantized(g.conv(image, 10)), g.quantized(g.conv(image, 12, kernel=1), zero_point=0)]
    return g.quantized(g.conv(g.node("Concat", parts, axis=1), 8))


@case()
def concat_quantized(g: GraphBuilder) -> str:
    """Joined parts that are rounded to a common scale."""
    image = g.image()
    parts = [g.quantized(g.conv(image, 5)), image, g.quantized(g.conv(image, 6, kernel=1), zero_point=0)]
    return g.quantized(g.node("Concat", parts, axis=1))


@case(sizes=((13, 17), (7, 9), (2, 3), (8, 12)))
def max_pool_2x2_stride_2(g: GraphBuilder) -> str:
    """The last row and column of an odd size are dropped."""
    x = g.quantized(g.conv(g.image(), 6))
    return g.quantized(g.node("MaxPool", [x], kernel_shape=[2, 2], strides=[2, 2]))


@case(value_range=(-0.7, 0.5))
def max_pool_3x3_stride_2_pad_1(g: GraphBuilder) -> str:
    """Overlapping windows; a padded pixel never wins."""
    return g.quantized(g.node("MaxPool", [g.image()], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]))


@case()
def resize_by_scale_2(g: GraphBuilder) -> str:
    """Twice the size by constant scales, into a convolution."""
    x = g.quantized(g.conv(g.image(), 6))
    x = g.quantized(g.resize(x, scales=g.constant([1, 1, 2, 2], "scales", np.float32)))
    return g.quantized(g.conv(x, 4))


def size_by_slices(g: GraphBuilder, resized: str, like: str) -> str:
    """The size to resize to, as PyTorch writes it: batch and channels of one tensor, rows and columns of another."""
    def part(tensor: str, start: int, end: int) -> str:
        bounds = [g.constant([value], "bound", np.int64) for value in (start, end)]
        return g.node("Slice", [g.node("Shape", [tensor]), *bounds])
    image_size = g.node("Cast", [part(like, 2, 4)], to=7)
    return g.node("Concat", [part(resized, 0, 2), image_size], axis=0)


def size_by_gathers(g: GraphBuilder, resized: str, like: str) -> str:
    """The same size with one Gather and Unsqueeze per dimension."""
    dimensions = []
    for tensor, index in ((resized, 0), (resized, 1), (like, 2), (like, 3)):
        gathered = g.node("Gather", [g.node("Shape", [tensor]), g.constant(index, "index", np.int64)], axis=0)
        dimensions.append(g.node("Unsqueeze", [gathered, g.constant([0], "axes", np.int64)]))
    return g.node("Concat", dimensions, axis=0)


@case(sizes=((25, 19), (8, 10), (3, 12)))
def resize_to_shape(g: GraphBuilder) -> str:
    """Back to the image's size after a convolution without pads: 12 rows become 25."""
    image = g.image()
    x = g.quantized(g.conv(image, 6, stride=2, pads=(0, 0, 0, 0)))
    return g.quantized(g.resize(x, sizes=size_by_slices(g, x, image)))


@case(sizes=((25, 19), (10, 7), (2, 3)))
def resize_to_shape_by_gathers(g: GraphBuilder) -> str:
    """Back to the image's size after pooling, into a convolution and a sum with the image."""
    image = g.image()
    x = g.quantized(g.node("MaxPool", [image], kernel_shape=[2, 2], strides=[2, 2]))
    x = g.quantized(g.resize(x, sizes=size_by_gathers(g, x, image)))
    return g.quantized(g.node("Add", [image, g.quantized(g.conv(x, 3))]))


@case(sizes=((7, 9),), fixed_size=True)
def resize_to_constant_size(g: GraphBuilder) -> str:
    """A graph for one image size: 7x9 to 16x21."""
    x = g.quantized(g.conv(g.image(), 4))
    return g.quantized(g.resize(x, sizes=g.constant([1, 4, 16, 21], "sizes", np.int64)))


# ---------------------------------------------------------------- forms of the same graph

@case()
def identity_nodes(g: GraphBuilder) -> str:
    """Identity nodes on the image, the filters, the bias, and between conv and rounding."""
    image = g.node("Identity", [g.image()])
    filters = g.node("Identity", [g.filters(g.random_filters(image, 6, 3))])
    bias = g.node("Identity", [g.bias(6)])
    x = g.node("Identity", [g.conv_with(image, filters, 3, bias=bias)])
    return g.quantized(g.node("Identity", [g.node("Relu", [g.quantized(x)])]))


@case(constants_as_nodes=True)
def constants_as_nodes(g: GraphBuilder) -> str:
    """Every constant is a Constant node, none an initializer."""
    x = g.quantized(g.instance_norm(g.quantized(g.conv(g.image(), 6))))
    x = g.quantized(g.resize(x, scales=g.constant([1, 1, 2, 2], "scales", np.float32)))
    return g.clip(g.quantized(g.conv(x, 3)))


@case(sizes=((13, 17),), fixed_size=True)
def fixed_size(g: GraphBuilder) -> str:
    """A graph for one image size, otherwise ordinary."""
    return g.quantized(g.node("Relu", [g.conv(g.image(), 8, stride=2)]))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=HERE / "small", metavar="DIR")
    out = parser.parse_args().out
    for name, small in CASES.items():
        shutil.rmtree(out / name, ignore_errors=True)
        small.write(out / name)
    print(f"{len(CASES)} cases in {out}")


if __name__ == "__main__":
    main()
