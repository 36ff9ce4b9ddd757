"""Random fields: fractal noise and smoothing by Fourier transform."""

import numpy as np
import numpy.typing as npt

Field = npt.NDArray[np.float32]


def fractal(shape: tuple[int, int], rng: np.random.Generator, *, slope: float) -> Field:
    """Noise whose power falls with frequency; mean 0, standard deviation 1.

    Args:
        shape: (rows, cols).
        rng: source of randomness.
        slope: fall of the amplitude with frequency; 1 rough, 2 smooth hills.
    """
    rows, cols = shape
    down, across = np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(cols)[None]
    radius = np.hypot(down, across)
    radius[0, 0] = 1.0
    spectrum = np.fft.rfft2(rng.standard_normal(shape)) / radius**slope
    spectrum[0, 0] = 0
    field = np.fft.irfft2(spectrum, s=shape)
    even: Field = ((field - field.mean()) / field.std()).astype(np.float32)
    return even


def smoothed(field: Field, sigma_px: float) -> Field:
    """Gaussian smoothing, periodic at the borders."""
    rows, cols = field.shape
    down, across = np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(cols)[None]
    keep = np.exp(-2 * (np.pi * sigma_px) ** 2 * (down**2 + across**2))
    smooth: Field = np.fft.irfft2(np.fft.rfft2(field) * keep, s=field.shape).astype(np.float32)
    return smooth


def shifted(field: Field, row_px: float, col_px: float) -> Field:
    """The field as a grid sees it that lies a part of a pixel further down and to the right."""
    down = (1 - row_px) * field + row_px * np.roll(field, -1, axis=0)
    moved: Field = ((1 - col_px) * down + col_px * np.roll(down, -1, axis=1)).astype(np.float32)
    return moved
