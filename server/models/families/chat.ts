import type { ChatLayout } from '../spec.ts';

/** ChatML, as Qwen has it; `system`: the message that its template puts first when there is none. */
export function chatMl(system?: string): ChatLayout {
  const turn = system === undefined ? [] : ['<|im_start|>', `system\n${system}`, '<|im_end|>', '\n'];
  return {
    before: [...turn, '<|im_start|>', 'user\n'],
    after: ['<|im_end|>', '\n', '<|im_start|>', 'assistant\n'],
    end: '<|im_end|>',
  };
}
