"""Building a release: whether the tree is fit for one, its artefacts, and what they are made of."""
