import { installCuda } from '../download/cuda.ts';
import { bindingFolder } from '../engine/binding-folder.ts';
import { UserError } from '../errors.ts';
import { type Command, UsageError } from './command.ts';
import { text } from './decode-options.ts';
import { progressReporter } from './progress.ts';

const FEED = 'https://api.nuget.org';
/** Environment variable with the address of a mirror. */
const FEED_VARIABLE = 'UNMASK_NUGET';

export const deviceInstall: Command = {
  name: 'device install',
  usage: 'cuda [--feed URL]',
  summary: "fetch ONNX Runtime's libraries for CUDA 12 from NuGet (Linux on x64)",
  options: {
    feed: { type: 'string', help: `NuGet feed (default: ${FEED_VARIABLE}, or ${FEED})` },
    to: { type: 'string', help: 'folder of the libraries (default: beside ONNX Runtime)' },
  },
  async run(args, values, io) {
    if (args.length !== 1 || args[0] !== 'cuda') throw new UsageError('the only device to install is cuda');
    if (process.platform !== 'linux' || process.arch !== 'x64') {
      throw new UserError(
        `There are no CUDA libraries for ${process.platform}-${process.arch}; they are for linux-x64.`,
      );
    }
    const files = await installCuda(text(values, 'to') ?? bindingFolder(), {
      feed: text(values, 'feed') ?? (process.env[FEED_VARIABLE] || FEED),
      signal: io.signal,
      progress: progressReporter(io),
    });
    const next = 'CUDA 12 and cuDNN 9 must be installed too; `unmask doctor` tells whether the device works.';
    io.result(`${files.join('\n')}\n${next}`, { files });
  },
};
