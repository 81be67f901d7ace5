const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether a method only reads (RFC 9110, section 9.2.1), of those that the service knows. */
export function isSafe(method: string): boolean {
  return SAFE_METHODS.has(method);
}
