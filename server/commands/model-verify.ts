import path from 'node:path';
import { defaultThreads } from '../engine/threads.ts';
import { type Golden, verifyForward } from '../engine/verify.ts';
import { UserError } from '../errors.ts';
import { openModel } from '../models/registry.ts';
import { readSafetensorsHeader, readTensor, type TensorTable } from '../models/safetensors.ts';
import { type Command, UsageError } from './command.ts';

export const modelVerify: Command = {
  name: 'model verify',
  usage: 'DIR GOLDEN',
  summary: 'run the rows of a golden file through a model and compare the logits',
  options: {},
  async run(args, _values, io) {
    const [dir, file] = args;
    if (!dir || !file || args.length > 2) throw new UsageError('needs a model folder and a golden file');
    const golden = await readGolden(file);
    const agreement = await verifyForward(await openModel(dir), golden, defaultThreads());
    const { maxAbsLogit, top1Agreement } = agreement;
    io.result(
      `largest difference of a logit ${maxAbsLogit.toExponential(2)}, ` +
        `same best token in ${(100 * top1Agreement).toFixed(1)} % of ${golden.ids.length} rows`,
      agreement,
    );
  },
};

/** Reads input_ids, position_ids, mask and logits of a golden safetensors file. */
async function readGolden(file: string): Promise<Golden> {
  const dir = path.dirname(path.resolve(file));
  const { tensors } = await readSafetensorsHeader(dir, path.basename(file));
  const read = (name: string) => readTensor(dir, find(file, tensors, name));
  const ids = await read('input_ids');
  const golden = {
    ids: [...ids],
    positions: [...(await read('position_ids'))],
    mask: await read('mask'),
    logits: await read('logits'),
  };
  const rows = ids.length;
  if (
    golden.positions.length !== rows ||
    golden.mask.length !== rows * rows ||
    golden.logits.length % rows !== 0
  ) {
    throw new UserError(
      `${file}: input_ids, position_ids, mask and logits must be for the same number of rows.`,
    );
  }
  return golden;
}

function find(file: string, tensors: TensorTable, name: string) {
  const location = tensors.get(name);
  if (!location) throw new UserError(`${file} is not a golden file: it has no tensor ${name}.`);
  return location;
}
