import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../../scripts/lib/paths.mjs';

const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');
const manifest = JSON.parse(read('package.json'));
const { commands, configuration, keybindings, menus, walkthroughs } = manifest.contributes;
const settings: Record<string, Record<string, unknown>> = configuration.properties;

test('the settings are those that the server reads, and at most twenty', () => {
  const [, body] = /interface ServerSettings \{(.*?)\n\}/s.exec(read('server/protocol.ts'))!;
  const fields = [...body.matchAll(/^ {2}(\w+)\??:/gm)].map(([, name]) => `unmask.${name}`);
  assert.deepEqual(Object.keys(settings).sort(), fields.sort());
  assert.ok(fields.length <= 20);
});

for (const [name, setting] of Object.entries(settings)) {
  test(`${name} has a type, a scope, a sentence and a default of its type`, () => {
    assert.ok(setting.scope);
    assert.match(String(setting.description ?? setting.markdownDescription), /\.$/);
    const { type, default: value } = setting;
    const actual = Array.isArray(value) ? 'array' : typeof value;
    assert.equal(actual, type === 'integer' ? 'number' : type);
    if (setting.enum) assert.ok((setting.enum as unknown[]).includes(value));
    if (type === 'integer') assert.ok(Number.isInteger(value));
  });
}

test('README has the settings with their defaults and sentences', () => {
  const rows = [...read('README.md').matchAll(/^\| `(unmask\.\w+)` \|(.*?)\| (.*) \|$/gm)];
  const inWords = ['unmask.languages', 'unmask.model'];
  const expected = Object.entries(settings).map(([name, setting]) => [
    name,
    inWords.includes(name) ? 'in words' : `\`${JSON.stringify(setting.default)}\``,
    setting.description ?? setting.markdownDescription,
  ]);
  assert.deepEqual(
    rows.map(([, name, value, sentence]) => [
      name,
      inWords.includes(name) ? 'in words' : value.trim(),
      sentence,
    ]),
    expected,
  );
});

test('every command of the manifest has a handler and every handler a command', () => {
  const handled = [...read('extension/commands.ts').matchAll(/^ {2}'(unmask\.\w+)':/gm)].map(([, id]) => id);
  const titled = commands.map(({ command }: { command: string }) => command);
  assert.deepEqual(titled.sort(), handled.sort());
});

test('no key of Tab is bound, and what is bound needs a writable editor', () => {
  for (const { key, when } of keybindings) {
    assert.doesNotMatch(key, /tab/i);
    assert.equal(when, 'editorTextFocus && !editorReadonly');
  }
});

test('the folder may choose nothing that loads files while it is not trusted', () => {
  const { supported, description, restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;
  assert.equal(supported, 'limited');
  assert.match(description, /^[A-Z][^.]*\.$/);
  assert.deepEqual(restrictedConfigurations, ['unmask.model']);
});

test('what the manifest points to exists', () => {
  const known = new Set(commands.map(({ command }: { command: string }) => command));
  for (const { command } of menus.commandPalette) assert.ok(known.has(command), command);
  const media: { markdown?: string; image?: Record<string, string> }[] = walkthroughs.flatMap(
    ({ steps }: { steps: { media: object }[] }) => steps.map((step) => step.media),
  );
  const files = media.flatMap(({ markdown, image }) => markdown ?? Object.values(image!));
  for (const file of files) assert.ok(existsSync(path.join(ROOT, file)), file);
  assert.ok(existsSync(path.join(ROOT, manifest.icon)));
});
