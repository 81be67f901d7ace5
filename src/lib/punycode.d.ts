// The package has no types.
declare module 'punycode.js' {
  interface Punycode {
    /** @throws RangeError if the text is not Punycode */
    decode(text: string): string;
    encode(text: string): string;
  }
  const punycode: Punycode;
  export default punycode;
}
