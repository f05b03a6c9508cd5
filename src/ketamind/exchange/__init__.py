"""At home among other tools: files that they write are read, and files are written that they read."""
