"""BDH memory workbench: a language model with a memory that can be written, read and inspected."""

__version__ = "0.1.0"
