"""Parts of the Write pane."""
