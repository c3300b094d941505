"""Published peaks of some devices: dense matrices, the highest clock, without sparsity."""

from __future__ import annotations

from convsym.analysis.roofline.device import Device

T = 1e12
G = 1e9

DEVICES = (
    Device(
        "h100-sxm",
        {"float64": 67 * T, "float32": 494.7 * T, "float16": 989.4 * T, "bfloat16": 989.4 * T},
        3350 * G,
        "NVIDIA H100 Tensor Core GPU datasheet; half of the rates with sparsity",
    ),
    Device(
        "a100-sxm-80gb",
        {"float64": 19.5 * T, "float32": 156 * T, "float16": 312 * T, "bfloat16": 312 * T},
        2039 * G,
        "NVIDIA A100 Tensor Core GPU datasheet",
    ),
    Device(
        "v100-sxm2",
        {"float64": 7.8 * T, "float32": 15.7 * T, "float16": 125 * T},
        900 * G,
        "NVIDIA V100 Tensor Core GPU datasheet",
    ),
    Device("t4", {"float32": 8.1 * T, "float16": 65 * T}, 320 * G, "NVIDIA T4 Tensor Core GPU datasheet"),
    Device(
        "l4",
        {"float32": 60 * T, "float16": 121 * T, "bfloat16": 121 * T},
        300 * G,
        "NVIDIA L4 Tensor Core GPU datasheet; half of the rates with sparsity",
    ),
    Device(
        "rtx-4090",
        {"float32": 82.6 * T, "float16": 330.3 * T, "bfloat16": 165.2 * T},
        1008 * G,
        "NVIDIA Ada GPU Architecture white paper",
    ),
    Device(
        "mi300x",
        {"float64": 163.4 * T, "float32": 653.7 * T, "float16": 1307.4 * T, "bfloat16": 1307.4 * T},
        5300 * G,
        "AMD Instinct MI300X data sheet; float32 as TF32",
    ),
)
