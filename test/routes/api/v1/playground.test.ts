import t from 'tap';
import { parseConfig } from '#app/config.js';
import { createTestApp } from '#test/support/app.js';

const { client, signedIn } = await createTestApp(t);
const anyone = client();
const base = '/api/v1/playground';
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const JSON_TYPE = { 'content-type': 'application/json' };

/** Returns the location and error type of every item of a 422. */
async function refusal(reply: Promise<{ status: number; json: unknown }>): Promise<unknown> {
  const { status, json } = await reply;
  if (status !== 422) return status;
  const { detail } = json as { detail: { type: string; loc: (string | number)[] }[] };
  return detail.map(({ type, loc }) => `${loc.join('.')} ${type}`);
}

const refused = (path: string) => refusal(anyone.get(`${base}${path}`));
const json = async (path: string) => (await anyone.get(`${base}${path}`)).json;

t.test('converts path values', async (t) => {
  t.same(await json('/invoice/99.95'), { amount: 99.95, text: 'Invoice amount: $99.95' });
  t.same((await json('/invoice/7')).text, 'Invoice amount: $7.00');
  t.same(await refused('/invoice/-1'), ['path.amount greater_than']);
  t.same(await refused('/invoice/0'), ['path.amount greater_than']);
  t.same(await refused('/invoice/much'), ['path.amount float_parsing']);
  t.same(await refused('/invoice/inf'), ['path.amount less_than_equal']);
  t.match(await refused('/invoice/nan'), [/^path\.amount /]);

  t.same(await json('/path/a/b/c'), { subpath: 'a/b/c' });
  t.same(await json('/path/a%2Fb'), { subpath: 'a/b' });
  t.same(await json('/path/%E5%BC%A0'), { subpath: '张' });

  t.same(await json('/items/apple'), { items: ['apple'] });
  t.same(await json('/items/apple,pear,%E6%A2%A8'), { items: ['apple', 'pear', '梨'] });
  t.same(await refused('/items/apple,,pear'), ['path.items.1 string_too_short']);
  t.same(await refused(`/items/${'a,'.repeat(100)}a`), ['path.items too_long']);

  t.same(await json('/version/1.22.3'), { version: '1.22.3' });
  t.same(await refused('/version/1.2'), ['path.version string_pattern_mismatch']);
  t.same(await json('/choice/help'), { page: 'help' });
  t.same(await refused('/choice/nothing'), ['path.page literal_error']);
  const uid = '3f2504e0-4f89-41d3-9a0c-0305e82c3301';
  t.same(await json(`/uuid/${uid.toUpperCase()}`), { uid });
  t.same(await refused('/uuid/123'), ['path.uid uuid_parsing']);

  t.same(await json('/item/5'), { item_id: 5, q: null });
  t.same(await json('/item/5?q=x'), { item_id: 5, q: 'x' });
  t.same(await refused('/item/five'), ['path.id int_parsing']);
  const comment = { post_id: 1, comment_id: 2, text: 'Post 1, Comment 2' };
  t.same(await json('/posts/1/comments/2'), comment);
  t.same(await refused('/posts/a/comments/0'), [
    'path.id int_parsing',
    'path.cid greater_than_equal',
  ]);

  t.same(await json('/hello'), { name: null, message: 'Hello, everybody!' });
  t.same(await json('/hello/'), { name: null, message: 'Hello, everybody!' });
  t.same(await json('/hello/Ann'), { name: 'Ann', message: 'Hello, Ann!' });
  t.same(await refused(`/hello/${'a'.repeat(101)}`), ['path.name string_too_long']);
});

