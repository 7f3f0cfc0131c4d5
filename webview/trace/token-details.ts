import { element } from '../dom.ts';
import type { TokenEvent, TraceHistory } from './history.ts';
import { onOneLine, tokenText } from './layout.ts';
import { percent } from './words.ts';

const HINT =
  'Point at a token or move to it with Tab and the arrow keys to see what else it could have been.';

/** Where a token came from, in words. */
const SOURCES = { clean: 'clean row', noisy: 'noisy row', lookup: 'prompt lookup' };

/** Everything that happened to one position: which tokens were proposed, how likely they were, what was taken back. */
export class TokenDetails {
  readonly node: HTMLElement;

  /** `name` is that of the trace. */
  constructor(name: string) {
    this.node = element(
      'section',
      { class: 'details', 'aria-label': `Token of ${name}` },
      element('p', {}, HINT),
    );
  }

  show(history: TraceHistory, position: number): void {
    const events = history.eventsOf(position).filter(({ reveal, takenBack }) => reveal || takenBack);
    this.node.replaceChildren(
      element('h3', {}, `Token ${position + 1}`),
      ...(events.length > 0 ? events.map(eventNode) : [element('p', {}, 'Never revealed.')]),
      ...history
        .confirmationsOf(position)
        .map(({ step, confidence }) =>
          element('p', {}, `Step ${step + 1}: verification agreed at ${percent(confidence)}.`),
        ),
      ...history
        .decisionsOf(position)
        .map(({ step, probability, chosen }) =>
          element(
            'p',
            {},
            `Step ${step + 1}: the policy ${chosen ? 'chose it' : 'left it'} at ${percent(probability)}.`,
          ),
        ),
    );
  }
}

function eventNode({ step, reveal, takenBack }: TokenEvent): HTMLElement {
  const node = element('div', { class: 'event' });
  if (takenBack) {
    node.append(
      element('p', {}, `Step ${step + 1}: `, code(takenBack), ' was taken back, verification disagreed.'),
    );
  }
  if (reveal) {
    const from = SOURCES[reveal.source];
    node.append(
      element(
        'p',
        {},
        `Step ${step + 1}: `,
        code(reveal),
        ` revealed at ${percent(reveal.confidence)} (${from}).`,
      ),
    );
    if (reveal.candidates?.length) node.append(candidateTable(reveal.candidates, reveal.id));
  }
  return node;
}

function candidateTable(
  candidates: { id: number; text: string; probability: number }[],
  chosen: number,
): HTMLElement {
  const rows = candidates.map((candidate) => {
    const bar = element('span', { class: 'bar', 'aria-hidden': 'true' });
    bar.style.setProperty('--share', String(candidate.probability));
    return element(
      'tr',
      {},
      element(
        'th',
        { scope: 'row' },
        code(candidate),
        ...(candidate.id === chosen ? [' ', element('span', {}, '✓ taken')] : []),
      ),
      element('td', {}, percent(candidate.probability)),
      element('td', {}, bar),
    );
  });
  return element('table', {}, element('caption', {}, 'Most likely tokens'), ...rows);
}

function code({ text, id }: { text: string; id: number }): HTMLElement {
  return element('code', {}, onOneLine(tokenText(text, id)));
}
