"""Random small deformations of a batch of images: what one hand does differently from another.

Each image gets its own affine map (turn, size, slant, shift) and a smooth random field (elastic
distortion after Simard, Steinkraus and Platt, 2003), joined into one resampling so that it is blurred once.
"""

import math

import torch
import torch.nn.functional as F

TURN_DEGREES = 12.0
SIZE = 0.12          # relative, each axis by itself
SLANT = 0.15
SHIFT_PIXELS = 1.5
ELASTIC_PIXELS = 0.9  # standard deviation of the displacement at the nodes of a coarse grid
ELASTIC_NODES = 6


def deform(images):
    """images [count, 1, side, side] -> the same shape; every image by its own random map."""
    count, _, side, _ = images.shape
    pixel = 2.0 / side  # grid_sample measures the image as [-1, 1]

    def uniform(limit):
        return (torch.rand(count) * 2 - 1) * limit

    turn = uniform(math.radians(TURN_DEGREES))
    cos, sin, slant = turn.cos(), turn.sin(), uniform(SLANT)
    wide, tall = 1 + uniform(SIZE), 1 + uniform(SIZE)
    row_x = torch.stack([wide * cos, wide * (slant * cos - sin), uniform(SHIFT_PIXELS * pixel)], 1)
    row_y = torch.stack([tall * sin, tall * (slant * sin + cos), uniform(SHIFT_PIXELS * pixel)], 1)
    grid = F.affine_grid(torch.stack([row_x, row_y], 1), images.shape, align_corners=False)

    field = torch.randn(count, 2, ELASTIC_NODES, ELASTIC_NODES) * (ELASTIC_PIXELS * pixel)
    field = F.interpolate(field, size=(side, side), mode="bilinear", align_corners=True)
    return F.grid_sample(images, grid + field.permute(0, 2, 3, 1), align_corners=False)
