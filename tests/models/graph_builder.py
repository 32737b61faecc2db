"""Builds small quantized ONNX graphs, evaluating every node on a calibration image as it is added.

The values give each tensor a sensible quantization range, as the observers of a training framework would.
"""
from __future__ import annotations

from pathlib import Path
from typing import Any, Optional, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from reference_vectors import Evaluation, evaluate, write_tensor

OPSET = 13
IR_VERSION = 7  # what PyTorch writes for opset 13
INPUT, OUTPUT = "input", "output"


def rounded(value: float) -> np.float32:
    """Five significant digits, so that another machine's last bit of tanh does not change the model file."""
    return np.float32(f"{value:.5g}")


def make_image(channels: int, size: Sequence[int], value_range: Sequence[float],
               rng: np.random.Generator) -> np.ndarray:
    """A (1, C, H, W) float32 test image: slopes and waves, some noise, and a few pixels at both limits."""
    height, width = size
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    phase = rng.uniform(0, 6, (channels, 1, 1))
    unit = 0.5 + 0.35 * np.sin(5 * x + 3 * y + phase) + 0.15 * rng.standard_normal((channels, height, width))
    extremes = rng.random((channels, height, width))
    unit = np.where(extremes < 0.03, 0.0, np.where(extremes > 0.97, 1.0, unit))
    low, high = value_range
    return (low + (high - low) * np.clip(unit, 0, 1)).astype(np.float32)[None]


