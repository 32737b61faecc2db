"""Instructions that a compiled network executes on ARM64, by function, under qemu.

One inference is the difference between a program that runs the network twice and one that runs it once."""

import os
import re
import struct

from collections import namedtuple

import inner_loops
import tools

Block = namedtuple("Block", "address instructions executions")
# functions: {name: instructions executed}; blocks: of straight code, which may overlap.
Counts = namedtuple("Counts", "functions blocks")

# The oldest core of each instruction set that qemu has: code for newer ones would stop there.
CPU_OF = {"base": "cortex-a72", "dotprod": "cortex-a76", "i8mm": "max"}


def plugin(folder):
    """Builds the counting plugin for the qemu that is installed."""
    major = int(re.search(r"version (\d+)", tools.output(["qemu-aarch64", "--version"])).group(1))
    path = os.path.join(folder, "count_instructions.so")
    tools.output([tools.c_compiler(), "-shared", "-fPIC", "-O2", "-DQATC_QEMU_PLUGIN_VERSION=%d" % (1 if major < 9 else 2),
                  "-o", path, os.path.join(tools.HERE, "count_instructions.c")])
    return path


def count(plugin_path, folder, cpu, command):
    """Runs an ARM64 program; its Counts."""
    path = os.path.join(folder, "counts.txt")
    tools.output(["qemu-aarch64", "-cpu", cpu, "-plugin", "%s,out=%s" % (plugin_path, path)] + command)
    counts = Counts({}, [])
    with open(path) as file:
        for line in file:
            kind, *fields = line.split()
            if kind == "function":
                counts.functions[fields[0]] = int(fields[1])
            else:
                counts.blocks.append(Block(*map(int, fields)))
    return counts


def write_image(path, height, width, channels):
    """A float image as examples/run_case reads it. Any values do: no kernel's work depends on them."""
    row = b"".join(struct.pack("<f", i * 7 % 256 / 255) for i in range(width))
    with open(path, "wb") as file:
        for _ in range(height * channels):
            file.write(row)


def inference(isa, program, plugin_path, folder, size):
    """({function: instructions a pixel}, blocks of a program that does two) of one inference. `program`: examples/run_case with a
    network; `size`: height, width, channels of the image."""
    image = os.path.join(folder, "image.bin")
    write_image(image, *size)
    once, twice = (count(plugin_path, folder, CPU_OF[isa],
                         [program, image, os.path.join(folder, "result.bin"), *size, "--repeat", repeat])
                   for repeat in (1, 2))
    pixels = size[0] * size[1]
    functions = {name: (total - once.functions.get(name, 0)) / pixels for name, total in twice.functions.items()}
    return functions, twice.blocks


def measure(isa, program, plugin_path, folder, size, kernels):
    """All that is said about one target. `program`, `size`: of inference(); `kernels`: of the library's manifest."""
    functions, blocks = inference(isa, program, plugin_path, folder, size)
    convs = {k["symbols"][isa]: k["signature"] for k in kernels if "conv0(" in k["signature"]}
    loops = inner_loops.analyse(program, list(convs), blocks)
    for row in loops:
        row["signature"] = convs[row["kernel"]]
    return {"instruction_set": isa, "cpu": CPU_OF[isa], "height": size[0], "width": size[1],
            "instructions_per_pixel": sum(functions.values()),
            "functions": {name: value for name, value in sorted(functions.items(), key=lambda f: -f[1]) if value > 0},
            "inner_loops": loops}
