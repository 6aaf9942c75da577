"""Near-duplicates by datatrove: python by_datatrove.py FOLDER LANGUAGE, Parquet in FOLDER/input to FOLDER/kept.

Its four stages as its own example has them, with its default settings (words in fives, 14 bands of 8), on two workers.
"""

# pyright: reportMissingImports=false

import sys
from pathlib import Path

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import (
    MinhashConfig,
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
)
from datatrove.pipeline.readers import ParquetReader
from datatrove.pipeline.writers import ParquetWriter


def main() -> None:
    root, language = Path(sys.argv[1]), {"zh": "cmn_Hani", "en": "eng"}[sys.argv[2]]
    config = MinhashConfig()
    files = len(list((root / "input").iterdir()))
    stages = {
        "signatures": [
            ParquetReader(str(root / "input")),
            MinhashDedupSignature(str(root / "signatures"), config, language=language),
        ],
        "buckets": [MinhashDedupBuckets(str(root / "signatures"), str(root / "buckets"), config=config)],
        "clusters": [MinhashDedupCluster(str(root / "buckets"), str(root / "remove"), config=config)],
        "filter": [
            ParquetReader(str(root / "input")),
            MinhashDedupFilter(str(root / "remove")),
            ParquetWriter(str(root / "kept")),
        ],
    }
    tasks = {"signatures": files, "buckets": config.num_buckets, "clusters": 1, "filter": files}
    for name, pipeline in stages.items():
        LocalPipelineExecutor(pipeline, tasks=tasks[name], workers=2, logging_dir=str(root / "logs" / name)).run()


if __name__ == "__main__":
    main()
