import path from 'node:path';
import { UserError } from '../errors.ts';
import { installedModels, MODELS_VARIABLE, modelRoots } from '../models/installed.ts';
import { openModel } from '../models/registry.ts';
import type { InstalledModel } from '../protocol.ts';
import type { Command } from './command.ts';

export const modelList: Command = {
  name: 'model list',
  usage: '',
  summary: `list the models that come with unmask and those in the folder ${MODELS_VARIABLE}`,
  options: {},
  async run(_args, _values, io) {
    const rows = await Promise.all(installedModels().map(describe));
    const none = `no models in ${modelRoots().join(' or ')}`;
    io.result(rows.length === 0 ? none : rows.map(line).join('\n'), { models: rows });
  },
};

async function describe(dir: string): Promise<InstalledModel> {
  try {
    const { name, spec, parameters, bytes, quantization } = await openModel(dir);
    return { name, dir, family: spec.family, parameters, bytes, quantization };
  } catch (error) {
    if (error instanceof UserError) return { name: path.basename(dir), dir, error: error.message };
    throw error;
  }
}

function line(row: InstalledModel): string {
  if (row.error !== undefined) return `${row.name}  cannot be used: ${row.error}`;
  const size = `${((row.parameters ?? 0) / 1e6).toFixed(1)} M parameters, ${((row.bytes ?? 0) / 1e6).toFixed(0)} MB`;
  return `${row.name}  ${row.family}, ${size}, ${row.quantization === 'none' ? 'not quantised' : row.quantization}  ${row.dir}`;
}
