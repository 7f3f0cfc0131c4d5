import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import manifest from '../../package.json' with { type: 'json' };
import { bindingFolder } from './binding-folder.ts';

/** Program, system and drivers, as far as they show in files: where they change, what was measured is measured again. */
export function describeMachine(): string {
  const cpu = os.cpus()[0]?.model ?? '';
  const nvidia = '/proc/driver/nvidia/version';
  const driver = existsSync(nvidia) ? readFileSync(nvidia, 'utf8').split('\n')[0] : '';
  return [
    manifest.version,
    manifest.dependencies['onnxruntime-node'],
    process.platform,
    process.arch,
    os.release(),
    cpu,
    driver,
    ...devicesInstalled(),
    ...VULKAN_FOLDERS.flatMap(vulkanDrivers),
    process.env.VK_ICD_FILENAMES ?? '',
  ].join(' | ');
}

/** Libraries of devices that were put beside the runtime. */
function devicesInstalled(): string[] {
  const folder = bindingFolder();
  return existsSync(folder) ? readdirSync(folder).filter((file) => file.includes('_providers_')) : [];
}

const VULKAN_FOLDERS = ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d'];

function vulkanDrivers(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((file) => `${file} ${statSync(path.join(folder, file)).mtimeMs}`);
}
