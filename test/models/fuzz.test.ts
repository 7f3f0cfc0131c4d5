/** Damaged headers of weight files load or give a UserError, whatever is in them: never another error, a hang or a crash. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { UserError } from '../../server/errors.ts';
import { openGguf } from '../../server/models/gguf.ts';
import { readSpec } from '../../server/models/read-spec.ts';
import { readSafetensorsHeader } from '../../server/models/safetensors.ts';
import { FIXTURES, temporaryFolder } from '../support/model-files.ts';
import { testRandom } from '../support/tiny-model.ts';

/** Rounds of each fuzzer; UNMASK_FUZZ_ROUNDS asks for more of them. */
const ROUNDS = Number(process.env.UNMASK_FUZZ_ROUNDS ?? 800);

/** Numbers at which readers of lengths, counts and offsets go wrong. */
const LENGTHS = [
  0n,
  1n,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  1n << 32n,
  (1n << 53n) - 1n,
  1n << 53n,
  1n << 62n,
];

type Damage = (bytes: Buffer, header: number, random: (below: number) => number) => Buffer;

const DAMAGES: readonly Damage[] = [
  (bytes, header, random) => {
    bytes[random(header)] = random(256);
    return bytes;
  },
  (bytes, header, random) => {
    bytes[random(header)] ^= 1 << random(8);
    return bytes;
  },
  (bytes, header, random) => {
    bytes.writeBigUInt64LE(LENGTHS[random(LENGTHS.length)], random(header - 8));
    return bytes;
  },
  (bytes, _header, random) => bytes.subarray(0, random(bytes.length)),
  (bytes, header, random) => {
    const [from, to] = [random(header), random(header)];
    bytes.copyWithin(to, from, from + random(64));
    return bytes;
  },
];

async function fuzz(
  t: TestContext,
  { source, header, open }: { source: string; header: number; open(file: string): Promise<unknown> },
): Promise<void> {
  const whole = readFileSync(source);
  const file = path.join(temporaryFolder(t), path.basename(source));
  const next = testRandom(31);
  const random = (below: number) => Math.floor(next() * below);
  let refused = 0;
  for (let round = 0; round < ROUNDS; round++) {
    let bytes: Buffer = Buffer.from(whole);
    for (let i = 0; i <= random(3); i++)
      bytes = DAMAGES[random(DAMAGES.length)](
        bytes,
        Math.min(header, bytes.length - 8 > 0 ? bytes.length - 8 : 1),
        random,
      );
    writeFileSync(file, bytes);
    await open(file).catch((error) => {
      assert.ok(error instanceof UserError, `round ${round}: ${error.stack}`);
      assert.match(error.message, /^[^\n]+\.$/, `round ${round}`);
      refused++;
    });
  }
  t.diagnostic(`${refused} of ${ROUNDS} refused`);
  assert.ok(refused > ROUNDS / 4);
}

const SAFETENSORS = path.join(FIXTURES, 'qwen2-full-bias', 'model.safetensors');

test('safetensors', (t) =>
  fuzz(t, {
    source: SAFETENSORS,
    header: 8 + Number(readFileSync(SAFETENSORS).readBigUInt64LE()),
    open: (file) => readSafetensorsHeader(path.dirname(file), path.basename(file)),
  }));

const GGUF = path.join(FIXTURES, 'gguf-llama');

test('GGUF', (t) => {
  const spec = readSpec('config.json', JSON.parse(readFileSync(path.join(GGUF, 'config.json'), 'utf8')));
  return fuzz(t, {
    source: path.join(GGUF, 'tiny.gguf'),
    header: 1400,
    open: (file) => openGguf(file, spec),
  });
});
