"""What the measurements of bench.py look like to people: Markdown. Every number comes from them; the bounds are goals
set for one network."""

# The network that the bounds are for is gated and has three scales and 32 channels. It is known by its multiply-adds a
# pixel, which retraining leaves as they are.
BOUND_MULTIPLY_ADDS = 69520


def has_bounds(results):
    """Whether the network measured is the one that the bounds are for."""
    return results["model"]["multiply_adds_per_pixel"] == BOUND_MULTIPLY_ADDS


RATIO_BOUNDS = {("540x960", 1): 0.46, ("540x960", 2): 0.38, ("1080x1920", 1): 0.46, ("1080x1920", 2): 0.36,
                ("100x100", 1): 0.65, ("100x100", 2): 0.55}
SHARE_BOUNDS = {("540x960", 1): 0.75, ("1080x1920", 1): 0.75}
INSTRUCTION_BOUNDS = {"dotprod": 6500, "i8mm": 4500, "base": 18000}


def kernel_label(row):
    """conv2d_3x3s1_4 of net_conv2d_3x3s1_4."""
    return row["kernel"].split("_", 1)[1]


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def number(value, digits=2):
    return "-" if value is None else "{:,.{}f}".format(value, digits)


def megabytes(size):
    return number(size * 1e-6, 0) + " MB"


def kilobytes(size):
    return number(size * 1e-3, 1) + " KB"


# ---- Requirements

class Requirement:
    """A measured value and its bound; `at_least` says which side is good. `disturbed`: the value says nothing."""

    def __init__(self, what, value, bound, at_least=False, text=None, disturbed=False):
        self.what, self.value, self.bound, self.at_least, self.text = what, value, bound, at_least, text or number
        self.disturbed = disturbed
        self.met = None if value is None or disturbed else value >= bound if at_least else value <= bound

    def row(self):
        sign = "≥" if self.at_least else "≤"
        verdict = "disturbed, measure again" if self.disturbed else {None: "not measured", True: "met",
                                                                     False: "MISSED"}[self.met]
        return [self.what, "-" if self.value is None else self.text(self.value), sign + " " + self.text(self.bound), verdict]

    def as_json(self):
        return {"what": self.what, "value": self.value, "bound": self.bound, "at_least": self.at_least,
                "met": self.met, "disturbed": self.disturbed}


def network_row(results, size, threads):
    rows = results.get("network", {}).get("rows", [])
    return next((r for r in rows if "%dx%d" % (r["height"], r["width"]) == size and r["threads"] == threads), {})


def is_steady(row, results):
    """Whether the peak measured beside a row is that of an idle core: its clock moves by a seventh, programs that share
    the core take more. A peak that is too low makes the share too high."""
    least = 0.8
    return row["peak_gmacs"] >= least * max(r["peak_gmacs"] for r in results["network"]["rows"])


def loops_3x3(results):
    """The main loops of 3x3 kernels that are made of sdot."""
    arm = results.get("arm64", {}).get("dotprod")
    if arm is None:
        return []
    return [r for r in arm["inner_loops"] if r["dot_product"] == "sdot" and " k3x3 " in r["signature"]]


def worst_loop(results, key, worst):
    rows = [r for r in loops_3x3(results) if r[key] is not None]
    if not rows:
        return None, ""
    row = worst(rows, key=lambda r: r[key])
    return row[key], ", worst of %d (%s)" % (sum(r["loops"] for r in rows), kernel_label(row))


