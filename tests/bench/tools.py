"""Programs that the benchmarks run, and how they fail: with one line that says which."""

import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def fail(message):
    print("error: " + message, file=sys.stderr)
    sys.exit(1)


def run(command, stdin=None):
    """(exit status, standard output, standard error) of a command."""
    command = [str(word) for word in command]
    try:
        done = subprocess.run(command, input=stdin, capture_output=True, text=True)
    except OSError as error:
        fail("%s: %s" % (command[0], error.strerror))
    return done.returncode, done.stdout, done.stderr


def output(command, stdin=None):
    """What a command prints."""
    status, out, err = run(command, stdin)
    if status != 0:
        fail("%s ended with %d:\n%s%s" % (" ".join(map(str, command)), status, out, err))
    return out


def llvm(name):
    """A tool of the LLVM that the compiler was built with; QATC_LLVM is its version."""
    versioned = "%s-%s" % (name, os.environ.get("QATC_LLVM", "14"))
    return shutil.which(versioned) or shutil.which(name) or fail(versioned + " is not installed")


def c_compiler():
    return llvm("clang")


def arm64_c_compiler():
    return shutil.which("aarch64-linux-gnu-gcc") or fail("aarch64-linux-gnu-gcc is not installed")


def peak_memory(command):
    """Runs a command; the largest resident memory of its process, in bytes."""
    pid = os.posix_spawnp(command[0], [str(word) for word in command], os.environ,
                          file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
    _, status, usage = os.wait4(pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        fail("%s failed" % command[0])
    return usage.ru_maxrss * 1024


def write_atomically(path, text):
    temporary = path + ".tmp"
    with open(temporary, "w") as file:
        file.write(text)
    os.replace(temporary, path)
