"""Inner loops of ARM64 kernels, read from their disassembly.

An inner loop is a backward branch whose range holds no other backward branch's. The main loops of a kernel are those
that a run of the program spends its dot products in: others serve narrow images and edges.

  python3 inner_loops.py PROGRAM [FUNCTION_PREFIX]     a table of all loops with dot products, for people
"""

import os
import re
import shutil
import sys
from dataclasses import dataclass

import tools

# What multiplies 8-bit values, by mnemonic and operands: the densest of these that a loop holds is its dot product. Other
# smull multiply what is wider than filters, such as two tensors by each other.
DOT_PRODUCTS = {
    "smmla": re.compile(r"smmla "),
    "sdot": re.compile(r"sdot "),
    "smull": re.compile(r"(smull|smlal)2? v\d+\.8h, "),
}
# The core whose model judges the loops of an instruction set: the first generation that has its dot product.
MODEL_OF = {"smmla": "neoverse-v2", "sdot": "neoverse-n1", "smull": "cortex-a72"}
# Loops of nothing but the dot product (and what must accompany it), on registers: the peak of a model.
PEAK_BODY = {
    "smmla": ["smmla v{}.4s, v30.16b, v31.16b"],
    "sdot": ["sdot v{}.4s, v30.16b, v31.4b[0]"],
    "smull": ["smull v29.8h, v30.8b, v31.8b", "sadalp v{}.4s, v29.8h"],
}


@dataclass
class Instruction:
    address: int
    mnemonic: str
    operands: str

    def text(self):
        return self.mnemonic + " " + self.operands

    def target(self):
        """Where a branch goes, or None."""
        if not re.fullmatch(r"b(\.\w+)?|cbn?z|tbn?z", self.mnemonic):
            return None
        found = re.search(r"0x([0-9a-f]+) <", self.operands)
        return int(found.group(1), 16) if found else None


@dataclass
class Loop:
    function: str
    body: list
    frame: str = r"sp"  # pattern of the registers that point into the frame

    def __post_init__(self):
        self.kind = next((kind for kind, pattern in DOT_PRODUCTS.items()
                          if any(pattern.match(i.text()) for i in self.body)), None)
        pattern = DOT_PRODUCTS.get(self.kind)
        dots = [i for i in self.body if pattern and pattern.match(i.text())]
        self.dots = len(dots)
        # v3.4b[2]: four bytes of a register that holds those of several products.
        self.by_lane = sum(1 for i in dots if re.search(r"\.4b\[\d\]$", i.operands))
        # The frame holds spilled registers and nothing else that an inner loop should touch.
        self.spills = sum(1 for i in self.body
                          if re.match(r"(ld|st)", i.mnemonic) and re.search(r"\[(%s)\b" % self.frame, i.operands))
        self.instructions = len(self.body)

    def per_dot(self):
        return self.instructions / self.dots


def parse(disassembly):
    """The functions of llvm-objdump's output: {name: [Instruction]}."""
    functions, current = {}, None
    for line in disassembly.splitlines():
        head = re.match(r"[0-9a-f]+ <(.+)>:$", line)
        if head:
            current = functions.setdefault(head.group(1), [])
            continue
        found = re.match(r"\s*([0-9a-f]+):\s+(\S+)\s*(.*?)\s*(//.*)?$", line)
        if found and current is not None:
            current.append(Instruction(int(found.group(1), 16), found.group(2), found.group(3)))
    return functions


def inner_loops(name, instructions):
    ranges = [(i.target(), i.address) for i in instructions if i.target() is not None and i.target() <= i.address]
    innermost = [r for r in ranges if not any(o != r and r[0] <= o[0] and o[1] <= r[1] for o in ranges)]
    # x29 points into the frame where it is set up to, and is a register like others elsewhere.
    has_frame_pointer = any(re.match(r"x29, sp\b", i.operands) for i in instructions)
    frame = "sp|x29" if has_frame_pointer else "sp"
    return [Loop(name, [i for i in instructions if begin <= i.address <= end], frame)
            for begin, end in sorted(set(innermost))]


# A loop with less of its kernel's dot products than this is a side path.
MAIN_SHARE = 0.05


def executions(address, blocks):
    """How often an instruction ran."""
    return sum(b.executions for b in blocks if b.address <= address < b.address + 4 * b.instructions)


