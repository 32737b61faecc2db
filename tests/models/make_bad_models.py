#!/usr/bin/env python3
"""Makes bad/*.onnx: files that the compiler must reject with a clear message and without a crash.

    make_bad_models.py [--out DIR]

Every file is a working two-convolution model with one fault; the function that makes it says which. Node and tensor
names are the same in all of them, so that tests can look for them in the message. The files come out the same every
time.
"""
from __future__ import annotations

import argparse
from pathlib import Path
from typing import Callable, Union

import numpy as np
import onnx
from onnx import numpy_helper

from graph_builder import INPUT, GraphBuilder, write_model

HERE = Path(__file__).resolve().parent
Content = Union[onnx.ModelProto, bytes]


def good_model() -> onnx.ModelProto:
    """What the faults are put into: image -> Conv_0 -> Relu_0 -> Conv_1, everything quantized."""
    g = GraphBuilder(3, seed=1)
    x = g.quantized(g.node("Relu", [g.conv(g.image(), 4)]))
    return g.model(g.quantized(g.conv(x, 3)))


def node_named(model: onnx.ModelProto, name: str) -> onnx.NodeProto:
    """The node of that name."""
    return next(node for node in model.graph.node if node.name == name)


def initializer_named(model: onnx.ModelProto, name: str) -> onnx.TensorProto:
    """The initializer of that name."""
    return next(tensor for tensor in model.graph.initializer if tensor.name == name)


def with_initializer(model: onnx.ModelProto, name: str, value: np.ndarray) -> onnx.ModelProto:
    """The model with another value for one initializer."""
    initializer_named(model, name).CopyFrom(numpy_helper.from_array(value, name))
    return model


# ---------------------------------------------------------------- files

def not_onnx() -> Content:
    """A text file."""
    return b"This is not an ONNX model. It is a text file with the wrong name.\n" * 4


def empty() -> Content:
    """A file of no bytes, which protobuf takes for an empty message."""
    return b""


def truncated() -> Content:
    """The first 60 % of a good file."""
    content = good_model().SerializeToString(deterministic=True)
    return content[:len(content) * 6 // 10]


# ---------------------------------------------------------------- operators

def unsupported_op() -> Content:
    """Two nodes with operators that are valid ONNX but not supported: HardSwish_0 and Softmax_0."""
    model = good_model()
    model.opset_import[0].version = 14  # the first with HardSwish
    nodes = []
    for node in model.graph.node:
        nodes.append(node)
        added = {"Conv_0": "HardSwish", "Conv_1": "Softmax"}.get(node.name)
        if added:
            nodes.append(onnx.helper.make_node(added, [node.output[0] + "_raw"], [node.output[0]], name=f"{added}_0"))
            node.output[0] += "_raw"
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


def grouped_conv() -> Content:
    """Conv_0 has group=2."""
    g = GraphBuilder(4, seed=2)
    filters = g.filters(g.rng.standard_normal((4, 4, 3, 3)).astype(np.float32))
    model = g.model(g.quantized(g.conv_with(g.image(), filters, 3, bias=g.bias(4))))
    halved = np.ascontiguousarray(numpy_helper.to_array(initializer_named(model, "filter_0"))[:, :2])
    group = next(a for a in node_named(model, "Conv_0").attribute if a.name == "group")
    group.i = 2
    return with_initializer(model, "filter_0", halved)


def unquantized_conv() -> Content:
    """Conv_0 works on the float image with float filters: nothing is quantized."""
    g = GraphBuilder(3, seed=3)
    return g.model(g.float_conv(INPUT, 4))


def conv_filter_not_constant() -> Content:
    """The filter of Conv_0 is cut out of the image."""
    g = GraphBuilder(3, seed=4)
    image = g.image()
    corner = [g.constant(values, "bound", np.int64) for values in ([0, 0], [3, 3], [2, 3])]
    return g.model(g.quantized(g.conv_with(image, g.node("Slice", [image, *corner]), 3)))


# ---------------------------------------------------------------- graph

def missing_initializer() -> Content:
    """The bias of Conv_1, bias_1, is defined nowhere."""
    model = good_model()
    model.graph.initializer.remove(initializer_named(model, "bias_1"))
    return model


def cyclic() -> Content:
    """Conv_0 reads the result of Conv_1."""
    model = good_model()
    node_named(model, "Conv_0").input[0] = node_named(model, "Conv_1").output[0]
    return model


# ---------------------------------------------------------------- quantization parameters

def zero_scale() -> Content:
    """The scale of the image, scale_0, is 0."""
    return with_initializer(good_model(), "scale_0", np.array(0, np.float32))


def nan_scale() -> Content:
    """The scale after Relu_0, scale_1, is not a number."""
    return with_initializer(good_model(), "scale_1", np.array(np.nan, np.float32))


# ---------------------------------------------------------------- shapes

def wrong_rank() -> Content:
    """The filters of Conv_0 have rank 3."""
    model = good_model()
    filters = numpy_helper.to_array(initializer_named(model, "filter_0"))
    return with_initializer(model, "filter_0", np.ascontiguousarray(filters[:, :, 0]))


def no_height() -> Content:
    """The image has rank 2: [1, width]."""
    model = good_model()
    dimensions = model.graph.input[0].type.tensor_type.shape.dim
    del dimensions[1:3]
    return model


def wrong_channels() -> Content:
    """The image has 5 channels, the filters of Conv_0 read 3."""
    model = good_model()
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 5
    return model


FAULTS: list[Callable[[], Content]] = [
    not_onnx, empty, truncated, unsupported_op, grouped_conv, unquantized_conv, conv_filter_not_constant,
    missing_initializer, cyclic, zero_scale, nan_scale, wrong_rank, no_height, wrong_channels,
]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=HERE / "bad", metavar="DIR")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for fault in FAULTS:
        content, path = fault(), out / f"{fault.__name__}.onnx"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            write_model(path, content)
    print(f"{len(FAULTS)} files in {out}")


if __name__ == "__main__":
    main()
