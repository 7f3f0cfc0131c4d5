/** Lines at the margin that begin a definition of Python, with its decorators, and all that belongs to it. */
const DEFINITION = /^(?:@.*\n)*(?:async def|def|class) .*(?:\n(?:[ \t].*|[)\]}].*|(?=\n)))*/gm;

/** The top-level functions and classes of a Python source. */
export function definitions(source: string): string[] {
  return source.replace(/\r\n?/g, '\n').match(DEFINITION) ?? [];
}
