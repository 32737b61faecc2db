// Times a compiled network against ONNX Runtime on the same image, in turn, and prints what it found as JSON.
//
//   node compare_onnxruntime.cjs MODEL.onnx RUN_CASE [--sizes HxW,...] [--channels C] [--threads 1,2]
//       [--rounds N]
//
// RUN_CASE is runtime/examples/run_case.c linked with the network. Both take a float image. Each round runs both once
// more; the figures are minima over all rounds, so a neighbour's load on the machine hurts neither. Where the three best
// rounds of either do not agree there are more rounds, for up to half a minute; a row that never settles says so.
// `onnxruntime-node` must be where node finds it (NODE_PATH).
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

const [model, runCase] = process.argv.slice(2);
const sizes = option('sizes', '100x100,540x960,1080x1920').split(',').map((s) => s.split('x').map(Number));
const channels = Number(option('channels', '3'));
const threadCounts = option('threads', '1,2').split(',').map(Number);
const rounds = Number(option('rounds', '7'));
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'qatc-bench-'));

// Runs per round: long enough to time, short enough to alternate often.
const repeats = (height, width) => Math.max(2, Math.min(40, Math.round(2e6 / (height * width))));

function ourMilliseconds(input, height, width, threads) {
  const out = execFileSync(runCase, [input, path.join(folder, 'out'), height, width, channels, '--threads', threads,
                                     '--repeat', repeats(height, width)].map(String), {encoding: 'utf8'});
  return Number(out.match(/min_ms ([0-9.]+)/)[1]);
}

async function ortMilliseconds(session, pixels, height, width) {
  const feeds = {[session.inputNames[0]]: new ort.Tensor('float32', pixels, [1, channels, height, width])};
  let best = Infinity;
  for (let i = 0; i < repeats(height, width); ++i) {
    const begin = process.hrtime.bigint();
    await session.run(feeds);
    best = Math.min(best, Number(process.hrtime.bigint() - begin) / 1e6);
  }
  return best;
}

// Whether the best of these is no accident.
function settled(milliseconds) {
  const best = [...milliseconds].sort((a, b) => a - b);
  return best[Math.min(2, best.length - 1)] <= 1.03 * best[0];
}

(async () => {
  const rows = [];
  for (const threads of threadCounts) {
    const session = await ort.InferenceSession.create(
        model, {intraOpNumThreads: threads, interOpNumThreads: 1, graphOptimizationLevel: 'all', logSeverityLevel: 3});
    for (const [height, width] of sizes) {
      const pixels = Float32Array.from({length: channels * height * width}, (_, i) => ((i * 2654435761) % 4096) / 4095);
      const input = path.join(folder, 'in');
      fs.writeFileSync(input, Buffer.from(pixels.buffer));
      const ours = [], theirs = [], patience = Date.now() + 30000;
      while (ours.length < rounds || (Date.now() < patience && !(settled(ours) && settled(theirs)))) {
        ours.push(ourMilliseconds(input, height, width, threads));
        theirs.push(await ortMilliseconds(session, pixels, height, width));
      }
      const [qatc_ms, onnxruntime_ms] = [Math.min(...ours), Math.min(...theirs)];
      rows.push({height, width, threads, qatc_ms, onnxruntime_ms, ratio: qatc_ms / onnxruntime_ms,
                 rounds: ours.length, settled: settled(ours) && settled(theirs)});
    }
    await session.release();
  }
  const onnxruntime = require('onnxruntime-node/package.json').version;
  console.log(JSON.stringify({rounds, onnxruntime, rows}, null, 2));
  fs.rmSync(folder, {recursive: true});
})();
