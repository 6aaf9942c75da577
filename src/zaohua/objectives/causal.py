"""Predict the next token. Chat tuning is the same objective with labels on the assistant's words alone."""

from torch import Tensor

from zaohua.data.batches import Batch
from zaohua.model.transformer import Transformer
from zaohua.objectives.cross_entropy import cross_entropy_and_z, summed_cross_entropy
from zaohua.objectives.objective import Objective


class Causal(Objective):
    """L1(U) = sum_i log P(u_i | u_1 .. u_{i-1}) (Radford et al. 2018, equation 1), within each document.

    With a `z_loss` also that share of log(Z)^2, which keeps the softmax's denominators near one (Chowdhery et al. 2022,
    section 5).
    """

    def __init__(self, model: Transformer, *, z_loss: float = 0.0) -> None:
        super().__init__(model)
        self.z_loss = z_loss
        if z_loss:
            self.weights = {"loss": 1.0, "z": z_loss}

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """batch of ids and labels (rows, time) -> {"loss": nats summed over all labels but IGNORED, a scalar}; and
        "z", log(Z)^2 summed over the same, where it is learned.
        """
        hidden = self.model(batch.ids, positions=batch.positions, documents=batch.documents)
        if self.z_loss:
            loss, squares = cross_entropy_and_z(hidden, self.model.head_weight, batch.labels, self.z_loss)
            return {"loss": loss, "z": squares}
        return {"loss": summed_cross_entropy(hidden, self.model.head_weight, batch.labels)}
