"""The gated multi-scale enhancement network, the family of networks that qatc's demo and tests are about.

The encoder halves the image twice. Each halving computes two tanh branches and hands on their product, while the
two branches themselves are kept as skip connections. Every scale is refined by a block whose instance
normalization sees the whole image, and the decoder goes back up by nearest-neighbour resizing to the exact size of
the skip it joins, so that any image size works. The network predicts a correction that is added to its input.
"""
from __future__ import annotations

from typing import Sequence

import torch
import torch.nn as nn
import torch.nn.functional as F

LEAKY_SLOPE = 0.2


def conv3x3(in_channels: int, out_channels: int, stride: int = 1) -> nn.Conv2d:
    """A 3x3 convolution that keeps the image size (or halves it, rounding up, for stride 2)."""
    return nn.Conv2d(in_channels, out_channels, kernel_size=3, stride=stride, padding=1)


class Concat(nn.Module):
    """Joins tensors along the channels. A module, so that quantization can be switched off for it by type."""

    def forward(self, tensors: Sequence[torch.Tensor]) -> torch.Tensor:
        return torch.cat(list(tensors), dim=1)


class GatedDown(nn.Module):
    """Halves the image: two tanh branches, one gating the other."""

    def __init__(self, in_channels: int, out_channels: int):
        super().__init__()
        self.content = conv3x3(in_channels, out_channels, stride=2)
        self.gate = conv3x3(in_channels, out_channels, stride=2)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Returns the content branch, the gated product, and the gate branch."""
        content, gate = torch.tanh(self.content(x)), torch.tanh(self.gate(x))
        return content, content * gate, gate


class Refine(nn.Module):
    """Refines one scale: a normalized and a plain branch side by side, then a residual pair of convolutions."""

    def __init__(self, in_channels: int, out_channels: int):
        super().__init__()
        self.normalized = conv3x3(in_channels, in_channels)
        self.norm = nn.InstanceNorm2d(in_channels, affine=True)
        self.normalized_act = nn.LeakyReLU(LEAKY_SLOPE)
        self.plain = nn.Conv2d(in_channels, in_channels, kernel_size=1)
        self.concat = Concat()
        self.first = conv3x3(2 * in_channels, out_channels)
        self.first_act = nn.LeakyReLU(LEAKY_SLOPE)
        self.second = conv3x3(out_channels, out_channels)
        self.second_act = nn.LeakyReLU(LEAKY_SLOPE)
        self.shortcut = nn.Conv2d(2 * in_channels, out_channels, kernel_size=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        normalized = self.normalized_act(self.norm(self.normalized(x)))
        both = self.concat([normalized, self.plain(x)])
        refined = self.second_act(self.second(self.first_act(self.first(both))))
        return refined + self.shortcut(both)


class UpTo(nn.Module):
    """Resizes to the size of another tensor and smooths the blocks this leaves."""

    def __init__(self, in_channels: int, out_channels: int):
        super().__init__()
        self.conv = conv3x3(in_channels, out_channels)

    def forward(self, x: torch.Tensor, size: Sequence[int]) -> torch.Tensor:
        return self.conv(F.interpolate(x, size=size, mode="nearest"))


class GatedNetwork(nn.Module):
    """Maps an image (N, 3, height, width) with values in 0..1 to an enhanced one of the same size."""

    def __init__(self, channels: int):
        super().__init__()
        half, quarter, eighth = channels, 2 * channels, 4 * channels
        self.concat = Concat()
        self.down_to_half = GatedDown(3, half)
        self.refine_half = Refine(half, half)
        self.down_to_quarter = GatedDown(half, quarter)
        self.refine_quarter = Refine(quarter, quarter)
        self.pool = nn.MaxPool2d(kernel_size=2, stride=2)
        self.bottleneck = Refine(quarter, eighth)
        self.up_to_quarter = UpTo(eighth, quarter)
        self.reduce_quarter = nn.Conv2d(4 * quarter, quarter, kernel_size=1)
        self.fuse_quarter = Refine(quarter, quarter)
        self.up_to_half = UpTo(quarter, half)
        self.reduce_half = nn.Conv2d(4 * half, half, kernel_size=1)
        self.fuse_half = Refine(half, half)
        self.up_to_full = UpTo(half, half)
        self.head = conv3x3(half, 3)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        content2, gated2, gate2 = self.down_to_half(image)
        half = self.refine_half(gated2)
        content4, gated4, gate4 = self.down_to_quarter(half)
        quarter = self.refine_quarter(gated4)
        bottom = self.bottleneck(self.pool(quarter))

        skip4 = self.concat([content4, gate4])
        joined4 = self.concat([self.up_to_quarter(bottom, quarter.shape[-2:]), quarter, skip4])
        fused4 = self.fuse_quarter(self.reduce_quarter(joined4))

        skip2 = self.concat([content2, gate2])
        joined2 = self.concat([self.up_to_half(fused4, half.shape[-2:]), half, skip2])
        fused2 = self.fuse_half(self.reduce_half(joined2))

        correction = self.head(self.up_to_full(fused2, image.shape[-2:]))
        return torch.clamp(image + correction, 0.0, 1.0)
