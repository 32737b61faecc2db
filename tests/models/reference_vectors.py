#!/usr/bin/env python3
"""Evaluates a quantized ONNX graph in double arithmetic: the reference that test vectors are made with.

    reference_vectors.py CASE_DIR...            check every test_data_set_N/output_0.pb, exit 1 on a difference
    reference_vectors.py --write CASE_DIR...    write them instead

A case is a folder in ONNX's test layout. The rules are those of the ONNX operators, computed as if exactly:
a QuantizeLinear rounds half to even after a division in double, a DequantizeLinear multiplies in double, and nothing
in between is rounded. The one exception is a QuantizeLinear of a parameter (a filter): that one can be done ahead of
time, so it is done in float32, as ONNX defines it, and every implementation agrees on the resulting integers.
"""
from __future__ import annotations

import argparse
import math
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any, Callable, Optional

import numpy as np
import onnx
from onnx import numpy_helper

Array = np.ndarray
Inputs = list[Optional[Array]]
Attributes = dict[str, Any]


# ---------------------------------------------------------------- operators

def along_axis(parameter: Array, axis: int, rank: int) -> Array:
    """Shapes a per-channel parameter so that it broadcasts along `axis`; a per-tensor one becomes a scalar."""
    if parameter.size == 1:
        return parameter.reshape(())
    return parameter.reshape([-1 if i == axis % rank else 1 for i in range(rank)])


def quantize(inputs: Inputs, attributes: Attributes, dtype: type) -> Array:
    """QuantizeLinear, with the division done in `dtype`."""
    x, scale, zero_point = inputs[0], inputs[1], inputs[2]
    axis = attributes.get("axis", 1)
    limits = np.iinfo(zero_point.dtype)
    steps = np.rint(x.astype(dtype) / along_axis(scale, axis, x.ndim).astype(dtype))
    shifted = steps + along_axis(zero_point, axis, x.ndim)
    return np.clip(shifted, limits.min, limits.max).astype(zero_point.dtype)


def dequantize(inputs: Inputs, attributes: Attributes) -> Array:
    """DequantizeLinear, in double."""
    q, scale, zero_point = inputs[0], inputs[1], inputs[2]
    axis = attributes.get("axis", 1)
    difference = q.astype(np.float64) - along_axis(zero_point, axis, q.ndim).astype(np.float64)
    return difference * along_axis(scale, axis, q.ndim).astype(np.float64)


def pad_image(x: Array, pads: list[int], value: float) -> Array:
    """Pads (N, C, H, W) by ONNX pads [top, left, bottom, right]."""
    top, left, bottom, right = pads
    return np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=value)


