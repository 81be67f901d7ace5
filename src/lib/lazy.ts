/**
 * Returns a function that calls `make` when it is first called, and returns that result from then
 * on. For packages that most processes never need: each takes some 10 MB and 50 ms at start.
 */
export function lazy<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
