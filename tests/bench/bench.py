"""Measures a compiled network and writes BUILD/bench/report.md and results.json; `./dev bench` runs it.

  network     time against ONNX Runtime from npm, in turn; and as a share of the machine's peak, in turn with that
  rounding    exact against float rounding: time in turn for each instruction set of this machine, ARM64 instructions
  memory      arena, and peak memory of runtime/examples/enhance and of ONNX Runtime
  size        what the network adds to an arm64 app
  arm64       instructions a pixel by function under qemu, and the inner loops of the kernels
  kernels     every kernel of the network and the ops of image networks alone
  isas        all kernels of the network for each instruction set of this machine
  schedulers  Halide's autoschedulers against the templates, in turn; minutes, so only when named
"""

import argparse
import json
import os
import platform
import re
import shutil
import sys

import arm64
import inner_loops
import report
import tools

DEFAULT_SECTIONS = ["network", "rounding", "memory", "size", "arm64", "kernels", "isas"]
SECTIONS = DEFAULT_SECTIONS + ["schedulers"]
AUTOSCHEDULERS = ["mullapudi2016", "adams2019"]
# How a library is compiled, by the name of its folder and programs.
VARIANTS = {"float": [], "exact": ["--rounding", "exact"]}
VARIANTS.update((scheduler, ["--scheduler", scheduler]) for scheduler in AUTOSCHEDULERS)
ARM64_TARGETS = ["arm-64-linux-arm_dot_prod", "arm-64-linux", "arm-64-linux-arm_dot_prod-i8mm"]
X86_TARGETS = {"avx512vnni": "host", "avxvnni": "x86-64-linux-avx2-avxvnni", "avx2": "x86-64-linux-avx2",
               "base": "x86-64-linux"}
ONNXRUNTIME = "1.30.0"
NAME = "bench"  # of the generated library
LARGE = (1080, 1920)
ARM64_SIZE = (192, 256)  # emulation is slow
RUNTIME = os.path.join(tools.ROOT, "runtime")


def say(text):
    print("-- " + text, flush=True)