def main_loops(loops, blocks):
    """Those of one function that carry its work, by the blocks of a run (arm64.count)."""
    work = [loop.dots * executions(loop.body[-1].address, blocks) for loop in loops]
    return [loop for loop, done in zip(loops, work) if done > MAIN_SHARE * sum(work)]


def disassemble(path):
    return tools.output([tools.llvm("llvm-objdump"), "-d", "--no-show-raw-insn", "--mattr=+dotprod,+i8mm", path])


# The same list as in compiler/tune/mca.cpp; bench_test.py compares the two.
MCA_VERSIONS = (22, 21, 20, 19)


def mca():
    """The newest llvm-mca of those that `qatc tune` asks (compiler/tune/mca.cpp), or else that of the build's LLVM, whose
    models of ARM cores are worse."""
    newest = (shutil.which("llvm-mca-%d" % version) for version in MCA_VERSIONS)
    return next(filter(None, newest), None) or tools.llvm("llvm-mca")


def cycles(lines, cpu):
    """Steady-state cycles per iteration of a loop on a model, or None where llvm-mca lacks the core."""
    total = {}
    for iterations in (100, 200):
        command = [mca(), "-mtriple=aarch64-linux-gnu", "-mcpu=" + cpu, "-mattr=+dotprod,+i8mm",
                   "-iterations=%d" % iterations, "-resource-pressure=false", "-instruction-info=false"]
        status, printed, _ = tools.run(command, stdin="\n".join(lines) + "\n")
        found = re.search(r"Total Cycles:\s+(\d+)", printed)
        if status != 0 or not found:
            return None
        total[iterations] = int(found.group(1))
    return (total[200] - total[100]) / 100


_peaks = {}


def peak_per_cycle(kind, cpu):
    if (kind, cpu) not in _peaks:
        body = [line.format(register) for register in range(24) for line in PEAK_BODY[kind]]
        taken = cycles(body, cpu)
        _peaks[kind, cpu] = 24 / taken if taken else None
    return _peaks[kind, cpu]


def share_of_peak(loop):
    """Dot products per cycle of a loop over those of registers alone, both on the model of its core; or None."""
    cpu = MODEL_OF[loop.kind]
    lines = [".Lloop:"]
    for i in loop.body:
        target = i.target()
        if target is None:
            operands = i.operands
        else:
            # Every branch as if it went back: the ones out of the loop are not taken, which costs the same.
            operands = re.sub(r"0x[0-9a-f]+ <.*>", ".Lloop", i.operands)
        lines.append("%s %s" % (i.mnemonic, operands))
    taken, peak = cycles(lines, cpu), peak_per_cycle(loop.kind, cpu)
    return loop.dots / taken / peak if taken and peak else None


def analyse(program, symbols, blocks=None):
    """The main loops of functions of a program, those that are alike in one row; without blocks of a run, all that hold
    dot products."""
    functions = parse(disassemble(program))
    rows = []
    for symbol in symbols:
        loops = [loop for loop in inner_loops(symbol, functions[symbol]) if loop.kind]
        if blocks is not None:
            first, last = functions[symbol][0].address, functions[symbol][-1].address
            loops = main_loops(loops, [b for b in blocks if b.address <= last and first < b.address + 4 * b.instructions])
        for loop in loops:
            row = {"kernel": symbol, "dot_product": loop.kind, "dot_products": loop.dots,
                   "instructions": loop.instructions, "instructions_per_dot_product": loop.per_dot(),
                   "by_lane": loop.by_lane, "by_lane_share": loop.by_lane / loop.dots, "spills": loop.spills,
                   "model": MODEL_OF[loop.kind], "share_of_peak": share_of_peak(loop), "loops": 1}
            alike = next((r for r in rows if all(r[key] == row[key] for key in row if key != "loops")), None)
            if alike:
                alike["loops"] += 1
            else:
                rows.append(row)
    return rows


if __name__ == "__main__":
    prefix = sys.argv[2] if len(sys.argv) > 2 else ""
    names = [n for n in parse(disassemble(sys.argv[1])) if n.startswith(prefix)]
    print("models by " + os.path.basename(mca()))
    for row in analyse(sys.argv[1], names):
        share = "-" if row["share_of_peak"] is None else "%.2f" % row["share_of_peak"]
        print("%-32s %d x %3d %s in %3d instructions (%.2f each), %d by lane, %d spills, %s of %s's peak" %
              (row["kernel"], row["loops"], row["dot_products"], row["dot_product"], row["instructions"],
               row["instructions_per_dot_product"], row["by_lane"], row["spills"], share, row["model"]))
