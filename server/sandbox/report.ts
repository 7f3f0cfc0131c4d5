import { findPython } from './backends.ts';
import { Sandbox } from './sandbox.ts';

/** What `doctor` tells of the sandbox: what keeps programs in here, and what does not. */
export interface SandboxReport {
  selfTest: string;
  python: string;
  realm: string;
  codeFromStrings: string;
  nodePermissions: string;
  bubblewrap: string;
  nativePython: string;
  notCovered: string;
}

const NOT_COVERED =
  'a defect of V8 or of the WebAssembly interpreter itself; on Linux native Python may see names and sizes of files';

/** Opens the sandbox, which runs its self-test, and closes it. Throws UserError when the self-test fails. */
export async function describeSandbox(): Promise<SandboxReport> {
  const sandbox = await Sandbox.open({ workers: 1 });
  const { level, version } = sandbox.level ?? {};
  sandbox.close();
  const native = findPython();
  return {
    selfTest: 'passed',
    python: `${version} in WebAssembly`,
    realm: level?.realm ? 'bare: nothing of the host in it' : 'missing',
    codeFromStrings: level?.noCodeFromStrings ? 'refused' : 'refused in the realm only',
    nodePermissions: level?.permissions ? 'no files written, no processes' : 'not in force in this Node',
    bubblewrap: level?.bubblewrap ? 'in force' : 'not in force',
    nativePython:
      'missing' in native
        ? `not usable: ${native.missing}`
        : `${native.version}, by --sandbox native: seccomp, Landlock, limits`,
    notCovered: NOT_COVERED,
  };
}