def requirements(results):
    made = []
    for (size, threads), bound in RATIO_BOUNDS.items():
        row = network_row(results, size, threads)
        made.append(Requirement("time over ONNX Runtime's, %s, %d thread%s" % (size, threads, "s" * (threads > 1)),
                                row.get("ratio"), bound, disturbed=row.get("settled") is False))
    for (size, threads), bound in SHARE_BOUNDS.items():
        row = network_row(results, size, threads)
        made.append(Requirement("share of the vpdpbusd peak, 8-bit image of %s, %d thread" % (size, threads),
                                row.get("share_of_peak_u8"), bound, at_least=True,
                                disturbed=bool(row) and not is_steady(row, results)))
    for isa, bound in INSTRUCTION_BOUNDS.items():
        value = results.get("arm64", {}).get(isa, {}).get("instructions_per_pixel")
        made.append(Requirement("ARM64 instructions a pixel, %s" % isa, value, bound, text=lambda v: number(v, 0)))
    value, where = worst_loop(results, "instructions_per_dot_product", max)
    made.append(Requirement("instructions per sdot in 3x3 loops" + where, value, 1.30))
    value, where = worst_loop(results, "by_lane_share", min)
    made.append(Requirement("share of sdot by lane in 3x3 loops" + where, value, 1.0, at_least=True))
    value, where = worst_loop(results, "spills", max)
    made.append(Requirement("spills in 3x3 loops" + where, value, 0, text=lambda v: number(v, 0)))
    value, where = worst_loop(results, "share_of_peak", min)
    made.append(Requirement("share of the sdot peak by llvm-mca in 3x3 loops" + where, value, 0.95, at_least=True))
    memory = results.get("memory", {})
    made.append(Requirement("arena, 1080x1920", memory.get("arena"), 110e6, text=megabytes))
    made.append(Requirement("memory of the example app, 1080x1920", memory.get("app"), 150e6, text=megabytes))
    size = results.get("size", {})
    made.append(Requirement("library and runtime in an arm64 app", size.get("app"), 1.3e6, text=kilobytes))
    made.append(Requirement("text of the whole runtime library", size.get("runtime_text"), 12 * 1024, text=kilobytes))
    slowest = max(results.get("compile_seconds", {}).values(), default=None)
    made.append(Requirement("seconds to compile, slowest target", slowest, 20, text=lambda v: number(v, 1)))
    rounding = results.get("rounding", [])
    worst = max(rounding, key=lambda row: row["ratio"], default={})
    where = ", worst of %d (%s, %s)" % (len(rounding), worst["instruction_set"], worst["measure"]) if rounding else ""
    made.append(Requirement("exact rounding over float" + where, worst.get("ratio"), 1.20))
    return made


# ---- Tables

def network_table(results):
    rows = []
    for r in results["network"]["rows"]:
        disturbed = "" if is_steady(r, results) else " (disturbed)"
        rows.append(["%dx%d" % (r["height"], r["width"]), str(r["threads"]), number(r["qatc_ms"]) + " ms",
                     number(r["onnxruntime_ms"]) + " ms", number(r["ratio"]) + ("" if r["settled"] else " (unsettled)"),
                     number(r["share_of_peak_f32"]) + disturbed, number(r["u8_ms"]) + " ms",
                     number(r["share_of_peak_u8"]) + disturbed])
    return table(["float image", "threads", "qatc", "ONNX Runtime " + results["network"]["onnxruntime"], "ratio",
                  "of the cores' peak", "8-bit image", "of the cores' peak"], rows)


def footprint_table(results):
    memory, size = results.get("memory"), results.get("size")
    rows = []
    if memory:
        rows.append(["memory of the process, 1080x1920", megabytes(memory["app"]), megabytes(memory["onnxruntime"])])
        rows.append(["of it the network's arena", megabytes(memory["arena"]), ""])
    if size:
        rows.append(["library and runtime in an arm64 app", kilobytes(size["app"]), ""])
        rows.append(["text of the whole runtime library, arm64", kilobytes(size["runtime_text"]), ""])
    for target, seconds in results.get("compile_seconds", {}).items():
        rows.append(["compiling for " + target, number(seconds, 1) + " s", ""])
    return table(["", "qatc", "ONNX Runtime"], rows)


def rounding_table(results):
    return table(["`--rounding exact` over float", "measured", "ratio"],
                 [[r["instruction_set"], r["measure"], number(r["ratio"])] for r in results["rounding"]])


