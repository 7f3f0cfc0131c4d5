import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type StatusInput, statusText } from '../../extension/status-view.ts';
import type { ServerState } from '../../server/protocol.ts';

function input(state: ServerState, rest: Partial<StatusInput> = {}): StatusInput {
  return { status: { state, host: 'workshop' }, enabled: true, automatic: true, ...rest };
}

const STATES: [ServerState, string, RegExp, boolean][] = [
  [{ kind: 'starting' }, '$(loading~spin) Unmask', /Starting\\?\./, false],
  [
    { kind: 'loading', progress: 0.416, message: 'Reading weights' },
    '$(loading~spin) Unmask 41 %',
    /Reading weights/,
    false,
  ],
  [{ kind: 'ready' }, '$(eye) Unmask', /Ready/, false],
  [{ kind: 'busy' }, '$(loading~spin) Unmask', /Completing/, false],
  [{ kind: 'paused', reason: 'Snoozed until 12:05.' }, '$(debug-pause) Unmask', /Snoozed until 12:05/, false],
  [{ kind: 'error', message: 'No model here.' }, '$(warning) Unmask', /No model here/, true],
];

for (const [state, text, line, warning] of STATES) {
  test(`the status item of ${state.kind}`, () => {
    const shown = statusText(input(state));
    assert.equal(shown.text, text);
    assert.match(shown.tooltip, line);
    assert.equal(shown.warning, warning);
  });
}

test('completion that is off is told first, an error before it', () => {
  const off = { enabled: false };
  assert.equal(statusText(input({ kind: 'ready' }, off)).text, '$(eye-closed) Unmask');
  assert.equal(statusText(input({ kind: 'error', message: 'Broken.' }, off)).text, '$(warning) Unmask');
  const language = { id: 'markdown', enabled: false };
  assert.match(statusText(input({ kind: 'ready' }, { language })).tooltip, /off for markdown/);
});

test('the tooltip lists what is known, in units a person reads', () => {
  const { tooltip } = statusText(
    input(
      { kind: 'ready' },
      {
        automatic: false,
        status: {
          state: { kind: 'ready' },
          host: 'workshop',
          model: 'unmask',
          device: 'cpu',
          lastLatency: 87.6,
          tokensPerSecond: 60.2,
          cacheHitRate: 0.315,
          memory: 412.4e6,
        },
      },
    ),
  );
  const expected = ['unmask', 'cpu', '88 ms', '60 tokens/s', '32 %', '412 MB', 'workshop', 'only by hand'];
  for (const value of expected) assert.ok(tooltip.includes(value), `${value} in ${tooltip}`);
  assert.doesNotMatch(statusText(input({ kind: 'ready' })).tooltip, /Model|undefined|NaN/);
});

test('text from outside cannot become markup', () => {
  const state = { kind: 'error', message: '[x](command:evil) <b>' } as const;
  const { tooltip } = statusText(input(state, { status: { state, host: 'a|b\nc' } }));
  assert.ok(tooltip.includes('\\[x\\]\\(command:evil\\) \\<b\\>'), tooltip);
  assert.ok(tooltip.includes('| a\\|b c |'), tooltip);
});
