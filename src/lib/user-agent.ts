/** What identifies a browser or platform, and its name. */
type Mark = [sign: RegExp | ((field: string) => boolean), name: string];

/** The first match wins, because most browsers also name the ones they derive from. */
const BROWSERS: Mark[] = [
  [/\bEdg(?:e|A|iOS)?\//, 'edge'],
  [/\b(?:OPR|Opera)\//, 'opera'],
  [/\b(?:Firefox|FxiOS)\//, 'firefox'],
  [/\b(?:Chrome|Chromium|CriOS)\//, 'chrome'],
  [isSafari, 'safari'],
  [/\b(?:MSIE |Trident\/)/, 'msie'],
];

const PLATFORMS: Mark[] = [
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

function firstMatch(marks: Mark[], field: string): string | null {
  const isSign = ([sign]: Mark) => (typeof sign === 'function' ? sign(field) : sign.test(field));
  return marks.find(isSign)?.[1] ?? null;
}

/** Safari names its version before itself. Searching for both at once takes cubic time. */
function isSafari(field: string): boolean {
  const version = field.search(/\bVersion\/\S/);
  return version !== -1 && field.includes(' Safari/', version + 'Version/1'.length);
}
