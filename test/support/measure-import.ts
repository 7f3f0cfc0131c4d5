/** Imports a model to int4 and prints the largest resident size of this process, in bytes. */
import { importModel } from '../../server/models/import.ts';

const [source, dest] = process.argv.slice(2);
importModel(source, dest, { quantize: 'int4' }).then(() => {
  process.stdout.write(`${process.resourceUsage().maxRSS * 1024}\n`);
});
