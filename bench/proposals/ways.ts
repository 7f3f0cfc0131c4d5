// Decodes tasks in several ways in turns, so that all of them meet the same moments of the machine:
//   node --import tsx bench/proposals/ways.ts '{"ar": {"mode": "ar"}, "default": {}}' TASKS [COUNT] [MODEL_DIR]
// Settings are those of a decoding; the ways have to write the same text. Prompts are read before and not counted.
import path from 'node:path';
import { decode } from '../../server/decode/decode.ts';
import { loadModel } from '../../server/engine/load.ts';
import { promptTokens } from '../../server/engine/prompt.ts';
import { answerRequest } from '../../server/eval/answer.ts';
import type { DecodeSettings } from '../../server/protocol.ts';
import { readTasks } from '../../server/tasks/read-tasks.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');
/** Of a response. */
const MOST_TOKENS = 96;

const [given, file, count = '60', modelDir = path.join(ROOT, 'models', 'unmask-135m')] =
  process.argv.slice(2);
const ways = Object.entries(JSON.parse(given) as Record<string, Partial<DecodeSettings>>);
const model = await loadModel({ modelDir, device: 'cpu', threads: 0 }, () => {});
const { denoiser, tokenizer } = model;
const { spec } = denoiser;
const { tasks } = await readTasks(file);
const wanted = Math.min(Number(count), tasks.length);
const sums = ways.map(() => ({ tokens: 0, forwards: 0, milliseconds: 0 }));

for (let i = 0; i < wanted; i++) {
  const task = tasks[Math.floor((i * tasks.length) / wanted)];
  const { prompt, settings } = answerRequest(task);
  const maxTokens = Math.min(MOST_TOKENS, settings.maxTokens ?? MOST_TOKENS);
  const { ids } = promptTokens(prompt, spec, tokenizer, spec.maxPositions - maxTokens);
  const beginning = prompt.beginning && {
    text: prompt.beginning,
    encode: (text: string) => tokenizer.encode(text),
  };
  const hooks = { cancelled: () => false, candidates: 0, ...(beginning && { beginning }) };
  const cache = denoiser.newCache();
  await decode(denoiser, tokenizer, cache, ids, { maxTokens: 1 }, hooks);
  const texts = new Set<string>();
  // Each task begins with another way.
  for (const turn of ways.keys()) {
    const way = (i + turn) % ways.length;
    const asked = { ...settings, maxTokens, ...ways[way][1] };
    const { responseIds, forwards, ms } = await decode(denoiser, tokenizer, cache, ids, asked, hooks);
    texts.add(responseIds.join());
    sums[way].tokens += responseIds.length;
    sums[way].forwards += forwards.total;
    sums[way].milliseconds += ms.decode;
  }
  if (texts.size > 1) console.log(`${task.id}: the ways write different texts`);
}
for (const [way, { tokens, forwards, milliseconds }] of sums.entries()) {
  const rates = `TPF ${(tokens / forwards).toFixed(3)}, ${((1000 * tokens) / milliseconds).toFixed(1)} tokens/s`;
  console.log(`${ways[way][0]}: ${rates}, ${(milliseconds / forwards).toFixed(1)} ms a forward`);
}
await model.release();
