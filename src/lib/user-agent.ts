/** The first match wins, because most browsers also name the ones they derive from. */
const BROWSERS: [pattern: RegExp, name: string][] = [
  [/\bEdg(?:e|A|iOS)?\//, 'edge'],
  [/\b(?:OPR|Opera)\//, 'opera'],
  [/\b(?:Firefox|FxiOS)\//, 'firefox'],
  [/\b(?:Chrome|Chromium|CriOS)\//, 'chrome'],
  [/\bVersion\/\S+.* Safari\//, 'safari'],
  [/\b(?:MSIE |Trident\/)/, 'msie'],
];

const PLATFORMS: [pattern: RegExp, name: string][] = [
  [/\bWindows\b/, 'windows'],
  [/\biPhone\b/, 'iphone'],
  [/\biPad\b/, 'ipad'],
  [/\bAndroid\b/, 'android'],
  [/\bMac OS X\b|\bMacintosh\b/, 'macos'],
  [/\bCrOS\b/, 'chromeos'],
  [/\bLinux\b/, 'linux'],
];

export interface UserAgent {
  browser: string | null;
  platform: string | null;
}

/** Returns the browser and platform of a `User-Agent` field; null unless they are common ones. */
export function parseUserAgent(field: string): UserAgent {
  return { browser: firstMatch(BROWSERS, field), platform: firstMatch(PLATFORMS, field) };
}

function firstMatch(names: [pattern: RegExp, name: string][], text: string): string | null {
  return names.find(([pattern]) => pattern.test(text))?.[1] ?? null;
}
