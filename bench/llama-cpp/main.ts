// Measures node-llama-cpp on our own weights; started by `unmask bench --against llama.cpp`.
// stdin: {modelDir, texts: [{ids, tokens}]}; stdout: [{name, tokensPerSecond, prefillTokensPerSecond}].
import { text } from 'node:stream/consumers';
import { openModel } from '../../server/models/registry.ts';
import { ggufFile, QUANTIZATIONS } from './files.ts';
import { ensureInstalled, loadLibrary } from './install.ts';
import { measure } from './measure.ts';

const THREADS = [1, 2];

async function main(): Promise<void> {
  const { modelDir, texts } = JSON.parse(await text(process.stdin));
  const model = await openModel(modelDir);
  await ensureInstalled();
  const { getLlama } = await loadLibrary();
  const llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, logLevel: 'error' });
  const results = [];
  for (const name of Object.keys(QUANTIZATIONS)) {
    const file = await ggufFile(model, name);
    for (const threads of THREADS) {
      const speeds = await measure(llama, file, threads, texts);
      results.push({
        name: `llama.cpp ${name}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
        ...speeds,
      });
    }
  }
  console.log(JSON.stringify(results));
  // The library keeps threads that would hold the process.
  process.exit(0);
}

await main();
