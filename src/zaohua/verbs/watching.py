"""The verb that looks at what was trained."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def runs(
    *folders: Path,
    compare: tuple[Path, Path] | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
) -> None:
    """List the runs below folders: finished or not, shape, tokens, held-out bits per byte, speed, time; or compare two.

    Args:
        folders: where to look; runs/ unless given.
        compare: two training folders or runs: print the settings that differ and both curves.
        as_json: print it for programs, as JSON.
    """
    import json

    from zaohua.watching import runs as trainings
    from zaohua.watching import table

    if compare is not None:
        first, second = map(trainings.named, compare)
        if not as_json:
            table.compare(first, second)
            return
        differ = trainings.differences(first.settings, second.settings)
        print(json.dumps({"runs": [first.as_json(), second.as_json()], "differ": differ}, ensure_ascii=False, indent=1))
        return
    found = trainings.find(folders or (Path("runs"),))
    if as_json:
        print(trainings.as_json(found))
    else:
        table.show(found)