def taps(x: Array, kernel: list[int], strides: list[int], dilations: list[int]) -> list[list[Array]]:
    """For every kernel position the slice of the padded image that it meets, as [row][column]."""
    height, width = (
        (x.shape[2 + i] - dilations[i] * (kernel[i] - 1) - 1) // strides[i] + 1 for i in range(2))
    rows = range(0, dilations[0] * kernel[0], dilations[0])
    columns = range(0, dilations[1] * kernel[1], dilations[1])
    return [[x[:, :, r:r + strides[0] * (height - 1) + 1:strides[0], c:c + strides[1] * (width - 1) + 1:strides[1]]
             for c in columns] for r in rows]


def conv(inputs: Inputs, attributes: Attributes) -> Array:
    """Conv without groups."""
    if attributes.get("group", 1) != 1:
        raise ValueError("Conv with groups is not supported")
    x, filters = inputs[0].astype(np.float64), inputs[1].astype(np.float64)
    padded = pad_image(x, attributes.get("pads", [0] * 4), 0.0)
    kernel = list(filters.shape[2:])
    total: Any = 0.0
    strides, dilations = attributes.get("strides", [1, 1]), attributes.get("dilations", [1, 1])
    for r, row in enumerate(taps(padded, kernel, strides, dilations)):
        for c, tap in enumerate(row):
            total = total + np.einsum("oi,nihw->nohw", filters[:, :, r, c], tap, optimize=True)
    if len(inputs) > 2 and inputs[2] is not None:
        total = total + inputs[2].astype(np.float64).reshape(1, -1, 1, 1)
    return total


def max_pool(inputs: Inputs, attributes: Attributes) -> Array:
    """MaxPool with floor rounding of the output size."""
    if attributes.get("ceil_mode", 0):
        raise ValueError("MaxPool with ceil_mode is not supported")
    padded = pad_image(inputs[0], attributes.get("pads", [0] * 4), -math.inf)
    strides, dilations = attributes.get("strides", [1, 1]), attributes.get("dilations", [1, 1])
    rows = taps(padded, attributes["kernel_shape"], strides, dilations)
    return np.max([tap for row in rows for tap in row], axis=0)


def instance_normalization(inputs: Inputs, attributes: Attributes) -> Array:
    """InstanceNormalization: every channel to mean 0 and (population) variance 1, then scale and bias."""
    x, scale, bias = (value.astype(np.float64) for value in inputs)
    mean = x.mean(axis=(2, 3), keepdims=True)
    variance = ((x - mean) ** 2).mean(axis=(2, 3), keepdims=True)
    normalized = (x - mean) / np.sqrt(variance + np.float64(np.float32(attributes.get("epsilon", 1e-5))))
    return normalized * scale.reshape(1, -1, 1, 1) + bias.reshape(1, -1, 1, 1)


def source_position(index: int, scale: Fraction, mode: str) -> Fraction:
    """Resize's coordinate transformation for one output index."""
    if mode == "asymmetric":
        return index / scale
    if mode == "half_pixel":
        return (index + Fraction(1, 2)) / scale - Fraction(1, 2)
    raise ValueError(f"Resize with coordinate_transformation_mode {mode} is not supported")


NEAREST: dict[str, Callable[[Fraction], int]] = {
    "floor": math.floor,
    "ceil": math.ceil,
    "round_prefer_floor": lambda position: math.ceil(position - Fraction(1, 2)),
    "round_prefer_ceil": lambda position: math.floor(position + Fraction(1, 2)),
}


def resize(inputs: Inputs, attributes: Attributes) -> Array:
    """Nearest-neighbour Resize. Positions are exact fractions: a float could fall on the wrong side of a pixel."""
    if attributes.get("mode", "nearest") != "nearest":
        raise ValueError("only nearest Resize is supported")
    x = inputs[0]
    sizes = inputs[3] if len(inputs) > 3 else None
    coordinate_mode = attributes.get("coordinate_transformation_mode", "half_pixel")
    nearest = NEAREST[attributes.get("nearest_mode", "round_prefer_floor")]
    for axis in (2, 3):
        old = x.shape[axis]
        if sizes is not None:
            new, scale = int(sizes[axis]), Fraction(int(sizes[axis]), old)
        else:
            scale = Fraction(float(inputs[2][axis]))
            new = math.floor(old * scale)
        positions = (nearest(source_position(i, scale, coordinate_mode)) for i in range(new))
        x = np.take(x, [min(max(p, 0), old - 1) for p in positions], axis)
    return x


def leaky_relu(inputs: Inputs, attributes: Attributes) -> Array:
    """LeakyRelu; the slope is the float32 the file holds."""
    return np.where(inputs[0] < 0, inputs[0] * np.float64(np.float32(attributes.get("alpha", 0.01))), inputs[0])


def clip(inputs: Inputs, attributes: Attributes) -> Array:
    """Clip with optional limits."""
    low, high = (list(inputs[1:]) + [None, None])[:2]
    x = inputs[0]
    x = x if low is None else np.maximum(x, np.float64(low))
    return x if high is None else np.minimum(x, np.float64(high))


def slice_tensor(inputs: Inputs, attributes: Attributes) -> Array:
    """Slice by inputs, as in the size arithmetic of exported graphs."""
    data, starts, ends = inputs[0], inputs[1], inputs[2]
    axes = inputs[3] if len(inputs) > 3 and inputs[3] is not None else np.arange(len(starts))
    steps = inputs[4] if len(inputs) > 4 and inputs[4] is not None else np.ones(len(starts), np.int64)
    index: list[slice] = [slice(None)] * data.ndim
    for axis, start, end, step in zip(axes, starts, ends, steps):
        index[int(axis)] = slice(int(start), int(end), int(step))
    return data[tuple(index)]


def unsqueeze(inputs: Inputs, attributes: Attributes) -> Array:
    """Unsqueeze of opset 13: the axes are an input."""
    return np.expand_dims(inputs[0], tuple(int(axis) for axis in inputs[1]))


def cast(inputs: Inputs, attributes: Attributes) -> Array:
    """Cast; a cast to float stays in double, since nothing but quantization may round."""
    dtype = onnx.mapping.TENSOR_TYPE_TO_NP_TYPE[attributes["to"]]
    return inputs[0].astype(np.float64 if dtype == np.float32 else dtype)


OPERATORS: dict[str, Callable[[Inputs, Attributes], Array]] = {
    "Add": lambda inputs, _: inputs[0].astype(np.float64) + inputs[1],
    "Cast": cast,
    "Clip": clip,
    "Concat": lambda inputs, attributes: np.concatenate(inputs, attributes["axis"]),
    "Constant": lambda _, attributes: numpy_helper.to_array(attributes["value"]),
    "Conv": conv,
    "DequantizeLinear": dequantize,
    "Gather": lambda inputs, attributes: np.take(inputs[0], inputs[1], attributes.get("axis", 0)),
    "Identity": lambda inputs, _: inputs[0],
    "InstanceNormalization": instance_normalization,
    "LeakyRelu": leaky_relu,
    "MaxPool": max_pool,
    "Mul": lambda inputs, _: inputs[0].astype(np.float64) * inputs[1],
    "Relu": lambda inputs, _: np.maximum(inputs[0], 0),
    "Resize": resize,
    "Shape": lambda inputs, _: np.array(inputs[0].shape, np.int64),
    "Slice": slice_tensor,
    "Tanh": lambda inputs, _: np.tanh(inputs[0]),
    "Unsqueeze": unsqueeze,
}


# ---------------------------------------------------------------- graphs

class Evaluation:
    """The values of a graph's tensors, computed node by node."""

    def __init__(self) -> None:
        self.values: dict[str, Array] = {}
        self.parameters: set[str] = set()  # tensors that depend on no graph input

    def add_parameter(self, name: str, value: Array) -> None:
        """Defines a constant tensor."""
        self.values[name] = value
        self.parameters.add(name)

    def add_input(self, name: str, value: Array) -> None:
        """Defines a graph input."""
        self.values[name] = value.astype(np.float64)

    def add_node(self, node: onnx.NodeProto) -> None:
        """Evaluates one node whose inputs are known."""
        inputs = [self.values[name] if name else None for name in node.input]
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        attributes = {k: v.decode() if isinstance(v, bytes) else v for k, v in attributes.items()}
        is_parameter = all(name in self.parameters for name in node.input if name)
        if node.op_type == "QuantizeLinear":
            result = quantize(inputs, attributes, np.float32 if is_parameter else np.float64)
        elif node.op_type in OPERATORS:
            result = OPERATORS[node.op_type](inputs, attributes)
        else:
            raise ValueError(f"node '{node.name}': operator {node.op_type} is not supported")
        self.values[node.output[0]] = result
        if is_parameter:
            self.parameters.add(node.output[0])


def evaluate(model: onnx.ModelProto, image: Array) -> Array:
    """The output of a graph with one image input and one output, as float32."""
    graph = model.graph
    evaluation = Evaluation()
    for initializer in graph.initializer:
        evaluation.add_parameter(initializer.name, numpy_helper.to_array(initializer))
    evaluation.add_input(graph.input[0].name, image)
    for node in graph.node:
        evaluation.add_node(node)
    return evaluation.values[graph.output[0].name].astype(np.float32)


def psnr(a: Array, b: Array) -> float:
    """Peak signal-to-noise ratio in dB of two images with peak 1."""
    mean_square = float(np.mean((a.astype(np.float64) - b.astype(np.float64)) ** 2))
    return math.inf if mean_square == 0 else -10 * math.log10(mean_square)


# ---------------------------------------------------------------- test data sets

def read_tensor(path: Path) -> Array:
    """Reads a serialized TensorProto."""
    return numpy_helper.to_array(onnx.load_tensor(str(path)))


def write_tensor(path: Path, value: Array, name: str) -> None:
    """Writes a serialized TensorProto."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tensor = numpy_helper.from_array(np.ascontiguousarray(value), name)
    path.write_bytes(tensor.SerializeToString(deterministic=True))


def check_data_set(folder: Path, computed: Array) -> bool:
    """Compares with the stored output and, if there is one, the float network's; prints one line."""
    stored = read_tensor(folder / "output_0.pb")
    same = stored.shape == computed.shape and np.array_equal(stored, computed)
    line = f"{folder}: {'equal' if same else 'DIFFERS'}"
    if not same and stored.shape == computed.shape:
        line += f", largest difference {np.abs(stored - computed).max():.3g}"
    if (folder / "fp32_output_0.pb").exists():
        line += f", {psnr(computed, read_tensor(folder / 'fp32_output_0.pb')):.2f} dB from the float network"
    print(line, flush=True)
    return same


def process_case(case: Path, write: bool) -> bool:
    """Checks or writes the outputs of one case."""
    model = onnx.load(str(case / "model.onnx"))
    same = True
    for folder in sorted(case.glob("test_data_set_*")):
        computed = evaluate(model, read_tensor(folder / "input_0.pb"))
        if write:
            write_tensor(folder / "output_0.pb", computed, model.graph.output[0].name)
        else:
            same = check_data_set(folder, computed) and same
    return same


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="+", type=Path, metavar="CASE_DIR")
    parser.add_argument("--write", action="store_true", help="write output_0.pb instead of checking it")
    arguments = parser.parse_args()
    results = [process_case(case, arguments.write) for case in arguments.cases]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