def schedulers_table(results):
    return table(["scheduler", "time", "ratio"], [[r["scheduler"], number(r["ms"]) + " ms", number(r["ratio"])]
                                                  for r in results["schedulers"]["rows"]])


def arm64_table(results):
    rows = []
    for isa, r in results["arm64"].items():
        loops = [l for l in r["inner_loops"] if " k3x3 " in l["signature"]]
        dots = sorted({l["dot_product"] for l in loops})
        rows.append([isa, r["cpu"], number(r["instructions_per_pixel"], 0), ", ".join(dots)])
    return table(["ARM64 with", "core emulated", "instructions a pixel", "3x3 kernels multiply by"], rows)


def functions_table(results, most=16):
    names, totals = [], {}
    for isa, r in results["arm64"].items():
        totals[isa] = r["instructions_per_pixel"]
        names += [n for n in list(r["functions"])[:most] if n not in names]
    isas = list(totals)
    rows = []
    for name in names:
        cells = []
        for isa in isas:
            value = results["arm64"][isa]["functions"].get(name, 0)
            cells.append("%s (%.0f %%)" % (number(value, 1), 100 * value / totals[isa]))
        rows.append([name] + cells)
    return table(["function"] + isas, rows)


def inner_loop_table(results):
    rows = []
    for isa, r in results["arm64"].items():
        for l in r["inner_loops"]:
            rows.append([isa, kernel_label(l), str(l["loops"]), "%d %s" % (l["dot_products"], l["dot_product"]),
                         str(l["instructions"]), number(l["instructions_per_dot_product"]), str(l["by_lane"]),
                         str(l["spills"]), number(l["share_of_peak"]) + " " + l["model"]])
    return table(["ISA", "kernel", "loops", "products", "instructions", "each", "by lane", "spills", "of the model's peak"],
                 rows)


def isa_table(results):
    rows = [[isa, number(r["image_ms"], 1) + " ms", number(r["gmacs_per_second"], 0), number(r["share_of_peak"]),
             "%s (%s)" % (number(r["peak_gmacs_per_second"], 0), r["peak_instructions"])]
            for isa, r in results["isas"].items()]
    return table(["x86-64 with", "all kernels, one image", "GMAC/s of the convs", "of the peak", "peak, GMAC/s"], rows)


# What a kernel's name says of it, from its first word on, and what it is to readers.
KINDS = [("image_load", "loading the caller's image"), ("image_store", "storing to the caller's image"),
         ("channel_sums", "statistics of norms"), ("max_pool", "max pools"), ("lookup", "tables alone"),
         ("resize", "resizes"), ("norm", "norms with their activation and rescale"), ("", "convs with all that is fused")]


def kind_table(results):
    """Where a network's time goes, by the kind of kernel: what another fusion could save at most."""
    spent = dict.fromkeys((kind for _, kind in KINDS), 0.0)
    for r in results["kernels"]["benchmarks"]:
        if r["name"].startswith("model/"):
            name = r["name"].split("/", 2)[1:]
            words = name[0] if name[0].startswith("image_") else name[1]
            spent[next(kind for start, kind in KINDS if words.startswith(start))] += r["image_ms"]
    total = sum(spent.values())
    rows = [[kind, number(ms), number(100 * ms / total) + " %"]
            for kind, ms in sorted(spent.items(), key=lambda item: -item[1]) if ms > 0]
    return table(["kernels, %s" % results["kernels"]["context"]["size"], "ms an image", "of all"], rows)


