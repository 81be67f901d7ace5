/**
 * Returns a function that is true at its first call, and then at most once per interval. Serves to
 * limit how often something is logged.
 *
 * @param milliseconds length of the interval
 */
export function oncePer(milliseconds: number): (now: Date) => boolean {
  let last = Number.NEGATIVE_INFINITY;
  return (now) => {
    if (now.getTime() - last < milliseconds) return false;
    last = now.getTime();
    return true;
  };
}
