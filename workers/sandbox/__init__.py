"""The partners as a real HTTP service for demonstrations, training and tests; never part of a production deployment."""
