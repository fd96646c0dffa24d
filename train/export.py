"""From trained weights to models/NAME.onnx and its card: conditioning, the file, and what was measured on it.

CKKS adds a noise of about the same absolute size to every slot after every operation, so a network keeps
most bits when its values use the range they are given. A square is homogeneous, (s x)^2 = s^2 x^2: each unit
before a square may be scaled at will if the next layer divides its column by s^2. `condition` uses that
freedom, which changes no answer, to give every such unit the same largest magnitude over the training set.

The accuracy, ranges and tolerances in a card are measured on the finished ONNX file by onnx_numpy.py.
"""

import hashlib
import json
import os
import pathlib
import re

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import data
from onnx_numpy import Network

Z_PEAK = 4.0       # largest |pre-activation| of every unit over the training images after conditioning
LOGIT_PEAK = 8.0   # largest |logit| likewise: three integer bits at the last level
OPSET = 13
IR_VERSION = 7     # the one that came with opset 13
NOISE_BITS = (8, 10, 12, 16)


def build(parameters):
    """The CryptoNets network as an ONNX model; `parameters` maps conv1|fc1|fc2 .weight|.bias to arrays."""
    nodes = [
        helper.make_node("Conv", ["image", "conv1.weight", "conv1.bias"], ["conv1_out"], name="conv1",
                         kernel_shape=[5, 5], pads=[1, 1, 1, 1], strides=[2, 2]),
        helper.make_node("Mul", ["conv1_out", "conv1_out"], ["square1_out"], name="square1"),
        helper.make_node("Flatten", ["square1_out"], ["flatten_out"], name="flatten", axis=1),
        helper.make_node("Gemm", ["flatten_out", "fc1.weight", "fc1.bias"], ["fc1_out"], name="fc1",
                         transB=1),
        helper.make_node("Mul", ["fc1_out", "fc1_out"], ["square2_out"], name="square2"),
        helper.make_node("Gemm", ["square2_out", "fc2.weight", "fc2.bias"], ["logits"], name="fc2",
                         transB=1),
    ]
    names = [f"{layer}.{part}" for layer in ("conv1", "fc1", "fc2") for part in ("weight", "bias")]
    graph = helper.make_graph(
        nodes, "mnist-cryptonets",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, 28, 28])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, 10])],
        [numpy_helper.from_array(np.asarray(parameters[name], np.float32), name) for name in names],
    )
    model = helper.make_model(graph, producer_name="sotto", opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model, full_check=True)
    return model


def to_numbers(images):
    """[count, 28, 28] of bytes -> [count, 1, 28, 28] in [0, 1]"""
    return images[:, None].astype(np.float64) / data.DIVIDE_BY


def batches(network, images, disturb=None, size=1000):
    """Runs the network over `images`; yields the values by node of one batch after another."""
    for start in range(0, len(images), size):
        yield network.run(to_numbers(images[start:start + size]), disturb)


def centre_logits(parameters):
    """Takes the mean over the classes off every logit: all ten move together, so no answer changes."""
    centred = dict(parameters)
    for name in ("fc2.weight", "fc2.bias"):
        centred[name] = parameters[name] - parameters[name].mean(axis=0)
    return centred


def rescale(parameters, conv1_gain, fc1_gain, logit_gain):
    """Multiplies conv1's maps, fc1's units and all logits by the given gains and undoes the first two behind
    their squares. conv1_gain [5], fc1_gain [100], logit_gain a number; all positive."""
    pixels = parameters["fc1.weight"].shape[1] // len(conv1_gain)
    fc1_undo = np.repeat(conv1_gain ** 2, pixels)
    return {
        "conv1.weight": parameters["conv1.weight"] * conv1_gain[:, None, None, None],
        "conv1.bias": parameters["conv1.bias"] * conv1_gain,
        "fc1.weight": parameters["fc1.weight"] * fc1_gain[:, None] / fc1_undo,
        "fc1.bias": parameters["fc1.bias"] * fc1_gain,
        "fc2.weight": parameters["fc2.weight"] * logit_gain / fc1_gain ** 2,
        "fc2.bias": parameters["fc2.bias"] * logit_gain,
    }


def condition(parameters, images):
    """The same classifier with every unit's peak over `images` at Z_PEAK and the logits' at LOGIT_PEAK."""
    parameters = centre_logits(parameters)
    network = Network(build(parameters))
    peaks = {"conv1": 0.0, "fc1": 0.0, "fc2": 0.0}
    for values in batches(network, images):
        peaks["conv1"] = np.maximum(peaks["conv1"], np.abs(values["conv1"]).max(axis=(0, 2, 3)))
        peaks["fc1"] = np.maximum(peaks["fc1"], np.abs(values["fc1"]).max(axis=0))
        peaks["fc2"] = np.maximum(peaks["fc2"], np.abs(values["fc2"]).max())
    return rescale(parameters, Z_PEAK / peaks["conv1"], Z_PEAK / peaks["fc1"], LOGIT_PEAK / peaks["fc2"])


