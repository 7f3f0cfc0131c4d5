/**
 * Every case in golden/*.txt: a document with the cursor `█`, the raw answer of a model, and the document afterwards,
 * in which `«old»` is overwritten and `‹new›` inserted; or the word `nothing`.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { complete } from '../../server/completion/completion.ts';
import type { Completion, CompletionRequest } from '../../server/completion/request.ts';
import type { Trajectory } from '../../server/protocol.ts';
import { readSettings } from '../../server/settings.ts';
import { trajectoryOf } from '../support/scripted-engine.ts';

const FOLDER = path.join(import.meta.dirname, 'golden');

interface Case {
  name: string;
  /** Lines of the form `key: value` under the name. */
  options: Record<string, string>;
  document: string;
  answer: string;
  expected: string;
}

for (const file of readdirSync(FOLDER).sort()) {
  describe(file, () => {
    for (const golden of readCases(readFileSync(path.join(FOLDER, file), 'utf8'))) {
      test(golden.name, async () => assert.equal(await run(golden), golden.expected));
    }
  });
}

function readCases(text: string): Case[] {
  const sections = text.split(/^=== /m).slice(1);
  return sections.map((section) => {
    const [head, document, answer, expected] = section.split(/^---.*\n/m);
    const [name, ...lines] = head.trimEnd().split('\n');
    const options = Object.fromEntries(lines.map((line) => line.split(/: (.*)/)));
    return {
      name,
      options,
      document: chomp(document),
      answer: chomp(answer),
      expected: chomp(expected).trimEnd(),
    };
  });
}

/** The line end before a separator belongs to the separator. `\r`, `\t` are written out, `\s` is a visible space. */
function chomp(text: string): string {
  return text.replace(/\n$/, '').replaceAll('\\r', '\r').replaceAll('\\t', '\t').replaceAll('\\s', ' ');
}

async function run({ options, document, answer }: Case): Promise<string> {
  const text = document.replace('█', '');
  const offset = document.indexOf('█');
  const request: CompletionRequest = {
    uri: 'file:///project/golden',
    languageId: options.language ?? 'python',
    text,
    offset,
    manual: options.manual === 'yes',
    ...(options.selected && { selected: selection(text, offset, options.selected) }),
  };
  const { settings } = readSettings({ multiline: options.multiline, minConfidence: 0.5 });
  const { completion } = await complete(request, settings, {
    complete: async (asked) => answerOf(answer, asked.settings.stopStrings ?? [], options),
  });
  return completion ? draw(text, completion) : 'nothing';
}

function selection(text: string, offset: number, selected: string) {
  const word = /\w*$/.exec(text.slice(0, offset))![0];
  return { start: offset - word.length, end: offset, text: selected };
}

/** The engine cuts the text before a stop string, as it would. */
function answerOf(
  answer: string,
  stopStrings: readonly string[],
  options: Record<string, string>,
): Trajectory {
  const ends = stopStrings.map((stop) => answer.indexOf(stop)).filter((index) => index >= 0);
  const text = answer.slice(0, Math.min(answer.length, ...ends));
  const trajectory = trajectoryOf(text, 0.9, 3, options['cut off'] === 'yes' ? 'length' : 'token');
  // The probability of a line is all in its first token.
  const confidences = options.confidences?.split(' ').map(Number) ?? [];
  let length = 0;
  let before = -1;
  for (const { revealed } of trajectory.steps) {
    const line = text.slice(0, length).split('\n').length - 1;
    revealed[0].confidence = line === before ? 1 : (confidences[line] ?? 0.9);
    before = line;
    length += revealed[0].text.length;
  }
  return trajectory;
}

function draw(text: string, { text: inserted, start, end }: Completion): string {
  const overwritten = start === end ? '' : `«${text.slice(start, end)}»`;
  const drawn = `${text.slice(0, start)}${overwritten}‹${inserted}›${text.slice(end)}`;
  return drawn.trimEnd();
}
