"""Rivals of the slow memory: other ways to give a frozen model facts and documents, measured alike."""
