"""A chip with texture at every scale, and what is measured on pictures of it."""

import numpy as np
from PIL import Image


def tundra(side: int = 256, seed: int = 3) -> np.ndarray:
    """(side, side, 3) uint8: soft ground, fine grain, a bare scar with a sharp edge."""
    rng = np.random.default_rng(seed)
    ground = np.zeros((side, side))
    for cells, weight in ((4, 24), (16, 16), (64, 22), (128, 12)):
        small = Image.fromarray(rng.normal(0, 1, (cells, cells)).astype(np.float32))
        ground += weight * np.asarray(small.resize((side, side), Image.Resampling.BICUBIC))
    rows, cols = np.mgrid[0:side, 0:side] / side - 0.5
    scar = np.hypot(rows, cols * 1.3) < 0.25
    base = np.where(scar[..., None], [168, 132, 104], [96, 100, 66])
    return np.clip(base + ground[..., None], 0, 255).astype(np.uint8)


def psnr(shown: np.ndarray, chip: np.ndarray) -> float:
    """dB of a picture against its chip, after enlarging it to the chip's size."""
    size = (chip.shape[1], chip.shape[0])
    large = Image.fromarray(shown).resize(size, Image.Resampling.BILINEAR)
    error = ((np.asarray(large, float) - chip) ** 2).mean()
    return float(10 * np.log10(255**2 / error))
