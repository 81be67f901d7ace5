/**
 * A plain-text response in the document. Input of the caller is returned as text only, so that no
 * browser executes it.
 */
export function plainText(description: string, example: string) {
  return {
    description,
    content: { 'text/plain': { schema: { type: 'string', examples: [example] } } },
  } as const;
}

export const TEXT_TYPE = 'text/plain; charset=utf-8';
