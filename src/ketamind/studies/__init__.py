"""What a user asks of the model: knock-outs, explanations, the demonstration on a published trial."""