t.test('converts query values', async (t) => {
  t.same(await json('/sum'), { n: 100, sum: 5050, formula: 'n(n+1)/2' });
  t.equal((await json('/sum?n=1000')).sum, 500_500);
  t.equal((await json('/sum?n=1000000')).sum, 500_000_500_000);
  t.same(await refused('/sum?n=0'), ['query.n greater_than_equal']);
  t.same(await refused('/sum?n=1000001'), ['query.n less_than_equal']);
  t.same(await refused('/sum?n=1.5'), ['query.n int_parsing']);

  const defaults = { search: '', page: 1, sort: 'created_at', tags: [], code: null, ratio: null };
  t.same(await json('/query'), defaults);
  t.same(await json('/query?q=x&page=2&sort=-title&tag=a&tag=b&code=ABC&ratio=0.5&other=1'), {
    search: 'x',
    page: 2,
    sort: '-title',
    tags: ['a', 'b'],
    code: 'ABC',
    ratio: 0.5,
  });
  t.equal((await json('/query?keyword=old')).search, 'old');
  t.equal((await json('/query?keyword=old&q=new')).search, 'new');
  t.same(await refused('/query?page=0&sort=size&tag=&code=AB&ratio=0'), [
    'query.page greater_than_equal',
    'query.sort string_pattern_mismatch',
    'query.tag.0 string_too_short',
    'query.code string_too_short',
    'query.ratio greater_than',
  ]);
  t.same(await refused('/query?page=1001&code=ABCDEFGHIJK&ratio=1'), [
    'query.page less_than_equal',
    'query.code string_too_long',
    'query.ratio less_than',
  ]);

  const search = { q: 'fastify', page: 1, size: 10, sort: 'relevance' };
  t.same(await json('/search?q=fastify'), search);
  t.same(await refused('/search'), ['query.q missing']);
  t.same(await refused(`/search?q=${'a'.repeat(101)}&page=0&size=101&sort=name`), [
    'query.q string_too_long',
    'query.page greater_than_equal',
    'query.size less_than_equal',
    'query.sort string_pattern_mismatch',
  ]);

  const greeting = await anyone.get(`${base}/greet?user_name=${encodeURIComponent('张三')}`);
  t.equal(greeting.text, 'Hello,张三');
  const markup = await anyone.get(`${base}/greet?user_name=%3Cscript%3E`);
  t.equal(markup.text, 'Hello,<script>');
  t.equal(markup.headers['content-type'], 'text/plain; charset=utf-8');
  t.equal(markup.headers['x-content-type-options'], 'nosniff');
  t.same(await refused('/greet'), ['query.user_name missing']);
});

t.test('returns the context of a request', async (t) => {
  const { json, headers } = await anyone.get(`${base}/context?token=abc&page=1`, {
    'x-request-id': 'req-12345',
  });
  t.same(json, {
    app_context: { app_name: 'althing', config_app_name: 'Althing', debug_mode: true },
    request_context: {
      method: 'GET',
      url: `http://localhost:80${base}/context?token=[redacted]&page=1`,
      endpoint: 'playground-context',
      blueprint: 'playground',
      view_args: {},
    },
    g_data: { request_id: 'req-12345', user_ip: '127.0.0.1' },
  });
  t.equal(headers['x-request-id'], 'req-12345');
});

t.test('inspects requests with any method', async (t) => {
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
    const url = `${base}/inspect?page=1&q=test&tag=a&tag=b`;
    const { status, json } = await anyone.request({ method, url });
    t.equal(status, 200, method);
    t.match(json, {
      method,
      path: `${base}/inspect`,
      full_path: url,
      scheme: 'http',
      is_secure: false,
      remote_addr: '127.0.0.1',
      content_type: null,
      is_ajax: false,
      args: { page: '1', q: 'test', tag: ['a', 'b'] },
      form: {},
      json: null,
    });
    t.equal(json.base_url, `http://${json.host}${base}/inspect`);
    t.equal(json.url, `http://${json.host}${url}`);
    t.equal(json.url_root, `http://${json.host}/`);
  }
  const posted = await anyone.post(
    `${base}/inspect`,
    { action: 'test', user: 'alice' },
    { 'x-requested-with': 'XMLHttpRequest' },
  );
  t.match(posted.json, { is_ajax: true, content_type: 'application/json', form: {} });
  t.same(posted.json.json, { action: 'test', user: 'alice' });
  const form = await anyone.post(`${base}/inspect`, 'a=1&b=x&b=%E5%BC%A0', FORM);
  t.same([form.json.form, form.json.json], [{ a: '1', b: ['x', '张'] }, null]);
  for (const body of ['{"a":', '[1', '"\ud800']) {
    const { status, json } = await anyone.post(`${base}/inspect`, body, JSON_TYPE);
    t.same([status, json.json], [200, null], body);
  }
  const multipart = [
    '--x',
    'Content-Disposition: form-data; name="title"',
    '',
    'A file',
    '--x',
    'Content-Disposition: form-data; name="file"; filename="a.txt"',
    'Content-Type: text/plain',
    '',
    'its content',
    '--x--',
    '',
  ].join('\r\n');
  const type = { 'content-type': 'multipart/form-data; boundary=x' };
  for (const [sent, shown] of [
    ['9007199254740993', 9007199254740992],
    ['{"a":[9007199254740993]}', { a: [9007199254740992] }],
  ] as const) {
    const { status, json } = await anyone.post(`${base}/inspect`, sent, JSON_TYPE);
    t.equal(status, 200, 'an integer beyond 2^53');
    t.same(json.json, shown);
  }
  t.same((await anyone.post(`${base}/inspect`, multipart, type)).json.form, {
    title: 'A file',
    file: { filename: 'a.txt', content_type: 'text/plain', size: 11 },
  });
  t.match((await anyone.post(`${base}/echo`, multipart, type)).text, /^Body: \[\d+ bytes\]$/m);
  const large = await anyone.post(`${base}/inspect`, 'x'.repeat(65_537), FORM);
  t.same([large.status, large.json.code], [413, 'payload_too_large']);
});

