"""Writing: from facts and documents to a new memory, bank by bank."""
