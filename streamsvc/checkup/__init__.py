"""What is missing or misconfigured here, and how to mend it. `sabaq doctor` shows it."""
