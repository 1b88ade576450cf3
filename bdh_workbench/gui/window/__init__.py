"""The main window around the panes: header, actions, workspaces."""
