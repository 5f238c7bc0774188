"""What people talk to: HTTP, uploads, playback, the trace, the command line."""
