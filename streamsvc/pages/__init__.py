"""The pages people see: HTML shells filled on the server, and the static files beside them. No build step."""