def kernel_table(results, prefix):
    rows = []
    for r in results["kernels"]["benchmarks"]:
        name = r["name"].split("/iterations:")[0]
        if not name.startswith(prefix):
            continue
        multiplies = "gmacs_per_second" in r
        rows.append([name[len(prefix):].replace("/", " "), number(r["gmacs_per_second"], 0) if multiplies else "",
                     number(r.get("share_of_peak")) if multiplies else "", number(r["gb_per_second"], 1),
                     number(r["ns_per_pixel"]), number(r["image_ms"]) if prefix == "model/" else ""])
    if prefix == "model/":
        rows.append(["all", "", "", "", "", number(sum(r["image_ms"] for r in results["kernels"]["benchmarks"]
                                                       if r["name"].startswith(prefix)))])
    head = ["kernel", "GMAC/s", "products of peak", "GB/s", "ns/pixel", "ms an image"]
    if prefix != "model/":
        head, rows = head[:-1], [row[:-1] for row in rows]
    return table(head, rows)


def machine_line(results):
    m = results["machine"]
    return "%s, %d core%s, %s" % (m["cpu"], m["cores"], "s" * (m["cores"] > 1), m["system"])


def full(results):
    """The whole report."""
    parts = ["# %s" % results["model"]["name"],
             "%s multiply-adds a pixel. Measured on: %s." %
             (number(results["model"]["multiply_adds_per_pixel"], 0), machine_line(results))]
    if has_bounds(results):
        parts += ["## Requirements", table(["figure", "measured", "bound", ""], [r.row() for r in requirements(results)])]
    if "network" in results:
        best = max(results["network"]["rows"], key=lambda r: r["peak_gmacs"])
        parts += ["## Against ONNX Runtime, and the peak",
                  "Minimum over %d alternating rounds or more. The peak of a core, measured in turn with the network: "
                  "%.0f GMAC/s (%s)." % (results["network"]["rounds"], best["peak_gmacs"], best["peak_instructions"]),
                  network_table(results)]
    if "memory" in results or "size" in results or results["compile_seconds"]:
        parts += ["## Memory, size, compile time", footprint_table(results)]
    if "rounding" in results:
        parts += ["## Exact rounding", rounding_table(results)]
    if "schedulers" in results:
        parts += ["## Autoschedulers", "At {height}x{width}, one thread.".format(**results["schedulers"]),
                  schedulers_table(results)]
    if "arm64" in results:
        any_arm = next(iter(results["arm64"].values()))
        parts += ["## ARM64", "At %dx%d under qemu; loops judged by %s." %
                  (any_arm["height"], any_arm["width"], results["mca"]), arm64_table(results),
                  "### Instructions a pixel by function", functions_table(results),
                  "### Inner loops", inner_loop_table(results)]
    if results.get("isas"):
        parts += ["## Instruction sets of this machine",
                  "All kernels of the network alone, image %s." % next(iter(results["isas"].values()))["size"],
                  isa_table(results)]
    if "kernels" in results:
        context = results["kernels"]["context"]
        parts += ["## Kernels alone", "Image %s, bands as the network computes them, %s. GMAC/s are of the graph's "
                  "multiply-adds, the share of the peak (%s) is of the products of bytes that the kernel computes: a third "
                  "of those for convs of upsampled images, four times as many for float filters." %
                  (context["size"], context["instruction_set"], context["peak_instructions"]),
                  kernel_table(results, "model/"), "### Where the time goes", kind_table(results),
                  "### Ops of image networks", kernel_table(results, "family/")]
    return "\n\n".join(parts) + "\n"


def for_readme(results):
    """The part of it that the README shows."""
    parts = ["%s, %s multiply-adds a pixel. Measured on: %s; minimum over %d alternating rounds or more. Shares of the "
             "peak count all of the graph's multiply-adds, also those that convs of upsampled images save." %
             (results["model"]["name"], number(results["model"]["multiply_adds_per_pixel"], 0), machine_line(results),
              results["network"]["rounds"]), network_table(results)]
    if "memory" in results or "size" in results:
        parts.append(footprint_table(results))
    if "arm64" in results:
        parts.append(arm64_table(results))
    if "rounding" in results:
        parts.append(rounding_table(results))
    if "kernels" in results:
        parts.append(kind_table(results))
    return "\n\n".join(parts) + "\n"
