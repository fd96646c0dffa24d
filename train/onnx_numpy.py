"""Evaluates the few ONNX operators that our recipes export, in float64 numpy: the oracle of the cards.

It reads nothing but the file, so it shares no code with the training or the export that made it. Each
operator is written straight from its definition in the ONNX specification; what is not here is refused.
"""

import numpy as np
import onnx


def attributes(node):
    return {item.name: onnx.helper.get_attribute_value(item) for item in node.attribute}


def conv(node, x, weight, bias=0.0):
    """x [count, C, H, W], weight [maps, C, rows, columns]; strides and padding, no groups, no dilation"""
    options = attributes(node)
    if options.get("group", 1) != 1 or set(options.get("dilations", [1])) != {1} or "auto_pad" in options:
        raise ValueError(f"{node.name}: only plain convolutions with explicit pads are supported")
    top, left, bottom, right = options.get("pads", [0, 0, 0, 0])
    down, across = options.get("strides", [1, 1])
    x = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)))
    windows = np.lib.stride_tricks.sliding_window_view(x, weight.shape[2:], axis=(2, 3))
    windows = windows[:, :, ::down, ::across]  # [count, C, rows out, columns out, rows, columns]
    return np.einsum("ncyxij,mcij->nmyx", windows, weight, optimize=True) + np.reshape(bias, (1, -1, 1, 1))


def gemm(node, a, b, c=0.0):
    options = attributes(node)
    a = a.T if options.get("transA", 0) else a
    b = b.T if options.get("transB", 0) else b
    return options.get("alpha", 1.0) * (a @ b) + options.get("beta", 1.0) * c


def flatten(node, x):
    axis = attributes(node).get("axis", 1)
    return x.reshape(int(np.prod(x.shape[:axis])), -1)


OPERATORS = {"Conv": conv, "Gemm": gemm, "Flatten": flatten, "Mul": lambda node, a, b: a * b}


class Network:
    """An ONNX file ready to run on any number of images at once."""

    def __init__(self, model):
        """model: a path or an onnx.ModelProto with one input and one output"""
        self.model = model if isinstance(model, onnx.ModelProto) else onnx.load(str(model))
        onnx.checker.check_model(self.model)
        self.graph = self.model.graph
        self.constants = {item.name: onnx.numpy_helper.to_array(item).astype(np.float64)
                          for item in self.graph.initializer}
        unknown = sorted({node.op_type for node in self.graph.node} - set(OPERATORS))
        if unknown:
            raise ValueError(f"operators {unknown} are not supported; {sorted(OPERATORS)} are")

    def run(self, images, disturb=None):
        """images [count, 1, H, W] -> every intermediate value by the name of the node that made it.

        disturb(node name, value) -> value, if given, stands for the noise of an encrypted evaluation.
        """
        values = dict(self.constants, **{self.graph.input[0].name: np.asarray(images, np.float64)})
        by_node = {}
        for node in self.graph.node:
            value = OPERATORS[node.op_type](node, *(values[name] for name in node.input))
            value = value if disturb is None else disturb(node.name, value)
            values[node.output[0]] = by_node[node.name] = value
        return by_node

    def logits(self, images, disturb=None):
        return self.run(images, disturb)[self.graph.node[-1].name]