class GraphBuilder:
    """A graph with one image input and one output. Methods take and return tensor names."""

    def __init__(self, channels: int, size: Sequence[int] = (13, 17), value_range: Sequence[float] = (0.0, 1.0),
                 seed: int = 0, fixed_size: bool = False, constants_as_nodes: bool = False):
        self.channels, self.size, self.value_range = channels, tuple(size), value_range
        self.rng = np.random.default_rng(seed)
        self.fixed_size, self.constants_as_nodes = fixed_size, constants_as_nodes
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self.evaluation = Evaluation()
        self.evaluation.add_input(INPUT, make_image(channels, size, value_range, self.rng))
        self.counts: dict[str, int] = {}

    # ------------------------------------------------------------ names, constants, nodes

    def unique(self, stem: str) -> str:
        """A name not used before: stem_0, stem_1, ..."""
        number = self.counts.get(stem, 0)
        self.counts[stem] = number + 1
        return f"{stem}_{number}"

    def value(self, tensor: str) -> np.ndarray:
        """What the tensor holds for the calibration image."""
        return self.evaluation.values[tensor]

    def constant(self, value: Any, stem: str, dtype: Optional[type] = None) -> str:
        """A constant tensor: an initializer, or a Constant node if the builder is set so."""
        array = np.asarray(value, dtype)
        name = self.unique(stem)
        if self.constants_as_nodes:
            self.nodes.append(helper.make_node("Constant", [], [name], name=f"Constant_{name}",
                                               value=numpy_helper.from_array(array, name)))
        else:
            self.initializers.append(numpy_helper.from_array(array, name))
        self.evaluation.add_parameter(name, array)
        return name

    def node(self, op_type: str, inputs: Sequence[str], **attributes: Any) -> str:
        """Adds a node with one output."""
        name = self.unique(op_type)
        node = helper.make_node(op_type, list(inputs), [f"{name}_output"], name=name, **attributes)
        self.nodes.append(node)
        self.evaluation.add_node(node)
        return node.output[0]

    # ------------------------------------------------------------ quantization

    def quantized(self, tensor: str, scale: Optional[float] = None, zero_point: Optional[int] = None) -> str:
        """Rounds a tensor to uint8 and back. The scale and zero point default to a slightly narrow observed range.

        Narrow, so that saturation happens too. With a zero point of 0 or 255 the other sign saturates entirely.
        """
        low, high = min(0.0, self.value(tensor).min()), max(0.0, self.value(tensor).max())
        if scale is None:
            span = {None: high - low, 0: high, 255: -low}.get(zero_point, 2 * max(high, -low))
            scale = rounded(0.95 * span / 255)
        scale = np.float32(scale)
        if zero_point is None:
            zero_point = int(np.clip(np.rint(-0.95 * low / float(scale)), 0, 255))
        parameters = [self.constant(scale, "scale", np.float32), self.constant(zero_point, "zero_point", np.uint8)]
        return self.node("DequantizeLinear", [self.node("QuantizeLinear", [tensor, *parameters]), *parameters])

    def image(self) -> str:
        """The input image, rounded to uint8 over its whole range."""
        low, high = self.value_range
        scale = (high - low) / 255
        return self.quantized(INPUT, scale, int(np.clip(np.rint(-low / scale), 0, 255)))

    def filters(self, values: np.ndarray, per_channel: bool = False, as_int8: bool = False) -> str:
        """Constant filters behind a DequantizeLinear to int8; float and quantized in the graph, or stored as int8."""
        largest = np.abs(values).max(axis=(1, 2, 3)) if per_channel else np.abs(values).max()
        scales = np.vectorize(rounded, otypes=[np.float32])(largest / 127)
        scale = self.constant(scales, "filter_scale", np.float32)
        zero_point = self.constant(np.zeros_like(scales), "filter_zero_point", np.int8)
        axis = {"axis": 0} if per_channel else {}
        if as_int8:
            steps = np.rint(values / (scales.reshape(-1, 1, 1, 1) if per_channel else scales))
            stored = self.constant(np.clip(steps, -128, 127), "filter_int8", np.int8)
        else:
            floats = self.constant(values, "filter", np.float32)
            stored = self.node("QuantizeLinear", [floats, scale, zero_point], **axis)
        return self.node("DequantizeLinear", [stored, scale, zero_point], **axis)

    # ------------------------------------------------------------ operators

    def random_filters(self, tensor: str, out_channels: int, kernel: int) -> np.ndarray:
        """Random filters that keep the magnitude of the tensor about the same."""
        in_channels = self.value(tensor).shape[1]
        values = self.rng.standard_normal((out_channels, in_channels, kernel, kernel))
        return (1.6 * values / np.sqrt(in_channels * kernel * kernel)).astype(np.float32)

    def bias(self, out_channels: int) -> str:
        """Random float biases."""
        return self.constant(0.2 * self.rng.standard_normal(out_channels), "bias", np.float32)

    def conv(self, tensor: str, out_channels: int, kernel: int = 3, stride: int = 1,
             pads: Optional[Sequence[int]] = None, dilation: int = 1, per_channel: bool = False,
             as_int8: bool = False, with_bias: bool = True) -> str:
        """A convolution with int8 filters. Pads are [top, left, bottom, right]; by default they keep the size."""
        values = self.random_filters(tensor, out_channels, kernel)
        if per_channel:  # a real per-channel export has scales far apart
            values *= 2.0 ** self.rng.uniform(-3, 1, (out_channels, 1, 1, 1)).astype(np.float32)
        return self.conv_with(tensor, self.filters(values, per_channel, as_int8), kernel, stride, pads, dilation,
                              self.bias(out_channels) if with_bias else None)

    def float_conv(self, tensor: str, out_channels: int, kernel: int = 3) -> str:
        """A convolution whose filters stay float."""
        values = self.random_filters(tensor, out_channels, kernel)
        return self.conv_with(tensor, self.constant(values, "filter"), kernel, bias=self.bias(out_channels))

    def conv_with(self, tensor: str, filters: str, kernel: int, stride: int = 1,
                  pads: Optional[Sequence[int]] = None, dilation: int = 1, bias: Optional[str] = None, group: int = 1) -> str:
        """A convolution with given filters."""
        if pads is None:
            pads = [dilation * (kernel // 2)] * 4
        return self.node("Conv", [tensor, filters] + ([bias] if bias else []), kernel_shape=[kernel] * 2,
                         strides=[stride] * 2, pads=list(pads), dilations=[dilation] * 2, group=group)

    def instance_norm(self, tensor: str) -> str:
        """Instance normalization with random scale and bias."""
        channels = self.value(tensor).shape[1]
        scale = self.constant(1 + 0.3 * self.rng.standard_normal(channels), "norm_scale", np.float32)
        return self.node("InstanceNormalization", [tensor, scale, self.bias(channels)], epsilon=1e-5)

    def clip(self, tensor: str, low: float = 0.0, high: float = 1.0) -> str:
        """Clip to constant limits."""
        limits = [self.constant(limit, "limit", np.float32) for limit in (low, high)]
        return self.node("Clip", [tensor, *limits])

    def resize(self, tensor: str, scales: str = "", sizes: str = "") -> str:
        """Nearest-neighbour resize with the attributes that PyTorch writes."""
        inputs = [tensor, "", scales] + ([sizes] if sizes else [])
        return self.node("Resize", inputs, mode="nearest", coordinate_transformation_mode="asymmetric",
                         nearest_mode="floor")

    # ------------------------------------------------------------ the finished model

    def model(self, last: str) -> onnx.ModelProto:
        """The graph whose output is the tensor `last`."""
        nodes = [onnx.NodeProto.FromString(node.SerializeToString()) for node in self.nodes]
        for node in nodes:
            node.output[:] = [OUTPUT if name == last else name for name in node.output]
            node.input[:] = [OUTPUT if name == last else name for name in node.input]
        value = self.value(last)
        same = value.shape[2:] == self.size
        symbols = ["height", "width"] if same else ["out_height", "out_width"]
        shapes = {INPUT: [1, self.channels, "height", "width"], OUTPUT: [1, value.shape[1], *symbols]}
        if self.fixed_size:
            shapes = {INPUT: [1, self.channels, *self.size], OUTPUT: list(value.shape)}
        infos = {name: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()}
        graph = helper.make_graph(nodes, "graph", [infos[INPUT]], [infos[OUTPUT]], self.initializers)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION,
                                 producer_name="qatc tests")


def write_model(path: Path, model: onnx.ModelProto) -> None:
    """Writes a model file, the same bytes every time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


def write_case(folder: Path, model: onnx.ModelProto, images: Sequence[np.ndarray]) -> None:
    """Writes a model and one data set per image in ONNX's test layout."""
    onnx.checker.check_model(model, full_check=True)
    write_model(folder / "model.onnx", model)
    for number, image in enumerate(images):
        data_set = folder / f"test_data_set_{number}"
        write_tensor(data_set / "input_0.pb", image, INPUT)
        write_tensor(data_set / "output_0.pb", evaluate(model, image), OUTPUT)
