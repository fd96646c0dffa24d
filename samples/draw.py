#!/usr/bin/env python3
"""Draws the ten digits of this folder: hand-placed pen strokes, a soft round pen, 28x28 grey PGM.

    python3 samples/draw.py [FOLDER]      writes digit-0.pgm ... digit-9.pgm (default: beside this file)

A stroke is a list of points (x, y, radius) in pixels of a 20x20 box, y downwards; the pen follows a
Catmull-Rom curve through them and its radius changes on the way, as the pressure of a hand does. As in
MNIST, ink is 255 on a background of 0 and the centre of the ink lies in the middle of the picture. Only
+, -, *, / and sqrt touch the numbers, and they are exactly rounded everywhere, so every machine draws the
same bytes.
"""

import pathlib
import sys

import numpy as np

SIDE = 28
BOX_CORNER = 4.0     # the 20x20 box lies in the middle of the picture
STEPS = 24           # points of the curve between two points of a stroke
SOFT = 1.1           # pixels over which the edge of the pen fades
FINE = 3             # samples of a pixel along each axis

DIGITS = {
    0: [[(13.4, 3.2, 1.1), (9.8, 1.6, 1.3), (6.0, 5.2, 1.5), (3.9, 11.2, 1.6), (5.4, 16.6, 1.4),
         (9.4, 18.2, 1.2), (14.0, 14.9, 1.3), (16.6, 8.6, 1.5), (15.2, 3.6, 1.4), (11.2, 1.3, 1.1),
         (8.6, 2.9, 0.8)]],
    1: [[(9.0, 6.0, 0.7), (10.9, 4.0, 1.0), (12.8, 1.2, 1.3), (11.6, 6.4, 1.4), (9.8, 12.6, 1.5),
         (8.6, 18.7, 1.1)]],
    2: [[(4.3, 6.3, 0.9), (6.0, 2.9, 1.2), (9.9, 1.2, 1.3), (13.9, 3.2, 1.4), (13.6, 7.6, 1.5),
         (10.0, 12.2, 1.4), (5.9, 16.5, 1.3), (3.4, 16.9, 1.0), (5.2, 14.9, 0.9), (9.2, 16.6, 1.2),
         (13.0, 18.2, 1.3), (17.0, 16.4, 0.8)]],
    3: [[(4.8, 4.6, 0.9), (7.8, 1.8, 1.2), (12.2, 1.5, 1.4), (14.3, 4.4, 1.5), (11.9, 7.8, 1.4),
         (8.2, 9.5, 1.0), (12.5, 9.6, 1.3), (15.4, 12.5, 1.5), (14.0, 16.6, 1.5), (9.6, 18.8, 1.3),
         (4.0, 16.4, 0.9)]],
    4: [[(6.9, 2.4, 1.0), (6.2, 6.0, 1.3), (4.2, 10.2, 1.3), (7.6, 11.7, 1.1), (12.4, 10.6, 1.0),
         (17.0, 9.2, 0.8)],
        [(14.2, 1.4, 0.9), (13.0, 7.6, 1.3), (11.6, 13.0, 1.4), (10.6, 19.0, 1.0)]],
    5: [[(7.9, 3.0, 1.1), (7.0, 5.9, 1.2), (5.6, 9.4, 1.2), (9.4, 8.1, 1.2), (13.3, 9.4, 1.4),
         (14.6, 13.0, 1.6), (12.6, 17.0, 1.4), (8.2, 18.8, 1.2), (3.6, 16.4, 0.8)],
        [(7.6, 2.6, 1.0), (11.6, 2.9, 1.2), (16.8, 1.2, 0.9)]],
    6: [[(14.2, 1.2, 0.8), (9.9, 3.5, 1.2), (6.2, 8.6, 1.5), (4.6, 13.9, 1.5), (6.8, 18.0, 1.4),
         (11.2, 18.5, 1.3), (14.6, 15.3, 1.4), (13.0, 11.6, 1.3), (9.2, 11.8, 1.1), (6.4, 14.9, 0.9),
         (5.9, 17.0, 0.7)]],
    7: [[(3.6, 4.9, 0.8), (4.6, 3.0, 1.1), (8.4, 3.5, 1.3), (12.2, 2.9, 1.3), (16.0, 1.9, 1.3),
         (14.2, 6.2, 1.4), (10.9, 11.6, 1.5), (8.8, 18.9, 1.1)]],
    8: [[(15.0, 4.1, 0.9), (12.6, 1.5, 1.2), (8.8, 2.0, 1.3), (7.0, 5.2, 1.3), (9.2, 8.6, 1.4),
         (12.4, 11.8, 1.4), (12.9, 15.7, 1.4), (9.6, 18.7, 1.3), (5.6, 17.3, 1.3), (5.2, 13.6, 1.2),
         (9.0, 10.0, 1.2), (13.6, 7.0, 1.1), (15.8, 4.8, 0.8)]],
    9: [[(14.6, 3.2, 1.0), (11.4, 1.3, 1.3), (7.2, 3.1, 1.4), (5.4, 7.0, 1.4), (7.6, 9.9, 1.3),
         (11.6, 8.6, 1.2), (14.3, 4.2, 1.1), (14.7, 3.4, 1.2), (13.9, 8.4, 1.4), (12.1, 13.4, 1.5),
         (10.2, 18.9, 1.0)]],
}


def curve(stroke):
    """The points [count, 3] of the Catmull-Rom curve through a stroke, its ends included."""
    points = np.array([stroke[0], *stroke, stroke[-1]])
    t = (np.arange(STEPS) / STEPS)[:, None]
    pieces = [0.5 * (2 * b + t * ((c - a) + t * ((2 * a - 5 * b + 4 * c - d) + t * (3 * (b - c) + d - a))))
              for a, b, c, d in zip(points, points[1:], points[2:], points[3:])]
    return np.concatenate([*pieces, points[-1:]])


def ink(strokes, shift):
    """The picture [SIDE, SIDE] of bytes, the box moved by `shift` = (x, y) pixels."""
    centres = (np.arange(SIDE * FINE) + 0.5) / FINE
    x, y = centres[None, :], centres[:, None]
    depth = np.full((SIDE * FINE, SIDE * FINE), -np.inf)  # how far inside the pen's path
    for stroke in strokes:
        for pen_x, pen_y, radius in curve(stroke):
            dx, dy = x - (pen_x + BOX_CORNER + shift[0]), y - (pen_y + BOX_CORNER + shift[1])
            depth = np.maximum(depth, radius - np.sqrt(dx * dx + dy * dy))
    levels = np.floor(255 * np.clip(depth / SOFT + 0.5, 0, 1)).astype(int)
    sums = levels.reshape(SIDE, FINE, SIDE, FINE).sum(axis=(1, 3))
    return (sums // FINE ** 2).astype(np.uint8)


def draw(strokes):
    """The digit with its centre of ink in the middle of the picture (integer sums, so exact)."""
    levels = ink(strokes, (0.0, 0.0)).astype(int)
    places = np.arange(SIDE)
    total, middle = levels.sum(), SIDE / 2 - 0.5
    return ink(strokes, (middle - (levels.sum(axis=0) * places).sum() / total,
                         middle - (levels.sum(axis=1) * places).sum() / total))


def pgm(picture):
    return f"P5\n{picture.shape[1]} {picture.shape[0]}\n255\n".encode() + picture.tobytes()


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
    folder.mkdir(parents=True, exist_ok=True)
    for digit, strokes in DIGITS.items():
        (folder / f"digit-{digit}.pgm").write_bytes(pgm(draw(strokes)))


if __name__ == "__main__":
    main()
