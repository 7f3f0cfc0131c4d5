import type { Trajectory } from '../../server/protocol.ts';

/** What a trajectory without a file is called: what was written and how. */
export function nameOf({ text, settings, tpf }: Trajectory): string {
  const line = text.trim().split('\n', 1)[0];
  const short = line.length > 40 ? `${line.slice(0, 39)}…` : line;
  return `${short || '(nothing)'}: ${settings.mode}, ${tpf.total.toFixed(2)} tokens per forward`;
}
