"""What all adapters share: bounded HTTP calls with error mapping, signed requests."""
