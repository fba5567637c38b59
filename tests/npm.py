# SPDX-License-Identifier: Apache-2.0
"""Programs of npm that the tests use: each in a folder with its package-lock.json, installed when it is not yet."""
import os
import shutil
import subprocess

AVAILABLE = bool(shutil.which("node") and shutil.which("npm"))


def install(folder):
    """Makes node_modules of what the folder's package-lock.json says, unless that was done."""
    lock = os.path.join(folder, "package-lock.json")
    done = os.path.join(folder, "node_modules", ".package-lock.json")
    if not os.path.exists(done) or os.path.getmtime(done) < os.path.getmtime(lock):
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=folder, check=True, timeout=300)
