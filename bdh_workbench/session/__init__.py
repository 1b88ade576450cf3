"""What a user's open session holds, independent of any window."""