t.test('echoes plain text', async (t) => {
  const { text, headers } = await anyone.post(`${base}/echo?a=1`, 'Hello, WSGI! <b>', {
    'content-type': 'text/plain',
    host: 'example.com:8000',
  });
  t.equal(
    text,
    [
      'Method: POST',
      `Path: ${base}/echo`,
      'Query: a=1',
      'Content-Type: text/plain',
      'Body: Hello, WSGI! <b>',
      'Server: example.com:8000',
      '',
    ].join('\n'),
  );
  t.equal(headers['content-type'], 'text/plain; charset=utf-8');
  t.equal(headers['content-length'], String(Buffer.byteLength(text)));
  t.equal(headers['x-content-type-options'], 'nosniff');
  for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
    const reply = await anyone.request({ method, url: `${base}/echo` });
    t.match(reply.text, `Method: ${method}\n`);
  }
  const bytes = await anyone.request({
    method: 'POST',
    url: `${base}/echo`,
    payload: Buffer.from([0xff, 0xfe]),
    headers: { 'content-type': 'application/octet-stream' },
  });
  t.match(bytes.text, 'Body: [2 bytes]\n');
});

t.test('never sends a secret back', async (t) => {
  const sneaky = client();
  sneaky.setCookie('session_id', 'hushhush');
  sneaky.setCookie('theme', 'hushhush');
  const headers = {
    authorization: 'Bearer hushhush',
    'proxy-authorization': 'Basic hushhush',
    'x-api-key': 'hushhush',
    'x-csrf-token': 'hushhush',
    'x-auth-token': 'hushhush',
    referer: 'http://localhost/?access_token=hushhush&page=1',
    'user-agent': 'curl token=hushhush',
  };
  const nested = {
    user: { password: 'hushhush', Client_Secret: ['hushhush'] },
    token: { a: 'hushhush' },
  };
  const bodies: [type: string, body: string][] = [
    ['application/json', JSON.stringify(nested)],
    ['application/json', '{"p\\u0061ssword": "hushhush"}'],
    ['application/json', '{"password": "hushhush", '],
    ['text/plain', JSON.stringify(nested)],
    ['text/plain', 'Authorization: Bearer hushhush\npassword=hushhush&a=1'],
    ['text/plain', 'password: }my hushhush phrase\ntoken="a\\\nhushhush"'],
    ['text/plain', `${'token'.repeat(10_000)}=hushhush`],
    ['application/x-www-form-urlencoded', 'new_p%61ssword=hushhush&api_key=hushhush&a=1'],
    ['application/x-www-form-urlencoded', '{"password":"hushhush"}'],
    [
      'multipart/form-data; boundary=x',
      '--x\r\nContent-Disposition: form-data; name="password"\r\n\r\nhushhush\r\n--x--\r\n',
    ],
  ];
  for (const path of ['/inspect', '/echo', '/headers', '/cookies', '/context']) {
    const reply = await sneaky.get(`${base}${path}?password=hushhush&session=hushhush`, headers);
    t.equal(reply.status, 200);
    t.notMatch(reply.text, /hushhush/, path);
  }
  for (const path of ['/inspect', '/echo']) {
    for (const [type, body] of bodies) {
      const reply = await sneaky.post(`${base}${path}`, body, { ...headers, 'content-type': type });
      t.equal(reply.status, 200);
      t.notMatch(reply.text, /hushhush/, `${path} ${type} ${body.slice(0, 40)}`);
    }
  }
  const { json } = await sneaky.post(`${base}/inspect?page=1`, nested, headers);
  t.match(json.headers, { authorization: '[redacted]', cookie: '[redacted]' });
  t.equal(json.headers.referer, 'http://localhost/?access_token=[redacted]&page=1');
  t.same(json.json, {
    user: { password: '[redacted]', Client_Secret: '[redacted]' },
    token: '[redacted]',
  });
  t.match(
    (await sneaky.post(`${base}/echo`, 'password=hushhush&a=1', FORM)).text,
    'password=[redacted]&a=1',
  );
});

