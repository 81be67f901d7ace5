/**
 * Whether FastAPI reads a body of this `content-type` as JSON: `application/json` and
 * `application/*+json` in any case, whatever the parameters. A body without the header is not
 * JSON (FastAPI's `strict_content_type`). Splits as Python's `email.message.Message` does.
 */
export function isJsonContentType(header: string | undefined): boolean {
  const [type = ''] = (header ?? '').split(';', 1);
  const parts = type.trim().toLowerCase().split('/');
  if (parts.length !== 2 || parts[0] !== 'application') return false;
  return parts[1] === 'json' || parts[1]?.endsWith('+json') === true;
}
