// Times a compiled network against ONNX Runtime on the same image, in turn, and prints a Markdown table.
//
//   node compare_onnxruntime.cjs MODEL.onnx RUN_CASE PEAK [--sizes HxW,...] [--threads 1,2] [--rounds N] [--json FILE]
//
// RUN_CASE is runtime/examples/run_case.c linked with the network, PEAK is peak.c. Each round runs both once more; the
// figures are minima over all rounds, so a neighbour's load on the machine hurts neither. `onnxruntime-node` must be
// where node finds it (NODE_PATH).
'use strict';
const {execFileSync} = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const ort = require('onnxruntime-node');

function option(name, fallback) {
  const at = process.argv.indexOf('--' + name);
  return at < 0 ? fallback : process.argv[at + 1];
}

const [model, runCase, peak] = process.argv.slice(2);
const sizes = option('sizes', '100x100,540x960,1080x1920').split(',').map((s) => s.split('x').map(Number));
const threadCounts = option('threads', '1,2').split(',').map(Number);
const rounds = Number(option('rounds', '7'));
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'qatc-bench-'));

// Runs per round: long enough to time, short enough to alternate often.
const repeats = (height, width) => Math.max(1, Math.min(40, Math.round(2e6 / (height * width))));

function ourMilliseconds(input, height, width, threads) {
  const out = execFileSync(runCase, [input, path.join(folder, 'out'), height, width, 3, '--threads', threads, '--repeat',
                                     repeats(height, width)].map(String), {encoding: 'utf8'});
  return Number(out.match(/min_ms ([0-9.]+)/)[1]);
}

async function ortMilliseconds(session, pixels, height, width) {
  const feeds = {[session.inputNames[0]]: new ort.Tensor('float32', pixels, [1, 3, height, width])};
  let best = Infinity;
  for (let i = 0; i < repeats(height, width); ++i) {
    const begin = process.hrtime.bigint();
    await session.run(feeds);
    best = Math.min(best, Number(process.hrtime.bigint() - begin) / 1e6);
  }
  return best;
}

function peakGmacs() { return Number(execFileSync(peak, {encoding: 'utf8'})); }

(async () => {
  const cpu = os.cpus()[0].model.trim();
  const rows = [];
  for (const threads of threadCounts) {
    const session = await ort.InferenceSession.create(
        model, {intraOpNumThreads: threads, interOpNumThreads: 1, graphOptimizationLevel: 'all', logSeverityLevel: 3});
    for (const [height, width] of sizes) {
      const pixels = Float32Array.from({length: 3 * height * width}, (_, i) => ((i * 2654435761) % 4096) / 4095);
      const input = path.join(folder, 'in');
      fs.writeFileSync(input, Buffer.from(pixels.buffer));
      let ours = Infinity, theirs = Infinity, peakRate = 0;
      for (let round = 0; round < rounds; ++round) {
        ours = Math.min(ours, ourMilliseconds(input, height, width, threads));
        theirs = Math.min(theirs, await ortMilliseconds(session, pixels, height, width));
        peakRate = Math.max(peakRate, peakGmacs());
      }
      rows.push({height, width, threads, qatc_ms: ours, onnxruntime_ms: theirs, ratio: ours / theirs, peak_gmacs: peakRate});
    }
    await session.release();
  }
  const macs = Number(option('macs-per-pixel', '0'));
  console.log(`${path.basename(path.dirname(path.resolve(model)))} on ${cpu}, ONNX Runtime ${require('onnxruntime-node/package.json').version}, ` +
              `minimum over ${rounds} alternating rounds\n`);
  console.log('| image | threads | qatc | ONNX Runtime | ratio | of the dot-product peak |\n|---|---|---|---|---|---|');
  for (const r of rows) {
    const rate = macs * r.height * r.width / (r.qatc_ms * 1e6);
    r.share_of_peak = macs > 0 ? rate / (r.peak_gmacs * r.threads) : null;
    const share = r.share_of_peak === null ? '' : `${r.share_of_peak.toFixed(2)} of ${r.peak_gmacs.toFixed(0)} GMAC/s a core`;
    console.log(`| ${r.height}x${r.width} | ${r.threads} | ${r.qatc_ms.toFixed(2)} ms | ${r.onnxruntime_ms.toFixed(2)} ms | ${r.ratio.toFixed(2)} | ${share} |`);
  }
  const json = option('json', '');
  if (json) fs.writeFileSync(json, JSON.stringify({model, cpu, rounds, onnxruntime: require('onnxruntime-node/package.json').version, rows}, null, 2) + '\n');
  fs.rmSync(folder, {recursive: true});
})();
