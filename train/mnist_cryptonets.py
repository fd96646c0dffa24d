#!/usr/bin/env python3
"""Trains the CryptoNets / LoLa network on MNIST and writes models/mnist-cryptonets.{onnx,json}.

    image 1x28x28 -> conv 5x5 stride 2 pad 1, 5 maps -> x^2 -> dense 845 -> 100 -> x^2 -> dense 100 -> 10

Three stages, each resumed after an interruption by the same command:
  1. a small conventional network (the teacher) learns from deformed training images;
  2. a pool of deformed images is made and the teacher's opinion of each is written down;
  3. the square network learns from the pool: the true labels and the teacher's soft answers.
A square grows where a ReLU saturates, so a penalty holds every pre-activation within a few standard
deviations; export.py then folds the normalisations and rescales the layers for encrypted inference.
5 000 of the 60 000 training images are held out and serve every choice; the test images are read once, by the
exporter, to measure the finished file.
"""

import argparse
import functools
import pathlib
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import data
import export
from augment import deform
from fit import fit, seed_epoch

HELD_OUT = 5000
TEACHER_BATCH = 256
TEACHER = {"epochs": 25, "learning_rate": 3e-3, "weight_decay": 1e-2}
STUDENT = {"epochs": 200, "learning_rate": 4e-3, "weight_decay": 1e-3}
STUDENT_BATCH = 512
POOL_COPIES = 30          # deformed versions of each training image; copy 0 is the image itself
TEMPERATURE = 3.0
LABEL_SHARE = 0.1         # of the loss; the rest follows the teacher
Z_LIMIT = 5.0             # standard deviations of a pre-activation that go unpunished
LOGIT_LIMIT = 16.0
PENALTY = 1e-2


def make_teacher():
    def block(layer, width, norm):
        return [layer, norm(width), nn.ReLU()]

    return nn.Sequential(
        *block(nn.Conv2d(1, 32, 5, stride=2, padding=2, bias=False), 32, nn.BatchNorm2d),
        *block(nn.Conv2d(32, 64, 3, stride=2, padding=1, bias=False), 64, nn.BatchNorm2d),
        *block(nn.Conv2d(64, 64, 3, padding=1, bias=False), 64, nn.BatchNorm2d),
        nn.Flatten(), nn.Dropout(0.3),
        *block(nn.Linear(64 * 7 * 7, 128, bias=False), 128, nn.BatchNorm1d),
        nn.Linear(128, 10),
    )


class SquareNet(nn.Module):
    """The network with each linear layer's output normalised to unit variance before its bias and square.

    A gain there would be redundant (the next layer can undo it), so the normalisations have none.
    """

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 5, 5, stride=2, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(5, affine=False)
        self.bias1 = nn.Parameter(torch.zeros(5, 1, 1))
        self.fc1 = nn.Linear(845, 100, bias=False)
        self.norm2 = nn.BatchNorm1d(100, affine=False)
        self.bias2 = nn.Parameter(torch.zeros(100))
        self.fc2 = nn.Linear(100, 10)

    def layers(self, images):
        """(first pre-activation, second pre-activation, logits)"""
        z1 = self.norm1(self.conv1(images)) + self.bias1
        z2 = self.norm2(self.fc1((z1 * z1).flatten(1))) + self.bias2
        return z1, z2, self.fc2(z2 * z2)

    def forward(self, images):
        return self.layers(images)[2]

    def folded(self):
        """The same function without normalisations: float64 arrays by their names in the ONNX file."""
        parameters = {}
        for layer, norm, bias in (("conv1", self.norm1, self.bias1), ("fc1", self.norm2, self.bias2)):
            gain = (norm.running_var.double() + norm.eps).rsqrt()
            weight = getattr(self, layer).weight.double()
            parameters[f"{layer}.weight"] = weight * gain.view(-1, *[1] * (weight.dim() - 1))
            parameters[f"{layer}.bias"] = bias.double().flatten() - norm.running_mean.double() * gain
        parameters["fc2.weight"], parameters["fc2.bias"] = self.fc2.weight.double(), self.fc2.bias.double()
        return {name: value.detach().numpy() for name, value in parameters.items()}


