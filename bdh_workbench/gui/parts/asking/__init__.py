"""Parts of the Ask pane."""
