"""Finding what in a memory answers: evidence, judge, recital, the reader network, sources. No Qt."""
