/** Imports a model, compares it with its source and prints the largest resident size of this process, in bytes. */
import { compareModels } from '../../server/engine/quality.ts';
import { importModel } from '../../server/models/import.ts';
import type { Quantization } from '../../server/models/model-folder.ts';

const [source, dest, quantize] = process.argv.slice(2);
const text = 'def add(a, b):\n    return a + b\n'.repeat(8);
importModel(source, dest, {
  quantize: quantize as Quantization,
  compare: (model, openSource) => compareModels(model, openSource, text, 2),
}).then(() => {
  process.stdout.write(`${process.resourceUsage().maxRSS * 1024}\n`);
});
