import { button, selectField } from '../controls.ts';
import { element } from '../dom.ts';
import type { KeyAction } from './keys.ts';
import { type Tick, tickAt } from './timeline.ts';

const SPEEDS = [
  ['1', 'real time'],
  ['0.5', '1/2'],
  ['0.2', '1/5'],
  ['0.1', '1/10'],
  ['0.05', '1/20'],
  ['0.02', '1/50'],
] as const;
const DEFAULT_SPEED = '0.1';

/** The clock of the page: where it stands, and the controls that move it. */
export class Player {
  readonly node: HTMLElement;
  private readonly onTick: (tick: Tick, index: number) => void;
  private readonly onRest: () => void;
  private readonly slider = element('input', {
    type: 'range',
    class: 'scrubber',
    min: '0',
    step: '1',
    'aria-label': 'Step',
  });
  private readonly playButton = button('Play', () => this.toggle(), true);
  private readonly speedField = selectField('Speed', SPEEDS, DEFAULT_SPEED);
  private ticks: Tick[] = [{ time: 0, shown: [] }];
  private index = 0;
  /** Milliseconds of decoding, while playing. */
  private time: number | undefined;

  /** `onTick` draws; `onRest` is called when the clock stands still after having been moved. */
  constructor(onTick: (tick: Tick, index: number) => void, onRest: () => void) {
    this.onTick = onTick;
    this.onRest = onRest;
    this.slider.addEventListener('input', () => this.seek(this.slider.valueAsNumber));
    this.slider.addEventListener('change', () => this.onRest());
    this.node = element(
      'div',
      { class: 'player', role: 'group', 'aria-label': 'Playback' },
      this.playButton,
      button('First', () => this.act('first')),
      button('Back', () => this.act('back')),
      button('Forward', () => this.act('forward')),
      button('Last', () => this.act('last')),
      this.slider,
      this.speedField.node,
    );
  }

  get position(): number {
    return this.index;
  }

  get last(): number {
    return this.ticks.length - 1;
  }

  /** Other traces on the page; stands at `index` then, which is the end unless given. */
  setTicks(ticks: Tick[], index = ticks.length - 1): void {
    this.pause();
    this.ticks = ticks;
    this.slider.max = String(this.last);
    this.seek(Math.max(0, Math.min(index, this.last)));
  }

  /** Goes to a tick and stops. */
  seek(index: number): void {
    this.pause();
    this.show(index);
  }

  /** Does what a key or button says; false when it is none of the player's. */
  act(action: KeyAction): boolean {
    const targets: Partial<Record<KeyAction, number>> = {
      first: 0,
      back: Math.max(0, this.index - 1),
      forward: Math.min(this.last, this.index + 1),
      last: this.last,
    };
    if (action === 'play') this.toggle();
    else if (targets[action] === undefined) return false;
    else {
      this.seek(targets[action]);
      this.onRest();
    }
    return true;
  }

  private toggle(): void {
    if (this.time !== undefined) {
      this.pause();
      this.onRest();
      return;
    }
    if (this.index === this.last) this.show(0);
    this.time = this.ticks[this.index].time;
    this.playButton.textContent = 'Pause';
    this.run(performance.now());
  }

  private run(before: number): void {
    requestAnimationFrame((now) => {
      if (this.time === undefined) return;
      this.time += Math.max(0, now - before) * Number(this.speedField.control.value);
      const index = tickAt(this.ticks, this.time);
      if (index !== this.index) this.show(index);
      if (index < this.last) this.run(now);
      else {
        this.pause();
        this.onRest();
      }
    });
  }

  private pause(): void {
    if (this.time === undefined) return;
    this.time = undefined;
    this.playButton.textContent = 'Play';
  }

  private show(index: number): void {
    this.index = index;
    this.slider.value = String(index);
    this.onTick(this.ticks[index], index);
  }
}
