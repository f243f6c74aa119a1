"""Configuration: settings from the environment and the operator's files, validated before anything starts."""
