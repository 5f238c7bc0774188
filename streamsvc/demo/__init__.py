"""The demo: accounts, a lesson and one address to open, on a system that runs whole on this machine."""
