"""torch's Linear and Embedding, not drawn on the meta device: there it would import torch's compiler, for seconds."""

from torch import nn


class Linear(nn.Linear):
    """(…, in) -> (…, out)"""

    def reset_parameters(self) -> None:
        if not self.weight.is_meta:
            super().reset_parameters()


class Embedding(nn.Embedding):
    """ids (…) -> (…, width)"""

    def reset_parameters(self) -> None:
        if not self.weight.is_meta:
            super().reset_parameters()
