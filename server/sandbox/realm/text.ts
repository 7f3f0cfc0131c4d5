/** UTF-8 and UTF-16 for a realm that has no TextEncoder. Malformed input becomes U+FFFD, as everywhere. */
const REPLACEMENT = 0xfffd;

export function encodeUtf8(text: string): Uint8Array {
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    let code = text.codePointAt(i) as number;
    if (code > 0xffff) i++;
    if (code >= 0xd800 && code < 0xe000) code = REPLACEMENT;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else {
      bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63));
      bytes.push(0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    }
  }
  return new Uint8Array(bytes);
}

export function decodeUtf8(bytes: Uint8Array): string {
  let text = '';
  let units: number[] = [];
  for (let i = 0; i < bytes.length; ) {
    const [code, length] = codePoint(bytes, i);
    i += length;
    if (code > 0xffff) units.push(0xd800 + ((code - 0x10000) >> 10), 0xdc00 + ((code - 0x10000) & 1023));
    else units.push(code);
    if (units.length > 8000) {
      text += String.fromCharCode(...units);
      units = [];
    }
  }
  return text + String.fromCharCode(...units);
}

/** The code point at `start` and the bytes it takes. */
function codePoint(bytes: Uint8Array, start: number): [number, number] {
  const first = bytes[start];
  if (first < 0x80) return [first, 1];
  const more = first >= 0xf0 && first < 0xf5 ? 3 : first >= 0xe0 && first < 0xf0 ? 2 : first >= 0xc2 ? 1 : 0;
  if (more === 0 || first >= 0xf5) return [REPLACEMENT, 1];
  let code = first & (0x3f >> more);
  for (let k = 1; k <= more; k++) {
    if ((bytes[start + k] & 0xc0) !== 0x80) return [REPLACEMENT, k];
    code = (code << 6) | (bytes[start + k] & 63);
  }
  return [code > 0x10ffff ? REPLACEMENT : code, more + 1];
}

export function decodeUtf16(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i + 1 < bytes.length; i += 2) text += String.fromCharCode(bytes[i] | (bytes[i + 1] << 8));
  return text;
}
