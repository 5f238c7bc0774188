"""
The supervisor of the embedded system, as a process of its own: `python -m streamsvc.demo`.

`sabaq demo` starts it and is then a client like any other, so that it may end (DETACH=1) while the system runs on.
Settings come from the environment.
"""

import os
import sys
from contextlib import closing
from pathlib import Path

from streamsvc.demo.tree import embedded_tree, write_environment
from streamsvc.instance import claim
from streamsvc.settings import settings_from
from streamsvc.supervisor import Supervisor


def main() -> int:
    environment = dict(os.environ)
    settings = settings_from(environment)
    with closing(claim(settings.var)):
        given = {name: value for name, value in environment.items() if name.startswith("SABAQ_")}
        url = f"http://{settings.host}:{settings.port}"
        tree = embedded_tree(given, environment=environment, var=settings.var, url=url)
        write_environment(settings.var, tree.settings)
        if tree.notice:
            sys.stderr.write(tree.notice + "\n")
        return Supervisor(var=Path(settings.var), url=url, children=tree.children).run()


if __name__ == "__main__":
    sys.exit(main())
