"""The BDH model: its configuration, its weights and how it computes."""