t.test('converts headers and cookies', async (t) => {
  const userAgent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
  const { json } = await anyone.get(`${base}/headers`, {
    'user-agent': userAgent,
    'accept-language': 'en;q=0.5, zh-CN, de;q=0',
    authorization: 'Bearer abc',
  });
  t.same(json, {
    user_agent: userAgent,
    user_agent_browser: 'firefox',
    user_agent_platform: 'linux',
    accept_languages: ['zh-CN', 'en'],
    authorization: '[redacted]',
  });
  const bare = (await anyone.get(`${base}/headers`, { 'user-agent': 'curl/8' })).json;
  t.match(bare, { user_agent_browser: null, user_agent_platform: null, authorization: null });
  t.same(bare.accept_languages, []);

  t.same((await anyone.get(`${base}/cookies`)).json, { all_cookies: {}, session_id: null });
  const kept = client();
  kept.setCookie('theme', 'dark');
  kept.setCookie('session_id', 'abc');
  t.same((await kept.get(`${base}/cookies`)).json, {
    all_cookies: { theme: '[redacted]', session_id: '[redacted]' },
    session_id: '[redacted]',
  });
});

t.test('accepts a form', async (t) => {
  const post = (body: string) => anyone.post(`${base}/form`, body, FORM);
  const reply = await post('username=alice&password=hushhush&hobby=go&hobby=chess');
  t.same([reply.status, reply.json], [200, { username: 'alice', hobbies: ['go', 'chess'] }]);
  t.same((await post('username=alice&password=x')).json.hobbies, []);
  t.same(await refusal(post('hobby=go')), ['body.username missing', 'body.password missing']);
  const wrong = await post(`username=${'a'.repeat(51)}&password=hushhush`);
  t.equal(wrong.status, 422);
  t.notMatch(wrong.text, /hushhush/);
});

t.test('accepts JSON', async (t) => {
  const post = (body: unknown, headers = {}) => anyone.post(`${base}/json`, body, headers);
  const person = {
    name: 'Zhang San',
    age: 20,
    isMale: true,
    hobbies: ['reading'],
    address: { city: 'Dalian', detail: 'Jinzhou District' },
    email: null,
  };
  t.same((await post(person)).json, { received: person, content_type: 'application/json' });
  t.same((await post({ name: 'Ann', password: 'hushhush' })).json.received, {
    name: 'Ann',
    hobbies: [],
    email: null,
  });
  t.same(await refusal(post('{"name": ', JSON_TYPE)), ['body.9 json_invalid']);
  t.same(await refusal(post(undefined)), ['body missing']);
  t.same(await refusal(post({ age: 'old', isMale: 3, address: {} })), [
    'body.name missing',
    'body.age int_parsing',
    'body.isMale bool_parsing',
    'body.address.city missing',
  ]);
});

t.test('creates a resource with a nested body', async (t) => {
  const post = (body: unknown, headers = {}) => anyone.post(`${base}/users`, body, headers);
  const john = { username: 'john', address: { street: 'Main St 123', city: 'Shenzhen' } };
  const reply = await post(john);
  t.equal(reply.status, 201);
  t.same(reply.json, {
    created: { ...john, tags: [], address: { ...john.address, zipcode: null } },
  });
  t.same(await refusal(post({ username: 'ab', address: { city: 'x' } })), [
    'body.username string_too_short',
    'body.address.street missing',
  ]);
  const key = { 'idempotency-key': 'playground-1' };
  t.equal((await post(john, key)).headers['idempotent-replayed'], undefined);
  const again = await post(john, key);
  t.same([again.status, again.headers['idempotent-replayed']], [201, 'true']);
  t.same(again.json, reply.json);
});

t.test('calculates', async (t) => {
  const calc = (a: string, op: string, b: string) =>
    anyone.post(`${base}/calc`, new URLSearchParams({ a, op, b }).toString(), FORM);
  t.same((await calc('10', '/', '4')).json, { a: 10, b: 4, op: '/', result: 2.5 });
  t.equal((await calc('10', '/', '3')).json.result, 10 / 3);
  t.equal((await calc('1.5', '+', '2')).json.result, 3.5);
  t.equal((await calc('1', '-', '2')).json.result, -1);
  t.equal((await calc('3', '*', '4')).json.result, 12);
  const byZero = await calc('1', '/', '0');
  t.same([byZero.status, byZero.json.code], [400, 'division_by_zero']);
  const tooLarge = await calc('1e15', '/', '5e-324');
  t.same([tooLarge.status, tooLarge.json.code], [400, 'result_too_large']);
  t.same(await refusal(calc('one', '%', 'inf')), [
    'body.a float_parsing',
    'body.b less_than_equal',
    'body.op literal_error',
  ]);
  t.match(await refusal(calc('1', '+', 'nan')), [/^body\.b /]);
  const chinese = await anyone.post(`${base}/calc`, 'a=1&op=/&b=0', {
    ...FORM,
    'accept-language': 'zh',
  });
  t.equal(chinese.json.detail, '除数不能为零');
});

