"""The page: a local web app that shows one run as a living picture, and answers questions about it."""
