import t from 'tap';
import { networkOf } from '#src/lib/network.js';

t.test('returns an IPv4 address unchanged', async (t) => {
  t.equal(networkOf('192.0.2.7'), '192.0.2.7');
  t.equal(networkOf('::ffff:192.0.2.7'), '192.0.2.7');
  t.equal(networkOf('::FFFF:192.0.2.7'), '192.0.2.7');
});

t.test('returns the /64 network of an IPv6 address', async (t) => {
  const same = ['2001:db8:1:2::1', '2001:DB8:1:2:ffff:ffff:ffff:ffff', '2001:0db8:0001:0002::'];
  for (const address of same) t.equal(networkOf(address), '2001:db8:1:2::/64', address);
  t.equal(networkOf('2001:db8::1'), '2001:db8:0:0::/64');
  t.equal(networkOf('::1'), '0:0:0:0::/64');
  t.equal(networkOf('fe80::1%eth0'), 'fe80:0:0:0::/64');
  t.not(networkOf('2001:db8:1:3::1'), networkOf('2001:db8:1:2::1'));
});

t.test('returns other strings unchanged', async (t) => {
  for (const text of ['', 'unix', '1.2.3', 'a:b']) t.equal(networkOf(text), text);
});
