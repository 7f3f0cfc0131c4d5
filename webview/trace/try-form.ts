import type { DecodeMode, DecodeSettings } from '../../server/protocol.ts';
import { button, numberField, selectField } from '../controls.ts';
import { element } from '../dom.ts';

const MODES = [
  ['verified', 'verified'],
  ['threshold', 'threshold'],
  ['ar', 'one by one (ar)'],
] as const;

/** Form in which the settings of the trace that is shown can be changed and its prompt decoded again. */
export class TryForm {
  readonly node = element('form', { class: 'try', 'aria-label': 'Try other settings' });
  private readonly onTry: (settings: Partial<DecodeSettings>, beside: boolean) => void;

  constructor(onTry: (settings: Partial<DecodeSettings>, beside: boolean) => void) {
    this.onTry = onTry;
    this.node.hidden = true;
    this.node.addEventListener('submit', (event) => event.preventDefault());
  }

  /** Fills the form with the settings of a trace whose prompt is known. */
  setSettings(settings: DecodeSettings): void {
    const mode = selectField('Mode', MODES, settings.mode);
    // The form stands at the lower end of the page.
    mode.control.position = 'above';
    const threshold = numberField('Threshold', { min: 0, max: 1, step: 0.05 }, settings.threshold);
    const temperature = numberField('Temperature', { min: 0, step: 0.1 }, settings.temperature);
    // A model without masks has a window of one position; what another one needs its decoder says.
    const window = numberField('Window', { min: 1, step: 1 }, settings.window);
    const seed = numberField('Seed', { min: 0, step: 1 }, settings.seed);
    const maxTokens = numberField('Most tokens', { min: 1, step: 1 }, settings.maxTokens);
    const { windowChance, lookup, beams } = settings;
    const several = beams !== undefined && {
      beams: numberField('Beams', { min: 1, max: 64, step: 1 }, beams),
    };
    const chance = windowChance !== undefined && {
      windowChance: numberField('Window chance', { min: 0, max: 1, step: 0.05 }, windowChance),
    };
    const looking = lookup !== undefined && {
      lookup: numberField('Prompt lookup', { min: 0, step: 0.1 }, lookup),
    };
    const numbers = { threshold, temperature, window, ...chance, ...looking, ...several, seed, maxTokens };
    const read = (): DecodeSettings => {
      const asked = {
        ...settings,
        mode: mode.control.value as DecodeMode,
        ...Object.fromEntries(
          Object.entries(numbers).map(([name, { control }]) => [name, Number(control.value)]),
        ),
      };
      // The other modes decode one response.
      return several && asked.mode !== 'ar' ? { ...asked, beams: 1 } : asked;
    };
    const fields = Object.values(numbers);
    const send = (beside: boolean) => {
      if (fields.every(({ control }) => control.reportValidity())) this.onTry(read(), beside);
    };
    this.node.replaceChildren(
      mode.node,
      ...fields.map(({ node }) => node),
      button('Run', () => send(false), true),
      button('Run beside', () => send(true)),
    );
    this.node.hidden = false;
  }

  hide(): void {
    this.node.hidden = true;
  }
}
