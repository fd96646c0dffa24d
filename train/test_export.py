"""Checks the shipped model against its card, the samples, and the two pieces of mathematics behind them.

    python3 -m unittest discover train          (numpy and python3-onnx; no PyTorch)

Accuracy and ranges need MNIST (SOTTO_DATA or ../shared/data); without it those two tests are skipped by name.
"""

import hashlib
import importlib.util
import json
import pathlib
import sys
import unittest

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import data  # noqa: E402
import export  # noqa: E402
from onnx_numpy import Network, conv  # noqa: E402

MODELS, SAMPLES = data.REPOSITORY / "models", data.REPOSITORY / "samples"
PATH = MODELS / "mnist-cryptonets.onnx"


def load_draw():
    spec = importlib.util.spec_from_file_location("draw", SAMPLES / "draw.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class ShippedModel(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.card = json.loads(PATH.with_suffix(".json").read_text())
        cls.network = Network(PATH)

    def test_file_is_the_one_the_card_describes(self):
        raw = PATH.read_bytes()
        self.assertEqual(self.card["format"], "sotto-model-card-1")
        self.assertEqual(self.card["file"]["name"], PATH.name)
        self.assertEqual(self.card["file"]["bytes"], len(raw))
        self.assertEqual(self.card["file"]["sha256"], hashlib.sha256(raw).hexdigest())

    def test_graph_is_the_cryptonets_network(self):
        graph = self.network.graph
        self.assertEqual([(node.name, node.op_type) for node in graph.node], [
            ("conv1", "Conv"), ("square1", "Mul"), ("flatten", "Flatten"), ("fc1", "Gemm"),
            ("square2", "Mul"), ("fc2", "Gemm")])
        for node in graph.node:
            if node.op_type == "Mul":
                self.assertEqual(node.input[0], node.input[1])
        self.assertEqual({item.name: list(item.dims) for item in graph.initializer}, {
            "conv1.weight": [5, 1, 5, 5], "conv1.bias": [5], "fc1.weight": [100, 845], "fc1.bias": [100],
            "fc2.weight": [10, 100], "fc2.bias": [10]})
        self.assertEqual(sum(np.prod(item.dims) for item in graph.initializer), self.card["parameters"])
        for value, name in ((graph.input, "input"), (graph.output, "output")):
            self.assertEqual(len(value), 1)
            shape = [item.dim_value for item in value[0].type.tensor_type.shape.dim]
            self.assertEqual((value[0].name, shape), (self.card[name]["name"], self.card[name]["shape"]))
        opsets = [(item.domain, item.version) for item in self.network.model.opset_import]
        self.assertEqual(opsets, [("", self.card["file"]["opset"])])

    def mnist(self, split):
        try:
            return data.load_mnist(split)
        except FileNotFoundError as missing:
            self.skipTest(str(missing))

    def test_ranges_over_the_training_images_are_those_in_the_card(self):
        images, _ = self.mnist("train")
        measured = export.measure_ranges(self.network, images)
        for layer, peak in (("conv1", export.Z_PEAK), ("fc1", export.Z_PEAK), ("fc2", export.LOGIT_PEAK)):
            self.assertAlmostEqual(measured[layer]["max_abs"], peak, delta=1e-4 * peak)
            for key in ("max_abs", "std"):
                self.assertAlmostEqual(measured[layer][key], self.card["ranges"][layer][key], delta=1e-4)

    def test_samples_have_the_reference_logits_and_are_right_by_a_clear_margin(self):
        reference = self.card["reference_logits"]
        self.assertEqual(sorted(reference), [f"digit-{digit}.pgm" for digit in range(10)])
        for digit in range(10):
            name = f"digit-{digit}.pgm"
            image = export.to_numbers(data.read_pgm(SAMPLES / name)[None])
            logits = self.network.logits(image)[0]
            np.testing.assert_allclose(logits, reference[name], rtol=0, atol=1e-11)
            best, second = np.sort(logits)[[-1, -2]]
            self.assertEqual(logits.argmax(), digit)
            self.assertGreater(best - second, 0.1 * export.LOGIT_PEAK, name)

    def test_accuracy_on_the_test_images_is_the_one_in_the_card(self):
        images, labels = self.mnist("test")
        logits = np.concatenate([values["fc2"] for values in export.batches(self.network, images)])
        measured = export.measure_accuracy(logits, labels)
        self.assertEqual(measured["test_images"], 10000)
        self.assertEqual(measured["confusion"], self.card["measured"]["confusion"])
        self.assertEqual(measured["correct"], self.card["measured"]["correct"])
        self.assertGreaterEqual(measured["accuracy"], 0.989)


class Samples(unittest.TestCase):
    def test_draw_makes_the_same_bytes(self):
        draw = load_draw()
        for digit, strokes in draw.DIGITS.items():
            drawn = draw.pgm(draw.draw(strokes))
            self.assertEqual(drawn, (SAMPLES / f"digit-{digit}.pgm").read_bytes(), digit)


class Mathematics(unittest.TestCase):
    def test_convolution_equals_its_definition(self):
        random = np.random.RandomState(1)
        x, weight = random.normal(size=(2, 3, 7, 6)), random.normal(size=(4, 3, 3, 2))
        bias = random.normal(size=4)
        node = export.helper.make_node("Conv", ["x", "w", "b"], ["y"], pads=[1, 0, 2, 1], strides=[2, 3])
        got = conv(node, x, weight, bias)
        self.assertEqual(got.shape, (2, 4, 4, 2))
        for n, m, row, column in np.ndindex(got.shape):
            total = bias[m]
            for c, i, j in np.ndindex(3, 3, 2):
                y, z = 2 * row + i - 1, 3 * column + j
                if 0 <= y < 7 and 0 <= z < 6:
                    total += x[n, c, y, z] * weight[m, c, i, j]
            self.assertAlmostEqual(got[n, m, row, column], total, places=12)

    def test_conditioning_changes_no_answer(self):
        random = np.random.RandomState(2)
        shapes = {"conv1.weight": (5, 1, 5, 5), "conv1.bias": 5, "fc1.weight": (100, 845), "fc1.bias": 100,
                  "fc2.weight": (10, 100), "fc2.bias": 10}
        parameters = {name: random.normal(size=shape) for name, shape in shapes.items()}
        images = random.randint(0, 256, size=(20, 28, 28))
        before = Network(export.build(parameters)).logits(export.to_numbers(images))
        conditioned = Network(export.build(export.condition(parameters, images)))
        values = conditioned.run(export.to_numbers(images))
        centred = before - before.mean(axis=1, keepdims=True)
        centred *= export.LOGIT_PEAK / np.abs(centred).max()
        np.testing.assert_allclose(values["fc2"], centred, atol=1e-4)
        np.testing.assert_allclose(np.abs(values["conv1"]).max(axis=(0, 2, 3)), export.Z_PEAK, rtol=1e-5)
        np.testing.assert_allclose(np.abs(values["fc1"]).max(axis=0), export.Z_PEAK, rtol=1e-5)


if __name__ == "__main__":
    unittest.main()
