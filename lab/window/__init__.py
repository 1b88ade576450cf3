"""The real window, driven by a program: pictures, and how quick it is."""
