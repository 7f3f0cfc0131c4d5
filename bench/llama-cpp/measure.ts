import type { Llama, LlamaSequence } from './install.ts';

/** A prompt and how many tokens to decode after it, as token ids. */
export interface PeerText {
  ids: number[];
  tokens: number;
}

const CONTEXT = 1024;

/** Greedy decoding speed over all texts, prompts not counted, and prefill speed over all prompts. */
export async function measure(llama: Llama, file: string, threads: number, texts: readonly PeerText[]) {
  const model = await llama.loadModel({ modelPath: file, gpuLayers: 0 });
  const context = await model.createContext({
    contextSize: CONTEXT,
    threads: { ideal: threads, min: threads },
  });
  const sequence = context.getSequence();
  await measureText(sequence, texts[0]);
  let prefill = 0;
  let decode = 0;
  for (const text of texts) {
    const times = await measureText(sequence, text);
    prefill += times.prefill;
    decode += times.decode;
  }
  await model.dispose();
  const promptTokens = texts.reduce((sum, { ids }) => sum + ids.length - 1, 0);
  const tokens = texts.reduce((sum, text) => sum + text.tokens, 0);
  return {
    tokensPerSecond: (tokens / decode) * 1000,
    prefillTokensPerSecond: (promptTokens / prefill) * 1000,
  };
}

/** Milliseconds. As in our own decoding, the last prompt token belongs to the first decoded one. */
async function measureText(
  sequence: LlamaSequence,
  { ids, tokens }: PeerText,
): Promise<{ prefill: number; decode: number }> {
  await sequence.clearHistory();
  const start = performance.now();
  await sequence.evaluateWithoutGeneratingNewTokens(ids.slice(0, -1));
  const prefilled = performance.now();
  let decoded = 0;
  for await (const _ of sequence.evaluate(ids.slice(-1), { temperature: 0, yieldEogToken: true })) {
    if (++decoded === tokens) break;
  }
  return { prefill: prefilled - start, decode: performance.now() - prefilled };
}
