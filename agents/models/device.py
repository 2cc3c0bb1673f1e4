# SPDX-License-Identifier: MIT
"""Where models run, and in which floating-point type."""

import torch


def device() -> torch.device:
    """The GPU if there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def pretrained_dtype() -> torch.dtype:
    """bfloat16 where the hardware multiplies in it, float32 elsewhere."""
    return torch.bfloat16 if _has_bfloat16() else torch.float32


def _has_bfloat16() -> bool:
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported(including_emulation=False)
    processor = torch.cpu.get_capabilities()
    return any(processor.get(name, False) for name in ("amx_bf16", "avx512_bf16", "bf16"))
