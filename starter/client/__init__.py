"""The client: file complaints, send messages, read cases; used by the command line, the HTTP doors and programs."""
