import { existsSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryFolder } from './model-files.ts';

const CHROMIUM = '/usr/lib/chromium';
const DRIVER = `${CHROMIUM}/vk_swiftshader_icd.json`;

/** Why there is no software driver for WebGPU; false where there is one. */
export const noSoftwareWebgpu =
  !existsSync(DRIVER) && `${DRIVER} is missing; Debian's package chromium has it`;

/** Lets the processes that are started during a test find a software driver for WebGPU. */
export function useSoftwareWebgpu(t: TestContext): void {
  // The loader of Vulkan lies beside libraries that must not be found.
  const libraries = temporaryFolder(t);
  symlinkSync(`${CHROMIUM}/libvulkan.so.1`, path.join(libraries, 'libvulkan.so.1'));
  const environment = { LD_LIBRARY_PATH: libraries, VK_ICD_FILENAMES: DRIVER, XDG_RUNTIME_DIR: '/tmp' };
  for (const [name, value] of Object.entries(environment)) {
    const before = process.env[name];
    process.env[name] = value;
    t.after(() => {
      if (before === undefined) delete process.env[name];
      else process.env[name] = before;
    });
  }
}
