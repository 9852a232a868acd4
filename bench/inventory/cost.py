# SPDX-License-Identifier: Apache-2.0
"""What a request cost the server that answered it, from /proc: time on a CPU,
time in which it was ready and waited for one, octets that came from the disk.
What is left of a long time is waiting for the disk, or the client's own.
"""
import collections
import os
import time

Cost = collections.namedtuple("Cost", "took cpu waited disk")


def schedstat(pid):
    """Nanoseconds (on a CPU, ready and waiting for one) of its threads."""
    ran = waited = 0
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/schedstat" % (pid, task)) as f:
            a, b, _ = f.read().split()
        ran += int(a)
        waited += int(b)
    return ran, waited


def read_octets(pid):
    """From the disk itself; those in the memory of the system do not count."""
    with open("/proc/%d/io" % pid) as f:
        return int(dict(row.split(": ") for row in f)["read_bytes"])


class Meter:
    """`rooms` as service.Service has them: those that an answer needs."""

    def __init__(self, rooms):
        self.pids = rooms["operators"] + rooms["issuer"]

    def look(self):
        ran, waited = zip(*(schedstat(pid) for pid in self.pids))
        return (time.perf_counter(), sum(ran), sum(waited),
                sum(read_octets(pid) for pid in self.pids))

    def measure(self, act):
        """The Cost of act(): milliseconds, and octets."""
        _, *before = self.look()
        start = time.perf_counter()
        act()
        end, *after = self.look()
        ran, waited, disk = (a - b for a, b in zip(after, before))
        return Cost((end - start) * 1e3, ran / 1e6, waited / 1e6, disk)


def forget(path):
    """The system has no page of this file in its memory any more, once all
    of them are written."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(fd)
