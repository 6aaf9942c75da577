"""The one transformer: text ids in, hidden states and logits out."""
