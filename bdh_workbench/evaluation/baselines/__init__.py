"""Rivals of the slot: other ways of giving a frozen model new facts and documents, measured by the same questions."""
