import t from 'tap';
import { parseUserAgent } from '#src/lib/user-agent.js';

t.test('recognizes common browsers and platforms', async (t) => {
  const chrome = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
  const safari = 'AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0';
  const agents: [agent: string, browser: string | null, platform: string | null][] = [
    [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${chrome}`, 'chrome', 'windows'],
    [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${chrome} Edg/140.0.0.0`, 'edge', 'windows'],
    [`Mozilla/5.0 (X11; Linux x86_64) ${chrome} OPR/120.0.0.0`, 'opera', 'linux'],
    [`Mozilla/5.0 (Linux; Android 15) ${chrome}`, 'chrome', 'android'],
    [
      `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${safari} Safari/605.1.15`,
      'safari',
      'macos',
    ],
    [
      `Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) ${safari} Safari/604.1`,
      'safari',
      'iphone',
    ],
    ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'firefox', 'linux'],
    ['Version/18.0 Safari/605.1.15', 'safari', null],
    ['Version/ Version/1 Safari/1', 'safari', null],
    ['Version/ Safari/605', null, null],
    ['Safari/605.1.15 Version/18.0', null, null],
    ['Version/18.0Safari/605', null, null],
    ['curl/8.5.0', null, null],
    ['', null, null],
  ];
  for (const [agent, browser, platform] of agents) {
    t.same(parseUserAgent(agent), { browser, platform }, agent);
  }
});
