"""The benchmarks measure what they say: on code whose figures are known, and on one small kernel and network.

  python3 bench_test.py KERNELS_BENCH QATC SMALL_MODEL.onnx

QATC_REBASE=1 writes golden/report.md anew."""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

import arm64
import inner_loops
import report
import tools

KERNELS_BENCH, QATC, SMALL_MODEL = sys.argv[1:4]


def network_row(height, width, **values):
    return dict({"height": height, "width": width, "threads": 1, "qatc_ms": 30.0, "onnxruntime_ms": 100.0, "ratio": 0.3,
                 "u8_ms": 30.0, "share_of_peak_u8": 0.8, "share_of_peak_f32": 0.8, "peak_gmacs": 450.0,
                 "settled": True}, **values)


def rounding_row(isa, ratio):
    return {"instruction_set": isa, "measure": "time", "float": 100.0, "exact": 100.0 * ratio, "ratio": ratio}


class Verdicts(unittest.TestCase):
    def verdict(self, ratio, share, peak_beside, settled=True):
        rows = [network_row(540, 960), network_row(1080, 1920, ratio=ratio, share_of_peak_u8=share,
                                                   peak_gmacs=peak_beside, settled=settled)]
        made = report.requirements({"network": {"rows": rows}})
        of_time = next(r for r in made if r.what == "time over ONNX Runtime's, 1080x1920, 1 thread")
        of_peak = next(r for r in made if "peak, 8-bit image of 1080x1920" in r.what)
        return of_time.row()[-1], of_peak.row()[-1]

    def test_bounds(self):
        self.assertEqual(self.verdict(0.46, 0.75, 450), ("met", "met"))
        self.assertEqual(self.verdict(0.47, 0.74, 400), ("MISSED", "MISSED"))

    def test_a_disturbed_row_meets_nothing(self):
        self.assertEqual(self.verdict(0.3, 0.97, 318), ("met", "disturbed, measure again"))
        self.assertEqual(self.verdict(0.3, 0.8, 450, settled=False), ("disturbed, measure again", "met"))

    def test_exact_rounding_is_judged_by_its_worst(self):
        rows = [rounding_row("avx2", 1.05), rounding_row("i8mm", 1.21), rounding_row("base", 1.1)]
        of_rounding = next(r for r in report.requirements({"rounding": rows}) if r.what.startswith("exact rounding"))
        self.assertEqual(of_rounding.row(), ["exact rounding over float, worst of 3 (i8mm, time)", "1.21", "≤ 1.20",
                                             "MISSED"])


class Readme(unittest.TestCase):
    def test_shows_the_network(self):
        results = {"model": {"name": "net", "multiply_adds_per_pixel": 1234},
                   "machine": {"cpu": "a CPU", "cores": 2, "system": "Debian"},
                   "network": {"rounds": 7, "onnxruntime": "1.30.0", "rows": [network_row(540, 960)]},
                   "rounding": [rounding_row("avx2", 1.05)]}
        text = report.for_readme(results)
        self.assertIn("net, 1,234 multiply-adds a pixel. Measured on: a CPU, 2 cores, Debian", text)
        self.assertIn("| 540x960 | 1 | 30.00 ms | 100.00 ms | 0.30 | 0.80 | 30.00 ms | 0.80 |", text)
        self.assertIn("| avx2 | time | 1.05 |", text)


class FullReport(unittest.TestCase):
    def test_of_all_sections(self):
        """Made up results, every kind of cell among them: met, missed, disturbed, not measured."""
        golden = os.path.join(tools.HERE, "golden")
        with open(os.path.join(golden, "results.json")) as file:
            text = report.full(json.load(file))
        path = os.path.join(golden, "report.md")
        if os.environ.get("QATC_REBASE"):
            tools.write_atomically(path, text)
        with open(path) as file:
            self.assertEqual(text, file.read(), "QATC_REBASE=1 accepts the new report.md")


class Models(unittest.TestCase):
    def test_are_those_that_tune_asks(self):
        with open(os.path.join(tools.ROOT, "compiler", "tune", "mca.cpp")) as file:
            versions = re.findall(r'"llvm-mca-(\d+)"', file.read())
        self.assertEqual([int(version) for version in versions], list(inner_loops.MCA_VERSIONS))


