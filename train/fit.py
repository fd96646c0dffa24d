"""The training loop that every recipe shares: AdamW, warm-up and cosine, averaged weights, checkpoints.

Epoch e of a run draws all its randomness from (seed, e), so a run that was interrupted and started again with
the same command continues from its last whole epoch and ends in the same weights as one that was left alone
(same PyTorch build and thread count).
"""

import copy
import math
import os
import time

import torch

WARM_UP = 0.05          # share of the steps in which the learning rate rises from 0
AVERAGE_OVER = 1000     # steps; the averaged weights forget with 1 - 1 / AVERAGE_OVER


def seed_epoch(seed, name, epoch):
    """Sets torch's generator to a state of its own for each (seed, run, epoch)."""
    torch.manual_seed((seed << 32) + (sum(name.encode()) << 16) + epoch)


def fit(name, model, batches, loss_of, *, score, epochs, learning_rate, weight_decay, seed, work, say):
    """Trains `model` and returns a copy with the averaged weights, in eval mode.

    batches()              the list of one epoch's batches
    loss_of(model, batch)  a scalar to minimise
    score(model)           a sentence about the averaged model, printed after each epoch
    work                   folder for NAME.pt; an existing one of the same settings is continued
    """
    settings = {"epochs": epochs, "learning_rate": learning_rate, "weight_decay": weight_decay, "seed": seed}
    average = copy.deepcopy(model).eval()
    optimiser = torch.optim.AdamW(model.parameters(), lr=learning_rate, weight_decay=weight_decay)
    path = work / f"{name}.pt"
    start, steps_done = load(path, settings, model, average, optimiser)
    began = time.monotonic()
    for epoch in range(start, epochs):
        seed_epoch(seed, name, epoch)
        model.train()
        todo = batches()
        for step, batch in enumerate(todo):
            part = (epoch + step / len(todo)) / epochs
            rise, fall = min(1.0, part / WARM_UP), 0.5 * (1 + math.cos(math.pi * part))
            for group in optimiser.param_groups:
                group["lr"] = learning_rate * rise * fall
            optimiser.zero_grad(set_to_none=True)
            loss = loss_of(model, batch)
            loss.backward()
            optimiser.step()
            steps_done += 1
            follow(average, model, steps_done)
        save(path, settings, epoch + 1, steps_done, model, average, optimiser)
        left = (time.monotonic() - began) / (epoch + 1 - start) * (epochs - epoch - 1)
        say(f"{name} {epoch + 1}/{epochs}  loss {loss.item():.4f}  {score(average)}  "
            f"left {left / 60:.1f} min")
    return average


@torch.no_grad()
def follow(average, model, steps_done):
    """Moves the averaged weights and statistics towards the model's; early on it is a plain mean."""
    weight = max(1 / steps_done, 1 / AVERAGE_OVER)
    for mean, now in zip(average.state_dict().values(), model.state_dict().values()):
        if mean.is_floating_point():
            mean.lerp_(now, weight)
        else:
            mean.copy_(now)


def save(path, settings, epoch, steps_done, model, average, optimiser):
    state = {
        "settings": settings, "epoch": epoch, "steps_done": steps_done, "model": model.state_dict(),
        "average": average.state_dict(), "optimiser": optimiser.state_dict(),
    }
    half_written = path.with_suffix(".tmp")
    torch.save(state, half_written)
    os.replace(half_written, path)


def load(path, settings, model, average, optimiser):
    """Restores a run; returns (epochs done, steps done), (0, 0) where there is nothing to restore."""
    if not path.exists():
        return 0, 0
    state = torch.load(path)
    if state["settings"] != settings:
        raise SystemExit(
            f"{path} belongs to other settings ({state['settings']}, now {settings}); "
            "remove it or name another folder with --work"
        )
    model.load_state_dict(state["model"])
    average.load_state_dict(state["average"])
    optimiser.load_state_dict(state["optimiser"])
    return state["epoch"], state["steps_done"]
