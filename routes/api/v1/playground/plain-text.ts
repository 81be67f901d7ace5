/** An answer of plain text in the document. What callers sent stays text: no browser runs it. */
export function plainText(description: string, example: string) {
  return {
    description,
    content: { 'text/plain': { schema: { type: 'string', examples: [example] } } },
  } as const;
}

export const TEXT_TYPE = 'text/plain; charset=utf-8';
