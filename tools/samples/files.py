# SPDX-License-Identifier: Apache-2.0
"""Where samples lie, a folder to work in, and programs that run there."""
import os
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
SAMPLES = os.path.join(ROOT, "core/test/samples")
WORK = tempfile.mkdtemp()


def run(*args, data=None):
    return subprocess.run(args, input=data, check=True, cwd=WORK,
                          capture_output=True).stdout


def save(kind, name, data):
    """Keep a new sample; one that is there only gives way to --all."""
    path = os.path.join(SAMPLES, kind, name + ".der")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if "--all" in sys.argv or not os.path.exists(path):
        with open(path, "wb") as f:
            f.write(data)