t.test('requires no CSRF token', async (t) => {
  const user = await signedIn({ username: 'visitor' });
  user.dropCsrfToken();
  t.equal((await user.post(`${base}/json`, { name: 'Ann' })).status, 200);
  t.equal((await user.post(`${base}/users`, { username: 'john' })).status, 201);
  t.equal((await user.delete(`${base}/inspect`)).status, 200);
});

t.test('returns responses of every kind', async (t) => {
  const get = (path: string) => anyone.get(`${base}/responses${path}`);
  const text = await get('/text');
  t.equal(text.text, 'Plain text response');
  t.equal(text.headers['content-type'], 'text/plain; charset=utf-8');

  const example = { message: 'Success', data: { id: 1, name: 'Example' }, status: 'ok' };
  t.equal((await get('/json')).text, JSON.stringify(example));
  t.equal((await get('/json?pretty=1')).text, JSON.stringify(example, null, 2));
  t.same(await refusal(get('/json?pretty=very')), ['query.pretty bool_parsing']);

  const custom = await get('/custom');
  t.same([custom.status, custom.json], [201, { message: 'Created' }]);
  t.match(custom.headers, {
    'x-custom-header': 'CustomValue',
    'cache-control': 'no-cache, no-store, must-revalidate',
  });
  const empty = await get('/empty');
  t.same([empty.status, empty.text, empty.headers['content-type']], [204, '', undefined]);

  const cookie = await client().get(`${base}/responses/cookie`);
  t.equal(cookie.text, 'Cookie已设置');
  t.equal(
    String(cookie.headers['set-cookie']),
    `session_token=abc123def456; Max-Age=3600; Path=${base}/; HttpOnly; Secure; SameSite=Lax`,
  );
  const redirect = await get('/redirect');
  t.same([redirect.status, redirect.headers['location']], [302, `${base}/responses/text`]);

  const download = await get('/download');
  t.equal(download.text, 'Hello, this is a downloadable file content.');
  t.equal(download.headers['content-disposition'], 'attachment; filename=example.txt');
  t.match(download.headers['content-type'], /^text\/plain/);
  const csv = await get('/csv');
  t.match(csv.headers, {
    'content-type': 'text/csv; charset=utf-8',
    'content-disposition': 'attachment; filename=users.csv',
  });
  t.match(csv.text, /^ID,Name,Email\r\n1,Alice,.*\r\n2,Bob,.*\r\n$/);

  const began = performance.now();
  t.same(await json('/async'), { message: 'Async response' });
  t.ok(performance.now() - began >= 99);
});

t.test('answers 500 to an internal error', async (t) => {
  const { status, json, headers } = await anyone.get(`${base}/error`);
  t.equal(status, 500);
  t.same(json, {
    detail: 'Internal Server Error',
    code: 'internal_error',
    request_id: headers['x-request-id'],
  });
  t.same((await anyone.get(`${base}/error?divisor=-3`)).json, { divisor: -3, quotient: -333 });
  t.same(await refused('/error?divisor=x'), ['query.divisor int_parsing']);
});

t.test('can be switched off, and is off in production', async (t) => {
  const gone = async (settings: object) => {
    const { app, client } = await createTestApp(t, settings);
    // The guide mentions it wherever the service runs.
    const { info: _guide, ...contract } = (await client().get('/openapi.json')).json;
    const document = JSON.stringify(contract);
    const { statusCode } = await app.inject(`${base}/hello`);
    return [statusCode, /playground/i.test(document)];
  };
  t.equal(parseConfig({ PLAYGROUND: 'false' }).PLAYGROUND, false);
  t.same(await gone({ PLAYGROUND: false }), [404, false]);
  t.same(await gone({ APP_ENV: 'production' }), [404, false]);
  t.same(await gone({ APP_ENV: 'production', PLAYGROUND: true }), [200, true]);
});
