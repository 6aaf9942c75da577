"""The advice to the allocator never harms: it runs anywhere and memory still works."""

import subprocess
import sys


def test_memory_is_kept_and_usable_after_the_advice():
    program = (
        "from zaohua.training.allocator import keep_freed_memory\n"
        "keep_freed_memory()\n"
        "blocks = [bytearray(8 << 20) for _ in range(8)]\n"
        "blocks.clear()\n"
        "resident = int(open('/proc/self/statm').read().split()[1]) * 4096 if sys.platform == 'linux' else 1 << 40\n"
        "print(resident >= 60 << 20)\n"
    )
    said = subprocess.run([sys.executable, "-c", "import sys\n" + program], capture_output=True, text=True, check=True)
    assert said.stdout == "True\n"
