"""From a Message to a probability, and from labels to a model."""
