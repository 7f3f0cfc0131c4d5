/**
 * A failure the user can act on. Its message is one sentence that names the file, key or line and what to do;
 * it is shown as it is, without a stack trace, and ends a command with exit code 1.
 */
export class UserError extends Error {
  override name = 'UserError';

  /** Control characters, which names in damaged files may have, become U+FFFD: the message stays one line. */
  constructor(message: string) {
    super(message.replaceAll(/\p{Cc}/gu, '\ufffd'));
  }
}
