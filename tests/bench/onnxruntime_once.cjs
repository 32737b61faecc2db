// Runs a network once with ONNX Runtime, one thread, so that its memory can be measured from outside:
//
//   node onnxruntime_once.cjs MODEL.onnx HEIGHT WIDTH
'use strict';
const ort = require('onnxruntime-node');

(async () => {
  const [model, height, width] = process.argv.slice(2);
  const session = await ort.InferenceSession.create(
      model, {intraOpNumThreads: 1, interOpNumThreads: 1, graphOptimizationLevel: 'all', logSeverityLevel: 3});
  const pixels = new Float32Array(3 * height * width).fill(0.5);
  await session.run({[session.inputNames[0]]: new ort.Tensor('float32', pixels, [1, 3, Number(height), Number(width)])});
})();
