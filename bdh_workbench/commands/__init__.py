"""The commands of the command line, one module each; torch is imported only inside what they do."""
