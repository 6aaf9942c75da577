"""What training minimises. An objective owns the model, so that one forward call does all the work."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

from torch import Tensor, nn

from zaohua.data.batches import Batch
from zaohua.model.transformer import Transformer


class Objective(nn.Module, ABC):
    """A batch -> the summed loss of each term. The batch knows how many targets stand behind each sum.

    Sums and counts stay apart until `training/step.py` divides by the global count, so that gradient
    accumulation, uneven micro-batches and several processes give the gradient of one large batch.
    """

    weights: Mapping[str, float] = {"loss": 1.0}

    def __init__(self, model: Transformer) -> None:
        super().__init__()
        self.model = model

    @abstractmethod
    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """batch -> {term: summed loss in nats, a scalar}"""
