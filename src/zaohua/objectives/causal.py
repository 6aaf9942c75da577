"""Predict the next token. Chat tuning is the same objective with labels on the assistant's words alone."""

from torch import Tensor

from zaohua.data.batches import Batch
from zaohua.objectives.cross_entropy import summed_cross_entropy
from zaohua.objectives.objective import Objective


class Causal(Objective):
    """L1(U) = sum_i log P(u_i | u_1 .. u_{i-1}) (Radford et al. 2018, equation 1), within each document."""

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """batch of ids and labels (rows, time) -> {"loss": nats summed over all labels but IGNORED, a scalar}"""
        hidden = self.model(batch.ids, positions=batch.positions, documents=batch.documents)
        return {"loss": summed_cross_entropy(hidden, self.model.head_weight, batch.labels)}
