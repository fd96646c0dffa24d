// How the threads of OpenMP wait for each other.
#pragma once

namespace sotto::app {

/// GNU OpenMP spins for milliseconds at the end of each parallel loop, which is right while every thread has
/// a core of its own. On a machine that others use too, a thread spins away the time slice of the one that it
/// waits for: ten busy processes made an image of 10 ms take 2.3 s. A short spin costs nothing on a quiet
/// machine (9.7 ms after 10 000 rounds, 9.9 ms after the default) and keeps that image at 72 ms (2 x Zen 5,
/// gcc 12, 2026-11).
///
/// The library reads its environment before main() begins, so the program starts itself once more with
/// GOMP_SPINCOUNT set. Whoever sets that variable or OMP_WAIT_POLICY keeps what was asked for.
void restart_with_short_waits(char** argv) noexcept;

}  // namespace sotto::app
