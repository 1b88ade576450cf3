"""Other ways to answer from documents and to edit a model, beside a memory."""
