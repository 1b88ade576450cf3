"""Finding what in a memory answers a prompt: evidence, judge, recital, the reader network, sources. No Qt."""
