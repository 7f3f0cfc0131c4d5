import { window } from 'vscode';
import type { App } from '../app.ts';
import { runWithProgress } from './progress.ts';

/** Fetches the libraries for CUDA when asked; the device is probed when the engine is idle the next time. */
export async function installCuda(app: App): Promise<void> {
  if (!(await runWithProgress(app, 'installing the CUDA provider', ['device', 'install', 'cuda']))) return;
  window.showInformationMessage(
    'Unmask: the libraries for CUDA are here; CUDA 12 and cuDNN 9 must be installed too. The device is tried the next time the engine is idle and used from its next start on; if it is not, Copy Diagnostics has the reason.',
  );
}
