"""Runs Graphviz for `engine.py` in a process of its own: a line of JSON text in (DOT source), a line of JSON out.

Started as a file, not imported: it needs nothing but pygraphviz, which is not thread-safe and may take the
interpreter down with it.
"""

from __future__ import annotations

import json
import sys


def main() -> None:
    """Answer requests until the input ends; the first line out says whether pygraphviz can be used."""
    try:
        import pygraphviz
    except ImportError as error:  # the module, or a system library it needs
        _say({"missing": str(error)})
        return
    _say({"ready": pygraphviz.__version__})
    for line in sys.stdin:
        try:
            graph = pygraphviz.AGraph(string=json.loads(line))
            _say({"layout": json.loads(graph.draw(format="json0", prog="dot"))})
            graph.close()
        except Exception as error:  # whatever goes wrong in one layout must be told, and the next one tried
            _say({"error": str(error)})


def _say(answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
