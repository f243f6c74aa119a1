"""Client library: file complaints, send messages, read cases; used by CLI, HTTP gateway, demo and other programs."""
