// Measures how often prompt lookup is right about the next token of source files, by the chance that it gives itself:
//   node --import tsx bench/proposals/lookup.ts FOLDER [MODEL_DIR]
// Every file is cut to prompts as long as an editor's, and each gives the tokens of its last lines. No model is run.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { likeliestFollower } from '../../server/decode/lookup.ts';
import { openModel } from '../../server/models/registry.ts';
import { loadTokenizer } from '../../server/models/tokenizer.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');
/** Tokens of a prompt, and of what follows it. */
const [PROMPT, FOLLOWING] = [384, 16];
const BUCKETS = 10;

const [folder, modelDir = path.join(ROOT, 'models', 'unmask-135m')] = process.argv.slice(2);
const tokenizer = await loadTokenizer(await openModel(modelDir));
const counts = Array.from({ length: BUCKETS }, () => ({ found: 0, right: 0 }));
let tokens = 0;
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
for (const file of files.filter((name) => name.endsWith('.py')).sort()) {
  const ids = tokenizer.encode(readFileSync(path.join(folder, file), 'utf8'));
  for (let end = PROMPT; end + FOLLOWING < ids.length; end += PROMPT) {
    for (let next = end; next < end + FOLLOWING; next++) {
      tokens++;
      const found = likeliestFollower(ids.slice(end - PROMPT, next));
      if (!found) continue;
      const bucket = counts[Math.min(BUCKETS - 1, Math.floor(found.chance * BUCKETS))];
      bucket.found++;
      if (found.id === ids[next]) bucket.right++;
    }
  }
}
console.log(`${tokens} tokens`);
for (const [i, { found, right }] of counts.entries()) {
  if (found > 0) console.log(`chance from ${i / BUCKETS}: ${found}, right ${(right / found).toFixed(3)}`);
}
