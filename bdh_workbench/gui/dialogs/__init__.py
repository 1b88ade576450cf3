"""Dialogs; each has a class method ``ask`` that tests can replace."""