class Bench:
    def __init__(self, options):
        self.options = options
        self.qatc = os.path.join(options.build, "bin", "qatc")
        self.work = os.path.join(options.build, "bench")
        os.makedirs(self.work, exist_ok=True)
        self.results = {}
        self.channels = None  # of the network's images; known once it is compiled

    def path(self, *parts):
        return os.path.join(self.work, *parts)

    def bin(self, name):
        return os.path.join(self.options.build, "bin", name)

    # ---- The model, and its libraries for all targets.

    def describe(self):
        inspect = json.loads(tools.output([self.qatc, "inspect", self.options.model, "--json", "--size", "%dx%d" % LARGE]))
        title = self.options.title or os.path.basename(os.path.dirname(os.path.abspath(self.options.model)))
        self.results["model"] = {"name": title,
                                 "multiply_adds_per_pixel": inspect["multiply_adds_per_pixel"]}
        with open("/proc/cpuinfo") as file:
            found = re.search(r"model name\s*: (.*)", file.read())
        self.results["machine"] = {"cpu": found.group(1).strip() if found else platform.machine(),
                                   "cores": os.cpu_count(), "system": platform.freedesktop_os_release()["PRETTY_NAME"]}
        self.arena = next(m["arena_bytes"] for m in inspect["memory"] if (m["height"], m["width"]) == LARGE)

    def compile(self, target, variant="float"):
        """The folder of the library, and the seconds it took."""
        folder = self.path("out-" + variant)
        status, out, err = tools.run([self.qatc, "compile", self.options.model, "--name", NAME, "--target", target,
                                      "-o", folder] + VARIANTS[variant])
        if status != 0:
            tools.fail("compiling for %s:\n%s%s" % (target, out, err))
        with open(os.path.join(folder, target, "manifest.json")) as file:
            self.channels = json.load(file)["input"]["channels"]
        return folder, float(re.search(r"compiled in ([0-9.]+) s", out + err).group(1))

    def compile_all(self):
        seconds = self.results["compile_seconds"] = {}
        wanted = ["host"] if self.needs("network", "memory", "schedulers") else []
        if self.needs("size", "arm64"):
            wanted += ARM64_TARGETS
        for target in wanted:
            say("compiling for " + target)
            _, seconds[target] = self.compile(target)

    def needs(self, *sections):
        return any(section in self.options.only for section in sections)

    def link(self, program, source, target="host", variant="float", flags=()):
        folder = self.path("out-" + variant)
        compiler = [tools.arm64_c_compiler(), "-static"] if target in ARM64_TARGETS else [tools.c_compiler()]
        path = self.path(program)
        tools.output(compiler + ["-O2", '-DQATC_MODEL_HEADER="%s.h"' % NAME, "-DQATC_MODEL=" + NAME, "-I" + folder,
                                 "-I" + RUNTIME, "-I" + os.path.join(RUNTIME, "examples"), source] + list(flags) +
                     [os.path.join(folder, target, "lib%s.a" % NAME), os.path.join(folder, target, "libqatc_runtime.a"),
                      "-lpthread", "-lm", "-o", path])
        return path

    def example(self, name, target="host", variant="float"):
        return self.link("%s-%s-%s" % (name, target, variant), os.path.join(RUNTIME, "examples", name + ".c"), target,
                         variant)

    def fastest(self, variants, height, width, repeat, target="host"):
        """Milliseconds of each variant on this machine: the minimum over alternating runs."""
        programs = {variant: self.example("run_case", target, variant) for variant in variants}
        image = self.path("image.bin")
        arm64.write_image(image, height, width, self.channels)
        best = {}
        for _ in range(self.options.rounds):
            for variant, program in programs.items():
                out = tools.output([program, image, self.path("result.bin"), height, width, self.channels,
                                    "--repeat", repeat])
                taken = float(re.search(r"min_ms ([0-9.]+)", out).group(1))
                best[variant] = min(best.get(variant, taken), taken)
        return best

    # ---- Sections.

    def onnxruntime(self):
        modules = self.path("node_modules")
        if not os.path.isdir(os.path.join(modules, "onnxruntime-node")):
            say("installing ONNX Runtime from npm")
            # Without its install script, which fetches a build for graphics cards.
            tools.output(["npm", "install", "--silent", "--ignore-scripts", "--prefix", self.work,
                          "onnxruntime-node@" + ONNXRUNTIME])
        os.environ["NODE_PATH"] = os.path.abspath(modules)

    def network(self):
        self.onnxruntime()
        result = json.loads(tools.output(["node", os.path.join(tools.HERE, "compare_onnxruntime.cjs"), self.options.model,
                                          self.example("run_case"), "--channels", self.channels,
                                          "--rounds", self.options.rounds]))
        share = self.link("network_share", os.path.join(tools.HERE, "network_share.c"),
                          flags=["-I" + tools.HERE, os.path.join(tools.HERE, "peak.c")])
        for row in result["rows"]:
            pixels = row["height"] * row["width"]
            multiply_adds = round(self.results["model"]["multiply_adds_per_pixel"] * pixels)
            row.update(json.loads(tools.output([share, row["height"], row["width"], self.channels, multiply_adds,
                                                "--threads", row["threads"], "--rounds", self.options.rounds])))
        return result

    def x86_targets(self):
        """(instruction set, target) of those that this CPU has."""
        if platform.machine() != "x86_64":
            return []
        return [(isa, target) for isa, target in X86_TARGETS.items()
                if float(tools.output([self.bin("print_peak"), isa])) > 0]

    def rounding(self):
        """What exact rounding costs: rows of {instruction set, measure, float, exact, ratio}."""
        height, width = 540, 960
        variants = ["float", "exact"]
        rows = []

        def add(isa, measure, by_variant):
            rows.append({"instruction_set": isa, "measure": measure, **by_variant,
                         "ratio": by_variant["exact"] / by_variant["float"]})

        for isa, target in self.x86_targets():
            say("exact rounding for " + isa)
            for variant in variants:
                self.compile(target, variant)
            add(isa, "time, %dx%d" % (height, width), self.fastest(variants, height, width, 4, target))
        plugin = arm64.plugin(self.work)
        for target in ARM64_TARGETS:
            say("exact rounding for " + target)
            instructions = {}
            for variant in variants:
                folder, _ = self.compile(target, variant)
                isa, _ = self.described(os.path.join(folder, target))
                functions, _ = arm64.inference(isa, self.example("run_case", target, variant), plugin, self.work,
                                               ARM64_SIZE + (self.channels,))
                instructions[variant] = sum(functions.values())
            add(isa, "ARM64 instructions a pixel", instructions)
        return rows

    @staticmethod
    def described(folder):
        """Of the library in a folder: its instruction set and its kernels."""
        with open(os.path.join(folder, "manifest.json")) as file:
            manifest = json.load(file)
        isa, = manifest["instruction_sets"]
        return isa, manifest["kernels"]

    def schedulers(self):
        height, width = 540, 960
        for scheduler in AUTOSCHEDULERS:
            self.compile("host", scheduler)
        best = self.fastest(["float"] + AUTOSCHEDULERS, height, width, repeat=1)
        rows = [{"scheduler": "templates" if variant == "float" else variant, "ms": ms, "ratio": ms / best["float"]}
                for variant, ms in best.items()]
        return {"height": height, "width": width, "rows": rows}

    def memory(self):
        self.onnxruntime()
        height, width = LARGE
        picture = self.path("picture.ppm")
        with open(picture, "wb") as file:
            file.write(b"P6 %d %d 255\n" % (width, height))
            file.write(bytes(i * 7 % 256 for i in range(3 * width)) * height)
        app = tools.peak_memory([self.example("enhance"), picture, self.path("picture.png")])
        peer = tools.peak_memory([shutil.which("node"), os.path.join(tools.HERE, "onnxruntime_once.cjs"),
                                  self.options.model, height, width])
        return {"height": height, "width": width, "arena": self.arena, "app": app, "onnxruntime": peer}

    @staticmethod
    def sizes(path):
        """Bytes of a program, or of all of an archive's objects: text (code and constants), data."""
        lines = tools.output([tools.llvm("llvm-size"), path]).splitlines()[1:]
        rows = [[int(field) for field in line.split()[:2]] for line in lines]
        return tuple(map(sum, zip(*rows)))

    def size(self):
        target = ARM64_TARGETS[0]
        app = self.link("size-app", os.path.join(tools.HERE, "size_app.c"), target, flags=["-Wl,--gc-sections"])
        empty = self.path("size-empty")
        tools.output([tools.arm64_c_compiler(), "-static", "-O2", "-Wl,--gc-sections",
                      os.path.join(tools.HERE, "size_app.c"), "-o", empty])
        # All objects of the runtime, also those that an app without threads or a choice of instruction sets leaves out.
        runtime_text, _ = self.sizes(self.path("out-float", target, "libqatc_runtime.a"))
        return {"target": target, "app": sum(self.sizes(app)) - sum(self.sizes(empty)), "runtime_text": runtime_text}

    def arm64(self):
        plugin = arm64.plugin(self.work)
        self.results["mca"] = os.path.basename(inner_loops.mca())
        result = {}
        for target in ARM64_TARGETS:
            folder = self.path("out-float", target)
            isa, kernels = self.described(folder)
            say("counting instructions of " + target)
            result[isa] = arm64.measure(isa, self.example("run_case", target), plugin, self.work,
                                        ARM64_SIZE + (self.channels,), kernels)
        return result

    def time_kernels(self, *options):
        out = self.path("kernels.json")
        tools.output([self.bin("kernels_bench"), "--model", self.options.model, "--benchmark_out_format=json",
                      "--benchmark_out=" + out] + list(options))
        with open(out) as file:
            return json.load(file)

    def kernels(self):
        return self.time_kernels("--all-channels" if self.options.all_channels else "--family")

    def isas(self):
        """{instruction set: all kernels of the network}, as far as this CPU has them."""
        result = {}
        for isa, target in self.x86_targets():
            say("kernels for " + isa)
            kernels = self.time_kernels("--target", target, "--rounds", 100)
            rows = [r for r in kernels["benchmarks"] if "gmacs_per_second" in r]
            # Each weighs as much as its time; the peak is the best that any of them saw, shares are of products.
            seconds = sum(r["image_ms"] for r in rows)
            rate = sum(r["gmacs_per_second"] * r["image_ms"] for r in rows) / seconds if rows else None
            peak = max((r["peak_gmacs_per_second"] for r in rows), default=None)
            result[isa] = {"target": target, "peak_instructions": kernels["context"]["peak_instructions"],
                           "size": kernels["context"]["size"], "peak_gmacs_per_second": peak,
                           "gmacs_per_second": rate,
                           "share_of_peak": sum(r["share_of_peak"] * r["image_ms"] for r in rows) / seconds
                                            if rows else None,
                           "image_ms": sum(r["image_ms"] for r in kernels["benchmarks"])}
        return result

    def run(self):
        self.describe()
        self.compile_all()
        for section in SECTIONS:
            if section in self.options.only:
                say(section)
                self.results[section] = getattr(self, section)()
        if report.has_bounds(self.results):
            self.results["requirements"] = [r.as_json() for r in report.requirements(self.results)]
        tools.write_atomically(self.path("results.json"), json.dumps(self.results, indent=2) + "\n")
        text = report.full(self.results)
        tools.write_atomically(self.path("report.md"), text)
        print(text)
        print("%s and results.json beside it" % self.path("report.md"))


