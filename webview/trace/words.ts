import type { DecodeSettings, StopReason, Trajectory } from '../../server/protocol.ts';
import type { Cell } from './history.ts';
import { onOneLine, tokenText } from './layout.ts';

/** `12 %`. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** What a cell is, for somebody who does not see it. */
export function cellWords(position: number, { state, reveal }: Cell): string {
  const name = `Token ${position + 1}`;
  if (!reveal) return state === 'masked' ? `${name}, masked` : `${name}, not reached yet`;
  const text = `“${onOneLine(tokenText(reveal.text, reveal.id))}”`;
  if (state === 'takenBack') return `${name}, ${text} taken back`;
  const when = state === 'new' ? 'just revealed' : 'revealed earlier';
  return `${name}, ${text}, ${when}, confidence ${percent(reveal.confidence)}`;
}

/** Where one stands, for the line that is read out. */
export function stepWords(shown: number, steps: number, revealed: number, tokens: number): string {
  return `Step ${shown} of ${steps}, ${revealed} of ${tokens} tokens revealed`;
}

const STOPS: Record<StopReason, string> = {
  token: 'end of text',
  string: 'stop string',
  length: 'length limit',
  cancelled: 'cancelled',
};

/** What decides which tokens are revealed. */
function rule({ policy, threshold }: DecodeSettings): string {
  return policy === 'learned' ? 'learned policy' : `threshold ${threshold}`;
}

/** How the tokens of a trace were decided. */
function way(settings: DecodeSettings): string {
  const { mode, beams = 1, window } = settings;
  return beams > 1 ? `${mode}, ${beams} beams` : `${mode}, ${rule(settings)}, window ${window}`;
}

/** The figures of a trace, with names. */
export function figures(trajectory: Trajectory): [name: string, value: string][] {
  const { responseIds, promptIds, forwards, tpf, ms, settings, rollbacks, cachedTokens } = trajectory;
  const speed = ms.decode > 0 ? (responseIds.length / ms.decode) * 1000 : 0;
  return [
    ['Tokens', `${responseIds.length}`],
    ['Forwards', `${forwards.total} (${forwards.denoise} denoising)`],
    ['Tokens per forward', `${tpf.total.toFixed(2)} (${tpf.denoise.toFixed(2)} denoising)`],
    ['Speed', `${speed.toFixed(0)} tokens/s`],
    ['Prefill', `${ms.prefill.toFixed(0)} ms`],
    ['Decoding', `${ms.decode.toFixed(0)} ms`],
    ['Prompt', `${promptIds.length} tokens, ${cachedTokens} from the cache`],
    ['Roll-backs', `${rollbacks}`],
    ['Mode', way(settings)],
    ['Stopped by', STOPS[trajectory.stop]],
    ['Model', trajectory.model],
    ['Device', trajectory.device],
  ];
}
