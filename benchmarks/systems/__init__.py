"""The systems that are compared: each file trains one, `train(case, precision, steps, step_ended) -> last loss`."""

PRECISIONS = {
    "zaohua": ("bf16 autocast", "fp32"),
    "transformers": ("bf16 autocast", "bf16 autocast, eager attention", "fp32"),
    "transformers-trainer": ("bf16 autocast", "bf16 autocast, eager attention", "fp32"),
    "litgpt": ("bf16-mixed", "bf16-true", "32-true"),
}
"""What each system is probed with before the best is measured. fp16 is 50 times slower on a CPU and left out."""

OPTIONAL = {"zaohua-plain": ("bf16 autocast", "fp32")}
"""Measured only when asked for by name."""

LEARNING_RATE, BETAS, WEIGHT_DECAY, CLIP = 1e-4, (0.9, 0.95), 0.1, 1.0
