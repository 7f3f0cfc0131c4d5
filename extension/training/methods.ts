import { window } from 'vscode';
import type { RlPresetName } from '../../server/protocol.ts';

/** What sets each method apart, for somebody who has to choose one. The first is the usual choice. */
const METHODS: Readonly<Record<RlPresetName, string>> = {
  'lightningrl-verified':
    'Right answers in few steps; for models that check what they write, such as Unmask’s own',
  lightningrl: 'The same for models that decode by confidence alone, as in the LightningRL paper',
  'lightningrl-released': 'The same as in LightningRL’s code',
  dirl: 'Right answers, for models that were fine-tuned on programs before',
  tracerl: 'Right answers, each step close to the model that sampled them',
  d1: 'Right answers, for models with full attention such as LLaDA and Dream',
  'grpo-trajectory': 'Right answers alone, nothing added: to compare with',
  ontrack: 'Not the model but what reveals its tokens, after a rule that is right: the start for the next',
  'ontrack-verified': 'What proposes tokens to a frozen model that checks them, such as Unmask’s own',
  jazbec: 'What reveals the tokens of a frozen model: right answers in few steps',
  'jazbec-dpls': 'The same, which draws the tokens one after another',
  'jazbec-es': 'The same beside the answers of a rule, from which it may learn',
  dultra: 'The model, and a planner that reveals its tokens, together; needs a planner that was warmed up',
  'dultra-distill': 'The same, taught by an autoregressive model',
};

/** Undefined when none is chosen. */
export async function chooseMethod(title: string, placeHolder?: string): Promise<RlPresetName | undefined> {
  const items = Object.entries(METHODS).map(([label, detail]) => ({ label: label as RlPresetName, detail }));
  return (await window.showQuickPick(items, { title, placeHolder }))?.label;
}
