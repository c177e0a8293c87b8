"""Before anything else is imported: one thread of linear algebra a process, as the command has it."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
