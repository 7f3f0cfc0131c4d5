/** Bytes that byte-level BPE writes as the character of the same number: printable and no space. */
function isPlain(byte: number): boolean {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

/** The other bytes, in order, are written as U+0100, U+0101, … */
const BYTE_OF_CHARACTER: ReadonlyMap<string, number> = (() => {
  const bytes = new Map<string, number>();
  let shifted = 0x100;
  for (let byte = 0; byte < 256; byte++) {
    bytes.set(String.fromCharCode(isPlain(byte) ? byte : shifted++), byte);
  }
  return bytes;
})();

/** The bytes that a piece of a byte-level vocabulary stands for; a character outside the alphabet stands for none. */
export function byteLevelBytes(piece: string): Uint8Array {
  const bytes = [...piece].map((character) => BYTE_OF_CHARACTER.get(character));
  return Uint8Array.from(bytes.filter((byte) => byte !== undefined));
}
