/**
 * What it costs a completion to be watched: functions written by an engine process whose steps go nowhere, whose steps go
 * to the server as they always do, and with the alternatives of every token that an open viewer asks for. The three take
 * turns. Run with `node --import tsx bench/webview/watching.ts` after a build.
 */
import path from 'node:path';
import { ROOT } from '../../scripts/lib/paths.mjs';
import documents from '../../server/bench/documents.json' with { type: 'json' };
import { percentile } from '../../server/bench/statistics.ts';
import type { EngineHooks } from '../../server/engine/engine.ts';
import { EngineHost } from '../../server/engine/host.ts';
import { defaultModelDir } from '../../server/models/installed.ts';

const ROUNDS = 2;
const SETTINGS = { maxTokens: 32 };

let sent = 0;
const WAYS: Record<string, { candidates: number; hooks: EngineHooks }> = {
  'steps go nowhere': { candidates: 0, hooks: {} },
  'viewer closed': { candidates: 0, hooks: { onStep: () => {} } },
  'viewer open': {
    candidates: 5,
    hooks: {
      onStep: (step) => {
        sent += JSON.stringify(step).length;
      },
    },
  },
};

const engine = new EngineHost({
  command: { args: [path.join(ROOT, 'dist/engine.js')] },
  settings: { modelDir: defaultModelDir(), device: 'auto', threads: 0, unloadAfterMinutes: 0 },
  log: console.error,
});
const times = Object.fromEntries(Object.keys(WAYS).map((name) => [name, [] as number[]]));
let steps = 0;
try {
  for (let round = 0; round <= ROUNDS; round++) {
    for (const { prefix } of documents) {
      const prompt = { prefix, suffix: '', fim: false, budget: 0 };
      // The first of a document reads it; the others find it in the cache.
      await engine.complete({ prompt, settings: { maxTokens: 1 }, candidates: 0 });
      for (const [name, { candidates, hooks }] of Object.entries(WAYS)) {
        const start = performance.now();
        const trajectory = await engine.complete({ prompt, settings: SETTINGS, candidates }, hooks);
        if (!trajectory) throw new Error('The engine gave no answer.');
        if (round > 0) times[name].push(performance.now() - start);
        if (name === 'viewer open') steps += trajectory.steps.length;
      }
    }
  }
} finally {
  await engine.dispose();
}
for (const [name, all] of Object.entries(times)) {
  console.log(`${name}: ${percentile(all, 0.5).toFixed(1)} ms median of ${all.length} completions`);
}
console.log(`an open viewer gets ${Math.round(sent / steps)} characters a step`);
