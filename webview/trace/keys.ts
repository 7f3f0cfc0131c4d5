/** What of a keyboard event matters. */
export interface Key {
  key: string;
  ctrlKey: boolean;
  altKey: boolean;
  metaKey: boolean;
}

/** Where the focus is: on a token, on a control that has keys of its own, or on neither. */
export type KeyPlace = 'token' | 'control' | 'page';

export type KeyAction =
  | 'play'
  | 'first'
  | 'back'
  | 'forward'
  | 'last'
  | 'tokenLeft'
  | 'tokenRight'
  | 'tokenUp'
  | 'tokenDown'
  | 'tokenFirst'
  | 'tokenLast'
  | 'goToToken';

const ON_PAGE: Record<string, KeyAction> = {
  ' ': 'play',
  ArrowLeft: 'back',
  ArrowRight: 'forward',
  ArrowUp: 'back',
  ArrowDown: 'forward',
  Home: 'first',
  End: 'last',
};

const ON_TOKEN: Record<string, KeyAction> = {
  ' ': 'play',
  Enter: 'goToToken',
  ArrowLeft: 'tokenLeft',
  ArrowRight: 'tokenRight',
  ArrowUp: 'tokenUp',
  ArrowDown: 'tokenDown',
  Home: 'tokenFirst',
  End: 'tokenLast',
};

/** What a key does. With a modifier it belongs to the editor. */
export function keyAction({ key, ctrlKey, altKey, metaKey }: Key, place: KeyPlace): KeyAction | undefined {
  if (ctrlKey || altKey || metaKey || place === 'control') return undefined;
  return (place === 'token' ? ON_TOKEN : ON_PAGE)[key];
}
