import t from 'tap';
import { addressIn, networkOf, siteOf } from '#src/lib/network.js';

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

t.test('finds the IPv4 address in every spelling of an IPv6 address', async (t) => {
  const mapped = [
    '::ffff:c000:207',
    '::FFFF:C000:0207',
    '0:0:0:0:0:ffff:192.0.2.7',
    '0000:0000:0000:0000:0000:ffff:c000:0207',
    '::0:ffff:192.0.2.7',
    '[::ffff:c000:207]:443',
    '::ffff:c000:207%eth0',
  ];
  for (const address of mapped) {
    t.equal(addressIn(address), '192.0.2.7', address);
    t.equal(networkOf(address), '192.0.2.7', address);
    t.equal(siteOf(address), '192.0.2.7', address);
  }
  for (const address of ['64:ff9b::192.0.2.7', '64:ff9b::c000:207', '::192.0.2.7', '::c000:207']) {
    t.equal(networkOf(address), '192.0.2.7', address);
    t.equal(siteOf(address), '192.0.2.7', address);
  }
  for (const address of ['::1', '::', '::ffff', '::1:ffff:c000:207', '64:ff9b:1::c000:207']) {
    t.match(networkOf(address), /::\/64$/, address);
  }
});

t.test('returns the /48 network of an IPv6 address', async (t) => {
  t.equal(siteOf('2001:db8:1:2::1'), '2001:db8:1::/48');
  t.equal(siteOf('2001:DB8:1:ffff:ffff::'), '2001:db8:1::/48');
  t.equal(siteOf('192.0.2.7'), '192.0.2.7');
  t.equal(siteOf('unix'), 'unix');
});