class KnownCode(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.program = os.path.join(cls.folder.name, "known_loop")
        tools.output([tools.arm64_c_compiler(), "-static", os.path.join(tools.HERE, "known_loop.S"), "-o", cls.program])
        cls.plugin = arm64.plugin(cls.folder.name)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def count(self, arguments):
        return arm64.count(self.plugin, self.folder.name, "cortex-a76", [self.program] + ["x"] * arguments)

    def test_counts_every_instruction_of_a_function_and_no_other(self):
        counts = [self.count(arguments).functions for arguments in (0, 1, 999)]
        self.assertEqual([c["known_loop"] for c in counts], [14, 24, 10004])
        # The rest of the program sees only more arguments.
        rest = [sum(c.values()) - c["known_loop"] for c in counts]
        self.assertGreater(rest[0], 0)
        self.assertLess(rest[1] - rest[0], 1000)

    def test_counts_executions_of_blocks(self):
        counts = self.count(4)
        functions = inner_loops.parse(inner_loops.disassemble(self.program))
        loop, = inner_loops.inner_loops("known_loop", functions["known_loop"])
        self.assertEqual(inner_loops.executions(loop.body[0].address, counts.blocks), 5)
        self.assertEqual(inner_loops.executions(functions["known_loop"][0].address, counts.blocks), 1)

    def test_reads_loops(self):
        expected = {"kernel": "known_kernel", "dot_product": "sdot", "dot_products": 4, "instructions": 8,
                    "instructions_per_dot_product": 2.0, "by_lane": 3, "by_lane_share": 0.75, "spills": 1, "loops": 1}
        main, = inner_loops.analyse(self.program, ["known_kernel"], self.count(0).blocks)
        self.assertEqual({key: main[key] for key in expected}, expected)
        # Half as many cycles as instructions would be the best that four-wide cores do.
        self.assertGreater(main["share_of_peak"], 0.3)
        self.assertLessEqual(main["share_of_peak"], 1.01)
        # All loops: the rare and the never executed one too.
        self.assertEqual([row["dot_products"] for row in inner_loops.analyse(self.program, ["known_kernel"])], [4, 1, 5])
        self.assertEqual(inner_loops.analyse(self.program, ["known_loop"]), [])

    def test_reads_loops_of_matrix_products(self):
        expected = {"dot_product": "smmla", "dot_products": 4, "instructions": 8, "instructions_per_dot_product": 2.0,
                    "by_lane": 0, "spills": 1, "model": "neoverse-v2"}
        loop, = inner_loops.analyse(self.program, ["known_matrix_kernel"])
        self.assertEqual({key: loop[key] for key in expected}, expected)
        if loop["share_of_peak"] is not None:  # where llvm-mca has the model
            self.assertGreater(loop["share_of_peak"], 0.3)
            self.assertLessEqual(loop["share_of_peak"], 1.01)

    def test_reads_loops_of_byte_products_and_no_others(self):
        loop, = inner_loops.analyse(self.program, ["known_widening_kernel"])
        expected = {"dot_product": "smull", "dot_products": 3, "instructions": 6, "spills": 0, "model": "cortex-a72"}
        self.assertEqual({key: loop[key] for key in expected}, expected)


class Kernels(unittest.TestCase):
    def run_bench(self, *options):
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "out.json")
            tools.output([KERNELS_BENCH, "--rounds", 3, "--benchmark_out_format=json", "--benchmark_out=" + out] +
                         list(options))
            with open(out) as file:
                return json.load(file)

    def check(self, row, multiplies, products=1):
        pixels = row["rows"] * row["width"]
        self.assertGreater(pixels, 0)
        for field in ("ns_per_pixel", "gb_per_second", "image_ms"):
            self.assertGreater(row[field], 0)
        self.assertEqual("gmacs_per_second" in row, multiplies)
        if "share_of_peak" in row:
            self.assertGreater(row["share_of_peak"], 0)
            self.assertLess(row["share_of_peak"], 1.2)  # three rounds may miss the peak, but not by much
            self.assertAlmostEqual(row["share_of_peak"],
                                   products * row["gmacs_per_second"] / row["peak_gmacs_per_second"])
        # The label is the kernel's signature.
        self.assertIn(" out(", row["label"])

    def test_one_of_the_family(self):
        result = self.run_bench("--family", "--only", "^family/conv3x3/8to16$", "--size", "32x64")
        self.assertIn("instruction_set", result["context"])
        self.assertEqual(len(result["benchmarks"]), 1)
        row = result["benchmarks"][0]
        self.check(row, multiplies=True)
        self.assertEqual(row["width"], 64)
        # 3 * 3 * 8 * 16 multiply-adds a pixel.
        self.assertAlmostEqual(row["gmacs_per_second"] * row["ns_per_pixel"], 1152, places=3)

    def test_rows_that_leave_tiles_unfilled_are_computed_as_one(self):
        # Which widths do depends on the machine's tiles; the program compares the bytes of both forms.
        rows = [self.run_bench("--family", "--only", "^family/conv3x3/32to32$", "--size", "26x%d" % width)["benchmarks"][0]
                for width in (10, 14, 22)]
        for row in rows:
            self.check(row, multiplies=True)
        self.assertTrue(any("of_rows_apart" in row for row in rows))

    def test_rows_of_images(self):
        rows = self.run_bench("--family", "--only", "^family/image_", "--size", "32x96")["benchmarks"]
        # Loads and stores, bytes and floats, three layouts.
        self.assertEqual(len(rows), 12)
        for row in rows:
            values, size = 3, 4 if "_f32_" in row["name"] else 1
            self.assertEqual(row["width"], 96)
            self.assertAlmostEqual(row["gb_per_second"] * row["ns_per_pixel"], values * size + 4, places=3)

    def test_statistics_and_tail(self):
        rows = self.run_bench("--family", "--size", "32x64", "--only",
                              "^family/((conv3x3,)?channel_sums|tail:.*)/16(to16|.3to3)?$")
        self.assertEqual([row["name"].split("/")[1] for row in rows["benchmarks"]],
                         ["conv3x3,channel_sums", "channel_sums", "tail:resize_by_2,conv3x3",
                          "tail:conv3x3_float_filter,add,lookup"])
        # What an upsampled conv computes is a third of the graph's, what a float filter takes four times as much.
        for row, multiply_adds, products in zip(rows["benchmarks"], [9 * 16 * 16, 0, 9 * 16 * 16, 9 * 16 * 3],
                                            [1, 0, 1 / 3, 4]):
            self.check(row, multiply_adds > 0, products)
            if multiply_adds > 0:
                self.assertAlmostEqual(row["gmacs_per_second"] * row["ns_per_pixel"], multiply_adds, places=3)

    def test_of_a_model(self):
        # Beside kernels of the family, which are called alike.
        rows = self.run_bench("--model", SMALL_MODEL, "--size", "40x48", "--family", "--only",
                              "^model/|^family/image_load_u8")["benchmarks"]
        rows = [row for row in rows if row["name"].startswith("model/")]
        self.assertGreater(len(rows), 1)
        images = [row for row in rows if row["name"].startswith("model/image_")]
        # Six channels of output are no image that a kernel stores.
        self.assertEqual([row["name"].split("/")[1] for row in images], ["image_load_u8_interleaved"])
        for row in rows:
            if row not in images:
                self.check(row, multiplies="conv0(" in row["label"])

    def test_faults_of_the_command_line(self):
        for options, status in ((["--only", "nothing", "--family"], 2), (["--only", "(", "--family"], 2),
                                (["--size", "3"], 2), (["--nonsense"], 2), (["--model", "none.onnx"], 1)):
            done = subprocess.run([KERNELS_BENCH] + options, capture_output=True, text=True)
            self.assertEqual(done.returncode, status, options)
            self.assertNotEqual(done.stderr, "")

    def test_refuses_what_does_not_run_here(self):
        done = subprocess.run([KERNELS_BENCH, "--family", "--only", "^family/conv3x3/8to16$", "--target", "arm-64-ios"],
                              capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr),
                         (1, "error: kernels for target 'arm-64-ios' cannot be timed on this machine: it does not run them\n"))