def measure_ranges(network, images):
    """Per linear layer: the largest magnitude and the standard deviation of its outputs over `images`."""
    layers = [node.name for node in network.graph.node if node.op_type in ("Conv", "Gemm")]
    sums = {name: np.zeros(3) for name in layers}  # count, sum, sum of squares
    peaks = dict.fromkeys(layers, 0.0)
    for values in batches(network, images):
        for name in layers:
            z = values[name]
            sums[name] += (z.size, z.sum(), np.square(z).sum())
            peaks[name] = max(peaks[name], np.abs(z).max())
    return {name: {"max_abs": significant(peaks[name]),
                   "std": significant(np.sqrt(squares / count - (total / count) ** 2))}
            for name, (count, total, squares) in sums.items()}


def measure_accuracy(logits, labels):
    """Correct answers, the confusion matrix, and how far the best logit stands above the next."""
    answers = logits.argmax(axis=1)
    confusion = np.zeros((10, 10), int)
    np.add.at(confusion, (labels, answers), 1)
    best = np.sort(logits, axis=1)
    margins = best[:, -1] - best[:, -2]
    return {
        "test_images": len(labels),
        "correct": int((answers == labels).sum()),
        "accuracy": float((answers == labels).mean()),
        "evaluated": "the ONNX file, in float64 by train/onnx_numpy.py",
        "errors_by_label": [int(row.sum() - row[label]) for label, row in enumerate(confusion)],
        "confusion": confusion.tolist(),
        "confusion_layout": "row = true label, column = answer",
        "margin_quantiles": {f"{share:.1%}": significant(np.quantile(margins, share))
                             for share in (0.001, 0.01, 0.1, 0.5)},
    }


def measure_noise(network, images, logits):
    """What independent Gaussian noise after every Conv, Mul and Gemm does to the answers."""
    rows = []
    for bits in NOISE_BITS:
        random = np.random.RandomState(bits)

        def disturb(node, value):
            return value if node == "flatten" else value + random.normal(0, 2.0 ** -bits, value.shape)

        noisy = np.concatenate([values["fc2"] for values in batches(network, images, disturb)])
        rows.append({
            "noise_std": f"2^-{bits}",
            "agreement": float((noisy.argmax(axis=1) == logits.argmax(axis=1)).mean()),
            "worst_logit_error": significant(np.abs(noisy - logits).max()),
        })
    return rows


def significant(number):
    """A measured number with six digits: more would only record the order of the additions."""
    return float(f"{number:.6g}")


def reference_logits(network, samples):
    """The logits of every samples/*.pgm, by file name, with all the digits of a double."""
    return {path.name: network.logits(to_numbers(data.read_pgm(path)[None]))[0].tolist()
            for path in sorted(pathlib.Path(samples).glob("*.pgm"))}


def describe(model_path, facts, train_images, test_images, test_labels, samples):
    """The card: `facts` (what only the recipe knows) and everything that can be measured on the file."""
    raw = model_path.read_bytes()
    network = Network(model_path)
    logits = np.concatenate([values["fc2"] for values in batches(network, test_images)])
    parameters = sum(int(np.prod(item.dims)) for item in network.graph.initializer)
    return {
        "format": "sotto-model-card-1",
        **facts,
        "parameters": parameters,
        "measured": measure_accuracy(logits, test_labels),
        "ranges": {"over": f"the {len(train_images)} training images",
                   **measure_ranges(network, train_images)},
        "noise": {"over": "the test images; Gaussian noise after every Conv, Mul and Gemm",
                  "rows": measure_noise(network, test_images, logits)},
        "reference_logits": reference_logits(network, samples),
        "file": {"name": model_path.name, "bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest(),
                 "opset": OPSET},
    }


def to_json(card):
    """Indented JSON with every innermost list on one line."""
    text = json.dumps(card, indent=1, ensure_ascii=False)

    def on_one_line(found):
        return re.sub(r"\s+", " ", found.group()).replace("[ ", "[").replace(" ]", "]")

    return re.sub(r"\[[^\[\]{}]*\]", on_one_line, text) + "\n"


def write_whole(path, content):
    """Writes bytes to a temporary name beside `path`, then renames."""
    half_written = path.with_name(path.name + ".tmp")
    half_written.write_bytes(content)
    os.replace(half_written, path)
