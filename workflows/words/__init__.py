"""Words for people, made from facts at the edge; nothing here decides anything, and nothing else reads a sentence."""
