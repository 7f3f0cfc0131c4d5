// Assembles the kernels that are written in WebAssembly's text format.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './lib/paths.mjs';
import { adamWModule } from './lib/wasm.mjs';

writeFileSync(path.join(ROOT, 'kernels/training/adamw-module.ts'), await adamWModule());