class NetworkShare(unittest.TestCase):
    MULTIPLY_ADDS = 10 ** 6

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        folder = cls.folder.name
        tools.output([QATC, "compile", SMALL_MODEL, "--target", "host", "--name", "small", "-o", folder])
        runtime = os.path.join(tools.ROOT, "runtime")
        cls.program = os.path.join(folder, "network_share")
        tools.output([tools.c_compiler(), "-O2", "-Wall", "-Wextra", "-Werror", '-DQATC_MODEL_HEADER="small.h"',
                      "-DQATC_MODEL=small", "-I" + folder, "-I" + runtime, "-I" + os.path.join(runtime, "examples"),
                      "-I" + tools.HERE, os.path.join(tools.HERE, "network_share.c"), os.path.join(tools.HERE, "peak.c"),
                      os.path.join(folder, "host", "libsmall.a"), os.path.join(folder, "host", "libqatc_runtime.a"),
                      "-lpthread", "-o", cls.program])

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_is_time_over_time(self):
        found = json.loads(tools.output([self.program, 48, 64, 3, self.MULTIPLY_ADDS, "--threads", 2, "--rounds", 2]))
        least = self.MULTIPLY_ADDS / (found["peak_gmacs"] * 1e9 * 2)
        for image in ("u8", "f32"):
            share = least * 1e3 / found[image + "_ms"]
            self.assertGreater(share, 0)
            self.assertAlmostEqual(found["share_of_peak_" + image], share, delta=0.02 * share + 1e-4)  # digits printed

    def test_faults_of_the_command_line(self):
        for arguments, status in (([], 2), (["48", "64"], 2), (["48", "64", "3"], 2), (["48", "64", "3", "x"], 2),
                                  (["48", "64", "3", "1", "--what", "1"], 2),
                                  (["48", "64", "3", "1", "--rounds", "0"], 2), (["100000", "64", "3", "1"], 1)):
            done = subprocess.run([self.program] + arguments, capture_output=True, text=True)
            self.assertEqual(done.returncode, status, arguments)
            self.assertNotEqual(done.stderr, "")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
