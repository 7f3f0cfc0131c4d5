/**
 * A failure the user can act on. Its message is one sentence that names the file, key or line and what to do;
 * it is shown as it is, without a stack trace, and ends a command with exit code 1.
 */
export class UserError extends Error {
  override name = 'UserError';
}
