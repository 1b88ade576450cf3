"""Training the reader: word vectors, questions and their contexts, and the network's own run."""
