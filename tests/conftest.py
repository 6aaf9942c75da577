"""One thread, one language and no deadlines: results do not hang on the machine, and tests can share it."""

import os

from hypothesis import settings

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ["ZAOHUA_LANG"] = "en"

settings.register_profile("untimed", deadline=None)  # a busy machine is no failure
settings.load_profile("untimed")
