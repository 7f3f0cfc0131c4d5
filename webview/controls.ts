import '@vscode-elements/elements/dist/vscode-button/index.js';
import '@vscode-elements/elements/dist/vscode-option/index.js';
import '@vscode-elements/elements/dist/vscode-single-select/index.js';
import '@vscode-elements/elements/dist/vscode-textfield/index.js';
import type { VscodeSingleSelect } from '@vscode-elements/elements/dist/vscode-single-select/index.js';
import type { VscodeTextfield } from '@vscode-elements/elements/dist/vscode-textfield/index.js';
import { element } from './dom.ts';

/** A control with its visible label. */
export interface Field<T extends HTMLElement> {
  node: HTMLElement;
  control: T;
}

export function button(label: string, onClick: () => void, primary = false): HTMLElement {
  const made = element('vscode-button', { secondary: !primary }, label);
  made.addEventListener('click', onClick);
  return made;
}

/** A list of which one is chosen; options are pairs of value and text. */
export function selectField(
  label: string,
  options: readonly (readonly [value: string, text: string])[],
  value: string,
): Field<VscodeSingleSelect> {
  const control = element(
    'vscode-single-select',
    {},
    ...options.map(([each, text]) =>
      element('vscode-option', { value: each, selected: each === value }, text),
    ),
  ) as VscodeSingleSelect;
  return labelled(label, control);
}

export function numberField(
  label: string,
  range: { min: number; max?: number; step: number },
  value: number,
): Field<VscodeTextfield> {
  const control = element('vscode-textfield', {
    type: 'number',
    min: String(range.min),
    max: range.max === undefined ? false : String(range.max),
    step: String(range.step),
    value: String(value),
  }) as VscodeTextfield;
  return labelled(label, control);
}

function labelled<T extends HTMLElement & { label: string }>(label: string, control: T): Field<T> {
  control.label = label;
  const text = element('span', { class: 'label', 'aria-hidden': 'true' }, label);
  return { node: element('div', { class: 'field' }, text, control), control };
}