BEGIN, END = "<!-- speed: ./dev bench MODEL --readme -->\n", "<!-- end of speed -->\n"


def refresh_readme(results):
    path = os.path.join(tools.ROOT, "README.md")
    with open(path) as file:
        text = file.read()
    begin, end = text.find(BEGIN), text.find(END)
    if begin < 0 or end < begin:
        tools.fail("README.md: the marks around the speed table are gone")
    tools.write_atomically(path, text[:begin + len(BEGIN)] + "\n" + report.for_readme(results) + "\n" + text[end:])


def main():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", default=os.path.join(tools.ROOT, "tests/models/demo/model.onnx"),
                        metavar="MODEL.onnx", help="default: the demo network")
    parser.add_argument("--only", type=lambda text: text.split(","), default=DEFAULT_SECTIONS,
                        metavar="SECTION,...", help="of the above; default: all but the last")
    parser.add_argument("--rounds", type=int, default=7,
                        help="how often each program is timed; the best counts; default: %(default)s")
    parser.add_argument("--all-channels", action="store_true", help="convs over all pairs of channel counts")
    parser.add_argument("--title", help="what the network is called in the report; default: its folder")
    parser.add_argument("--readme", action="store_true", help="put the result into README.md")
    parser.add_argument("--build", default=os.path.join(tools.ROOT, "build"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    unknown = [section for section in options.only if section not in SECTIONS]
    if unknown:
        parser.error("there is no section '%s'" % unknown[0])
    if options.rounds < 1:
        parser.error("--rounds takes a number from 1 on")
    if options.readme and "network" not in options.only:
        parser.error("--readme needs the section network")
    if not os.path.exists(options.model):
        tools.fail("cannot read %s: no such file" % options.model)
    bench = Bench(options)
    bench.run()
    if options.readme:
        refresh_readme(bench.results)


if __name__ == "__main__":
    sys.exit(main())
