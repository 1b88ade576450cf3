"""What every pane is given: the session and its events, jobs, state, preferences."""