def to_numbers(images):
    """[count, 28, 28] of bytes -> [count, 1, 28, 28] of floats in [0, 1]"""
    return images.unsqueeze(1).float() / data.DIVIDE_BY


def slices(count, size):
    return [slice(start, start + size) for start in range(0, count, size)]


def shuffled(count, size):
    """Index tensors of `size` that cover `count` items in random order, but for a short rest."""
    return list(torch.randperm(count).split(size))[:count // size]


@torch.no_grad()
def correct_share(model, images, labels):
    hits = sum((model(to_numbers(images[part])).argmax(1) == labels[part]).sum().item()
               for part in slices(len(images), 1000))
    return hits / len(images)


class Pool:
    """Deformed images and the teacher's logits for them, one copy of the training set after another.

    It depends on the seed, the teacher and the images alone, and leaves torch's generator as it was.
    """

    def __init__(self, teacher, images, labels, seed, say):
        count, began = len(images), time.monotonic()
        self.images = torch.empty((POOL_COPIES, count, 28, 28), dtype=torch.uint8)
        self.opinions = torch.empty((POOL_COPIES, count, 10))
        self.labels = labels
        with torch.random.fork_rng(devices=[]):
            for copy in range(POOL_COPIES):
                seed_epoch(seed, "pool", copy)
                self.fill(copy, teacher, images)
                left = (time.monotonic() - began) / (copy + 1) * (POOL_COPIES - copy - 1)
                say(f"pool {copy + 1}/{POOL_COPIES}  left {left / 60:.1f} min")

    @torch.no_grad()
    def fill(self, copy, teacher, images):
        for part in slices(len(images), TEACHER_BATCH):
            batch = to_numbers(images[part])
            if copy > 0:
                batch = deform(batch)
            levels = (batch.squeeze(1) * data.DIVIDE_BY).round().clamp(0, 255)
            self.images[copy, part] = levels.to(torch.uint8)
            self.opinions[copy, part] = teacher(to_numbers(self.images[copy, part]))

    def batches(self):
        """One pass over the training set, each image in a copy drawn at random: pairs (copies, indices)."""
        copies = torch.randint(POOL_COPIES, (len(self.labels),))
        return [(copies[index], index) for index in shuffled(len(self.labels), STUDENT_BATCH)]

    def take(self, copies, index):
        """(images as numbers, labels, the teacher's logits)"""
        return to_numbers(self.images[copies, index]), self.labels[index], self.opinions[copies, index]


def excess(values, limit):
    """Mean square of what lies beyond +-limit."""
    return F.relu(values.abs() - limit).square().mean()


def student_loss(model, images, labels, opinions):
    z1, z2, logits = model.layers(images)
    follow = F.kl_div(F.log_softmax(logits / TEMPERATURE, 1), F.softmax(opinions / TEMPERATURE, 1),
                      reduction="batchmean") * TEMPERATURE ** 2
    penalty = excess(z1, Z_LIMIT) + excess(z2, Z_LIMIT) + excess(logits, LOGIT_LIMIT)
    return LABEL_SHARE * F.cross_entropy(logits, labels) + (1 - LABEL_SHARE) * follow + PENALTY * penalty


def train(images, labels, seed, work, say):
    """Runs the three stages; returns the trained square network and a summary for the card."""
    order = torch.from_numpy(np.random.RandomState(seed).permutation(len(images)))
    kept, held = order[HELD_OUT:], order[:HELD_OUT]
    train_x, train_y, held_x, held_y = images[kept], labels[kept], images[held], labels[held]

    def score(model):
        return f"held out {100 * correct_share(model, held_x, held_y):.2f} %"

    def teacher_loss(model, index):
        return F.cross_entropy(model(deform(to_numbers(train_x[index]))), train_y[index])

    common = {"score": score, "seed": seed, "work": work, "say": say}
    seed_epoch(seed, "initial", 0)
    teacher, student = make_teacher(), SquareNet()
    teacher = fit("teacher", teacher, lambda: shuffled(len(train_x), TEACHER_BATCH), teacher_loss,
                  **TEACHER, **common)
    pool = functools.cache(lambda: Pool(teacher, train_x, train_y, seed, say))  # made if epochs are left
    student = fit("student", student, lambda: pool().batches(),
                  lambda model, batch: student_loss(model, *pool().take(*batch)), **STUDENT, **common)
    return student, {
        "held_out_images": HELD_OUT,
        "held_out_accuracy": correct_share(student, held_x, held_y),
        "teacher_held_out_accuracy": correct_share(teacher, held_x, held_y),
    }


def facts(arguments, held_out):
    """What the card says that cannot be measured on the file."""
    return {
        "name": "mnist-cryptonets",
        "task": "classification of one handwritten digit",
        "classes": [str(digit) for digit in range(10)],
        "input": {"name": "image", "shape": [1, 1, 28, 28], "content": "grey, bright ink on a dark ground"},
        "output": {"name": "logits", "shape": [1, 10], "answer": "index of the largest"},
        "preprocessing": {"divide_by": data.DIVIDE_BY},
        "architecture": "conv1: 5 maps 5x5, stride 2, padding 1 -> 5x13x13; square; flatten; "
                        "fc1: 845 -> 100; square; fc2: 100 -> 10 (CryptoNets, LoLa-MNIST)",
        "training": {
            "command": "python3 train/mnist_cryptonets.py "
                       f"--seed {arguments.seed} --threads {arguments.threads}",
            "seed": arguments.seed,
            "torch": torch.__version__,
            "recipe": "deformed training images; distillation from a small convolutional network; a penalty "
                      f"on pre-activations beyond {Z_LIMIT:g} standard deviations; averaged weights of the "
                      "last epoch",
            "teacher": TEACHER,
            "student": STUDENT,
            "pool_copies": POOL_COPIES,
            **held_out,
        },
        "data_set": {
            "name": "MNIST",
            "authors": "Yann LeCun, Corinna Cortes, Christopher J. C. Burges",
            "licence": "CC BY-SA 3.0",
        },
        "licence": "Apache-2.0",
    }


def write(student, card_facts, mnist, folder):
    """Conditions, exports and measures; the card is the last file to be written."""
    images, _ = mnist["train"]
    test_images, test_labels = mnist["test"]
    parameters = export.condition(student.folded(), images)
    model_path, card_path = folder / "mnist-cryptonets.onnx", folder / "mnist-cryptonets.json"
    folder.mkdir(parents=True, exist_ok=True)
    export.write_whole(model_path, export.build(parameters).SerializeToString(deterministic=True))
    check_agreement(student, export.Network(model_path), images[:1000])
    card = export.describe(model_path, card_facts, images, test_images, test_labels,
                           data.REPOSITORY / "samples")
    export.write_whole(card_path, export.to_json(card).encode())
    print(f"{model_path}: {card['measured']['correct']} of {len(test_labels)} test images right")


def check_agreement(student, network, images):
    """The file must be the trained network up to a gain and a common shift of its logits."""
    with torch.no_grad():
        trained = student(to_numbers(torch.from_numpy(images.copy()))).double().numpy()
    trained -= trained.mean(axis=1, keepdims=True)
    exported = network.logits(export.to_numbers(images))
    trained *= np.abs(exported).max() / np.abs(trained).max()
    worst = np.abs(trained - exported).max()
    if worst > 1e-4 * export.LOGIT_PEAK:
        raise SystemExit(f"the exported network differs from the trained one by {worst:.2e} in a logit")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", help="folder of MNIST (default: SOTTO_DATA, then ../shared/data)")
    parser.add_argument("--work", type=pathlib.Path,
                        default=data.REPOSITORY / "build" / "train-mnist-cryptonets",
                        help="folder of the checkpoints (default: %(default)s)")
    parser.add_argument("--out", type=pathlib.Path, default=data.REPOSITORY / "models",
                        help="folder of the .onnx and .json (default: %(default)s)")
    parser.add_argument("--seed", default=1, type=int)
    parser.add_argument("--threads", default=2, type=int)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    arguments.work.mkdir(parents=True, exist_ok=True)

    mnist = {split: data.load_mnist(split, arguments.data) for split in ("train", "test")}
    images, labels = mnist["train"]
    student, held_out = train(torch.from_numpy(images.copy()), torch.from_numpy(labels.astype(np.int64)),
                              arguments.seed, arguments.work, lambda line: print(line, flush=True))
    write(student, facts(arguments, held_out), mnist, arguments.out)


if __name__ == "__main__":
    main()
