import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { EngineHost } from '../../server/engine/host.ts';
import { withChatEnd } from '../../server/models/chat-end.ts';
import { openModel } from '../../server/models/registry.ts';
import { loadTokenizer } from '../../server/models/tokenizer.ts';
import type { DecodeSettings, RevealRule } from '../../server/protocol.ts';
import { parseTrajectory } from '../../server/trajectory-file.ts';
import { temporaryFolder } from '../support/model-files.ts';
import { TINY_FAMILIES, writeTinyFamily } from '../support/tiny-families.ts';
import { uncachedBlocks, uncachedFull } from '../support/uncached-decoding.ts';

const ENGINE = path.join(import.meta.dirname, '../../server/engine/main.ts');
const PREFIX = 'def f(a):\n  ret';
const SUFFIX = '\nf(1)\n';

/** What a chat model is asked; `[NAME]` stands for the special token `<|NAME|>`. */
const QUESTION =
  `Complete the code at the cursor. The code before the cursor:\n\`\`\`\n${PREFIX}\n\`\`\`\n` +
  `The code after the cursor:\n\`\`\`\n${SUFFIX}\n\`\`\`\n` +
  'Answer with the code before the cursor, completed, in one block of code.';
const ANSWER = `\`\`\`\n${PREFIX}`;
const CHATML = `[im_start]user\n${QUESTION}[im_end]\n[im_start]assistant\n${ANSWER}`;
const SYSTEM = '[im_start]system\nYou are a helpful assistant.[im_end]\n';
const PROMPTS: Record<string, string> = {
  sdar: CHATML,
  sdar_moe: CHATML,
  fast_dllm_v2: `${SYSTEM}${CHATML}`,
  llada2: `<role>SYSTEM</role>detailed thinking off[role_end]<role>HUMAN</role>${QUESTION}[role_end]<role>ASSISTANT</role>${ANSWER}`,
};

/** How some of them decode besides. */
const DECODINGS: Record<string, Partial<DecodeSettings>> = {
  sdar_moe: { policy: 'entropy', entropyBound: 4 },
  dream: { cache: 'prefix', window: 4, policy: 'factor', factor: 1.6 },
  open_dcoder: { cache: 'dual', window: 5, refresh: 3 },
};

/** Ids of a text of bytes and special tokens. */
function idsOf(text: string, special: Record<number, string>): number[] {
  return (text.match(/\[\w+\]|<\/?role>|[\s\S]/g) ?? []).map((piece) => {
    const name = piece.replace(/^\[(\w+)\]$/, '<|$1|>');
    const id = Object.keys(special).find((key) => special[Number(key)] === name);
    return id === undefined ? piece.charCodeAt(0) : Number(id);
  });
}

for (const name of Object.keys(TINY_FAMILIES)) {
  test(`${name}: a completion of the engine process is what the reference decodes`, {
    timeout: 120_000,
  }, async (t) => {
    const dir = path.join(temporaryFolder(t), name);
    const network = writeTinyFamily(dir, name, 3);
    const host = new EngineHost({
      command: { args: ['--import', 'tsx', ENGINE] },
      settings: { modelDir: dir, device: 'cpu', threads: 1, unloadAfterMinutes: 0 },
      log: (line) => t.diagnostic(line),
    });
    t.after(() => host.dispose());
    // The mode of the editor's default settings, which no model here can do.
    const settings = { mode: 'verified', threshold: 0.3, maxTokens: 10, ...DECODINGS[name] } as const;
    const prompt = {
      prefix: 'def f(a):\n  ',
      beginning: 'ret',
      suffix: SUFFIX,
      fim: true,
      budget: 384,
    };
    const trajectory = await host.complete({ prompt, settings, adapt: true, candidates: 0 });
    assert.ok(trajectory, JSON.stringify(host.state));

    // It can be saved and read again.
    assert.deepEqual(parseTrajectory(JSON.stringify(trajectory), 'a trace'), trajectory);
    const asked = PROMPTS[name];
    const { special } = TINY_FAMILIES[name];
    const { mode, threshold } = trajectory.settings;
    assert.deepEqual({ mode, threshold }, { mode: 'threshold', threshold: 0.9 });
    assert.deepEqual(trajectory.promptIds, idsOf(asked ?? PREFIX, special));
    assert.deepEqual(trajectory.suffixIds, asked === undefined ? idsOf(SUFFIX, special) : undefined);

    const folder = await openModel(dir);
    const spec = withChatEnd(folder.spec, await loadTokenizer(folder));
    const decoder = spec.cleanAttention === 'full' ? uncachedFull : uncachedBlocks;
    const policy = DECODINGS[name]?.policy as RevealRule | undefined;
    const expected = decoder(
      spec,
      ({ ids, positions, visible }) => network(ids, positions, visible).flat(),
      trajectory.promptIds,
      { ...trajectory.settings, policy, suffixIds: trajectory.suffixIds },
    );
    assert.deepEqual(
      trajectory.steps
        .filter(({ revealed }) => revealed.length > 0)
        .map(({ revealed }) => revealed.map(({ position, id }) => [position, id])),
      expected.steps,
    );
    assert.deepEqual(trajectory.responseIds, expected.responseIds);
  });
}
