"""Many files become few, each in one task, in order; few stay as they are."""

import pytest

from zaohua.corpus.engine import merging as module
from zaohua.corpus.engine.merging import merging


def test_few_files_are_left_as_they_are():
    names = [f"{number}" for number in range(module.MERGED)]
    assert merging("joined", names, "merged") == ([], tuple(names))


@pytest.mark.parametrize(("each", "together"), [(0, 64), (2**30 // 10, 10), (2**40, 2)])
def test_many_files_become_few_in_order_as_memory_allows(each, together):
    names = [f"{number}" for number in range(1000)]
    tasks, few = merging("joined", names, "merged", each=each)
    assert [name for task in tasks for name in task.inputs] == names
    assert tuple(name for task in tasks for name in task.outputs) == few
    assert max(len(task.inputs) for task in tasks) == together
    assert len(few) == len(set(few)) == -(-1000 // together)
    assert all(task.memory >= each * len(task.inputs) > -1 and task.memory > 0 for task in tasks)
