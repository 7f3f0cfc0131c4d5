import { UserError } from '../errors.ts';
import type { ChatLayout } from '../models/spec.ts';
import type { TextCodec } from './loaded-model.ts';

/** A message of a user in the model's chat layout, up to where the answer begins. Throws UserError without one. */
export function chatIds(
  message: readonly number[],
  chat: ChatLayout | undefined,
  codec: TextCodec,
): number[] {
  if (!chat) throw new UserError('This model has no chat layout: ask it for a continuation.');
  if (codec.specialToken(chat.end) === undefined) {
    throw new UserError(
      `tokenizer.json has no token ${chat.end}, which the chat layout of this model needs.`,
    );
  }
  return [...piecesIds(chat.before, codec), ...message, ...piecesIds(chat.after, codec)];
}

/** Text pieces that follow each other are encoded as one text. */
function piecesIds(pieces: readonly string[], codec: TextCodec): number[] {
  const ids: number[] = [];
  let text = '';
  const flush = () => {
    ids.push(...codec.encode(text));
    text = '';
  };
  for (const piece of pieces) {
    const special = codec.specialToken(piece);
    if (special === undefined) {
      text += piece;
      continue;
    }
    flush();
    ids.push(special);
  }
  flush();
  return ids;
}
