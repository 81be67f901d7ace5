/**
 * Whether FastAPI parses a body with this `content-type` as JSON: `application/json` and
 * `application/*+json`, case-insensitively, with any parameters. A missing header means no JSON
 * (FastAPI's `strict_content_type`). Parsed like Python's `email.message.Message`.
 */
export function isJsonContentType(header: string | undefined): boolean {
  const [type = ''] = (header ?? '').split(';', 1);
  const parts = type.trim().toLowerCase().split('/');
  if (parts.length !== 2 || parts[0] !== 'application') return false;
  return parts[1] === 'json' || parts[1]?.endsWith('+json') === true;
}
