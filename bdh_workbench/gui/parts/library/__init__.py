"""Parts of the library and of the pane of the memory in use."""
