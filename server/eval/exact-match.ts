/** Whether a completion is what the author wrote; space at the end does not count. */
export function exactMatch(completion: string, reference: string): boolean {
  return completion.trimEnd() === reference.trimEnd();
}
