"""Parts of panes that are panes of none."""
