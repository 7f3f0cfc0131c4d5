import type { Device } from '../protocol.ts';
import { loadOrt } from './ort.ts';

export interface DeviceReport {
  name: Exclude<Device, 'auto'>;
  used: boolean;
  /** Why it is used or not: half a sentence. */
  reason: string;
}

const OTHERS: readonly DeviceReport['name'][] = ['webgpu', 'cuda', 'dml', 'coreml'];

/** Every device a forward might run on, and why it does or does not. Never throws. */
export async function deviceReports(): Promise<DeviceReport[]> {
  try {
    const { listSupportedBackends } = await loadOrt();
    const built = new Map(listSupportedBackends().map(({ name, bundled }) => [name, bundled]));
    return [
      { name: 'cpu', used: true, reason: 'the device of this version' },
      ...OTHERS.map((name) => ({ name, used: false, reason: whyNot(built.get(name)) })),
    ];
  } catch (error) {
    return [{ name: 'cpu', used: false, reason: (error as Error).message }];
  }
}

function whyNot(bundled: boolean | undefined): string {
  if (bundled === undefined) return 'not in the ONNX Runtime of this platform';
  return bundled
    ? 'not probed: this version does not support it yet'
    : 'its libraries are not installed, and this version does not support it yet';
}
