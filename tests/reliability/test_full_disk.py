"""A disk that is full at any write of a save: the older checkpoint stays whole, the run goes on and saves later."""

import contextlib
import errno
import os

import pytest

from tests.training.test_saving import Run
from zaohua import folders
from zaohua.settings import UserError
from zaohua.training import checkpoints


class Disk:
    """Lets so many operations succeed, and every one after them fail."""

    def __init__(self, patch, limit=None):
        self.count, self.limit = 0, limit
        for module, name in ((os, "fsync"), (os, "rename"), (os, "replace"), (os, "mkdir")):
            patch.setattr(module, name, self._counted(getattr(module, name)))
        for method in ("rename", "replace", "mkdir", "open"):
            patch.setattr(folders.Path, method, self._counted(getattr(folders.Path, method)))

    def _counted(self, operation):
        def performed(*given, **more):
            self.count += 1
            if self.limit is not None and self.count > self.limit:
                raise OSError(errno.ENOSPC, "No space left on device")
            return operation(*given, **more)

        return performed


def test_at_every_write_of_a_save(tmp_path, capsys):
    with pytest.MonkeyPatch.context() as patch:
        with Run(tmp_path) as whole:
            whole.saver.save_now(*whole.at(1))
            disk = Disk(patch)
            whole.saver.save_now(*whole.at(2))
        writes = disk.count
    assert writes > 15
    for limit in range(writes):
        folder = tmp_path / f"full-{limit}"
        folder.mkdir()
        with Run(folder) as run:
            run.saver.save_now(*run.at(1))
            with pytest.MonkeyPatch.context() as patch:
                Disk(patch, limit)
                with contextlib.suppress(UserError):
                    run.saver.save_now(*run.at(2))
            found = checkpoints.newest(run.place)
            assert found.step in (1, 2), limit
            assert not found.rejected, (limit, [each.english for each in found.rejected])
            run.saver.save_now(*run.at(3))
        checkpoints.sweep(run.place)
        assert checkpoints.newest(run.place).step == 3
        assert {path.name for path in run.place.iterdir()} <= {checkpoints.name_of(step) for step in (1, 2, 3)}
    capsys.readouterr()
    print(f"a full disk at each of {writes} writes of a save: 0 checkpoints lost")
