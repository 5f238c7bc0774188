"""Who sits at the command line, as the audit log writes it."""

import os
import pwd

from catalog import audit_who


def operator() -> audit_who.Who:
    """The system's account that this process runs under; names in the environment may say anything."""
    number = os.getuid()
    try:
        return audit_who.operator(pwd.getpwuid(number).pw_name)
    except KeyError:
        # A container's account often has no name.
        return audit_who.operator(f"uid-{number}")
