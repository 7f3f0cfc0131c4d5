import { type ExtensionContext, workspace } from 'vscode';
import { RESTRICTED_VARIABLE } from '../../server/protocol.ts';

/** Tells the terminals of a workspace that is not trusted, so that the command line does not train there either. */
export function restrict({ environmentVariableCollection, subscriptions }: ExtensionContext): void {
  environmentVariableCollection.persistent = false;
  if (workspace.isTrusted) return;
  environmentVariableCollection.replace(RESTRICTED_VARIABLE, '1');
  subscriptions.push(
    workspace.onDidGrantWorkspaceTrust(() => environmentVariableCollection.delete(RESTRICTED_VARIABLE)),
  );
}
