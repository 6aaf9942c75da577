"""Near-duplicates by datasketch: python by_datasketch.py FOLDER LANGUAGE, Parquet in FOLDER/input to FOLDER/kept.

MinHash and its LSH index as its guide has them, 14 bands of 8, on shingles of 8 characters or 5 words; one process.
"""

import sys
from pathlib import Path

import pyarrow
import pyarrow.parquet
from datasketch import MinHash, MinHashLSH


def shingles(text: str, language: str) -> set[bytes]:
    """The set of a text's runs of 8 characters (zh) or 5 words."""
    units, width, space = (list(text), 8, "") if language == "zh" else (text.lower().split(), 5, " ")
    return {space.join(units[i : i + width]).encode() for i in range(len(units) - width + 1)}


def main() -> None:
    root, language = Path(sys.argv[1]), sys.argv[2]
    index = MinHashLSH(num_perm=112, params=(14, 8))
    (root / "kept").mkdir()
    number = 0
    for path in sorted((root / "input").iterdir()):
        table = pyarrow.parquet.read_table(path)
        kept = []
        for text in table["text"].to_pylist():
            found = shingles(text, language)
            minhash = MinHash(num_perm=112)
            if found:
                minhash.update_batch(list(found))
            kept.append(not found or not index.query(minhash))
            if found:
                index.insert(number, minhash)
            number += 1
        pyarrow.parquet.write_table(table.filter(pyarrow.array(kept)), root / "kept" / path.name)


if __name__ == "__main__":
    main()
