"""What people give the program to remember: facts and documents, read from their files and texts. No torch, no Qt."""
