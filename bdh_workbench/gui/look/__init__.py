"""How the window looks: colours, style sheet, small widgets and words."""
