import { extensions, type LogOutputChannel } from 'vscode';

/** Extensions that offer inline completions of their own. */
const RIVALS = [
  'amazonwebservices.amazon-q-vscode',
  'Codeium.codeium',
  'Continue.continue',
  'ggml-org.llama-vscode',
  'GitHub.copilot',
  'rjmacarthy.twinny',
  'sourcegraph.cody-ai',
  'supermaven.supermaven',
  'TabbyML.vscode-tabby',
  'TabNine.tabnine-vscode',
];

/** Says in the log which installed extensions answer the same requests: the editor shows the first good answer. */
export function logConflicts(log: LogOutputChannel): void {
  const installed = RIVALS.filter((id) => extensions.getExtension(id));
  if (installed.length > 0)
    log.info(`Other extensions also offer inline completions: ${installed.join(', ')}.`);
}
