import { plainNumber } from '#src/lib/validation/index.js';
import type { Messages } from './english.js';

const text = (fixed: string) => () => fixed;

/** Python joins the last two values with `or`. */
function choice(expected: unknown): string {
  return String(expected).replace(/ or (?=[^,]*$)/, ' 或 ');
}

const COLLECTIONS: Record<string, string> = {
  List: '列表',
  Set: '集合',
  Tuple: '元组',
  Dictionary: '字典',
};

function itemCount(ctx: Readonly<Record<string, unknown>>, limit: '至少' | '最多', count: unknown) {
  const collection = COLLECTIONS[String(ctx['field_type'])] ?? String(ctx['field_type']);
  return `${collection}${limit}应有 ${count} 项，实际为 ${ctx['actual_length'] ?? '更多'}`;
}

/** 简体中文 */
export const chinese: Messages = {
  validation: {
    missing: text('该字段为必填项'),
    extra_forbidden: text('不允许额外的输入'),
    recursion_loop: text('递归错误：检测到循环引用'),
    json_invalid: text('JSON 解析错误'),
    none_required: text('输入应为空值'),

    string_type: text('输入应为有效的字符串'),
    string_too_short: (ctx) => `长度不能少于${ctx['min_length']}个字符`,
    string_too_long: (ctx) => `长度不能超过${ctx['max_length']}个字符`,
    string_pattern_mismatch: (ctx) => `字符串应匹配模式 '${ctx['pattern']}'`,
    bytes_type: text('输入应为有效的字节串'),
    bytes_too_short: (ctx) => `数据不能少于${ctx['min_length']}个字节`,
    bytes_too_long: (ctx) => `数据不能超过${ctx['max_length']}个字节`,

    int_type: text('输入应为有效的整数'),
    int_parsing: text('输入应为有效的整数，无法将字符串解析为整数'),
    int_parsing_size: text('无法将输入的字符串解析为整数，超出最大长度'),
    int_from_float: text('输入应为有效的整数，得到的数字带有小数部分'),
    float_type: text('输入应为有效的数字'),
    float_parsing: text('输入应为有效的数字，无法将字符串解析为数字'),
    finite_number: text('输入应为有限的数字'),
    decimal_type: text('小数输入应为整数、浮点数、字符串或小数对象'),
    decimal_parsing: text('输入应为有效的小数'),
    multiple_of: (ctx) => `输入应为 ${plainNumber(ctx['multiple_of'])} 的倍数`,
    less_than_equal: (ctx) => `输入应小于或等于 ${plainNumber(ctx['le'])}`,
    less_than: (ctx) => `输入应小于 ${plainNumber(ctx['lt'])}`,
    greater_than_equal: (ctx) => `输入应大于或等于 ${plainNumber(ctx['ge'])}`,
    greater_than: (ctx) => `输入应大于 ${plainNumber(ctx['gt'])}`,

    bool_type: text('输入应为有效的布尔值'),
    bool_parsing: text('输入应为有效的布尔值，无法解释输入'),

    model_attributes_type: text('输入应为有效的字典或可提取字段的对象'),
    dict_type: text('输入应为有效的字典'),
    list_type: text('输入应为有效的列表'),
    set_type: text('输入应为有效的集合'),
    tuple_type: text('输入应为有效的元组'),
    too_short: (ctx) => itemCount(ctx, '至少', ctx['min_length']),
    too_long: (ctx) => itemCount(ctx, '最多', ctx['max_length']),

    enum: (ctx) => `输入应为 ${choice(ctx['expected'])}`,
    literal_error: (ctx) => `输入应为 ${choice(ctx['expected'])}`,
    union_tag_not_found: (ctx) => `无法用判别字段 ${ctx['discriminator']} 取得标签`,
    union_tag_invalid: (ctx) =>
      `判别字段 ${ctx['discriminator']} 的标签 '${ctx['tag']}' 不是预期的标签之一：${ctx['expected_tags']}`,

    uuid_type: text('UUID 输入应为字符串、字节串或 UUID 对象'),
    uuid_parsing: (ctx) => `输入应为有效的 UUID：${ctx['error']}`,
    uuid_version: (ctx) => `应为第 ${ctx['expected_version']} 版 UUID`,
    datetime_type: text('输入应为有效的日期时间'),
    datetime_parsing: (ctx) => `输入应为有效的日期时间：${ctx['error']}`,
    datetime_from_date_parsing: (ctx) => `输入应为有效的日期时间或日期：${ctx['error']}`,
    date_type: text('输入应为有效的日期'),
    date_parsing: (ctx) => `输入应为 YYYY-MM-DD 格式的有效日期：${ctx['error']}`,
    date_from_datetime_parsing: (ctx) => `输入应为有效的日期或日期时间：${ctx['error']}`,
    date_from_datetime_inexact: text('作为日期的日期时间，其时间应为零点'),
    time_type: text('输入应为有效的时间'),
    time_parsing: (ctx) => `输入应为有效的时间格式：${ctx['error']}`,
    time_delta_type: text('输入应为有效的时长'),
    time_delta_parsing: (ctx) => `输入应为有效的时长：${ctx['error']}`,

    url_type: text('网址输入应为字符串或网址'),
    url_parsing: (ctx) => `输入应为有效的网址：${ctx['error']}`,
    url_too_long: (ctx) => `网址不能超过${ctx['max_length']}个字符`,
    url_scheme: (ctx) => `网址的协议应为 ${choice(ctx['expected_schemes'])}`,
    ip_v4_address: text('输入不是有效的 IPv4 地址'),
    ip_v6_address: text('输入不是有效的 IPv6 地址'),
    ip_any_address: text('输入不是有效的 IPv4 或 IPv6 地址'),
    value_error: (ctx) =>
      'reason' in ctx
        ? `请输入有效的邮箱地址：${ctx['reason']}`
        : '值错误，应为上传的文件，收到的是文本',

    password_empty: text('密码不能为空'),
    password_too_short: (ctx) => `密码长度不能少于${ctx['min_length']}个字符`,
    password_too_long: (ctx) => `密码长度不能超过${ctx['max_length']}个字符`,
    password_no_upper: text('密码必须包含大写字母'),
    password_no_lower: text('密码必须包含小写字母'),
    password_no_digit: text('密码必须包含数字'),
    password_no_special: text('密码必须包含特殊字符'),
  },

  errors: {
    bad_request: '请求无效',
    unparsable_body: '无法解析请求体',
    missing_boundary: 'multipart 缺少 boundary。',
    division_by_zero: '除数不能为零',
    result_too_large: '结果过大，无法表示为数字',
    not_authenticated: '缺少有效的认证令牌',
    invalid_credentials: '用户名或密码错误',
    invalid_token: '令牌无效或已过期',
    wrong_token_type: '令牌类型错误',
    user_unavailable: '用户不存在或已禁用',
    forbidden: '权限不足',
    admin_required: '需要管理员权限',
    insufficient_scope: 'API 密钥缺少权限范围 {scope}',
    key_not_allowed: '此处不能使用 API 密钥，请登录',
    registration_closed: '本站不开放注册，请联系管理员',
    beyond_own_permissions: '不能授予自己没有的权限',
    edit_window_over: '评论发表 {minutes} 分钟后不能再编辑',
    csrf_failed: 'CSRF 令牌缺失或不正确',
    not_found: '未找到',
    no_upstream: '未配置上游服务',
    method_not_allowed: '不允许的请求方法',
    request_timeout: '请求未能及时到达',
    not_acceptable: '无法提供可接受的内容类型',
    duplicate: '已被注册：{fields}',
    still_in_use: '仍有其他内容引用它',
    last_administrator: '这是最后一位有效的管理员',
    request_in_progress: '使用此 Idempotency-Key 的请求仍在处理中',
    too_many_keys: 'API 密钥数量已达上限',
    job_running: '该任务正在运行',
    precondition_failed: '该资源在读取之后已被修改',
    payload_too_large: '请求体过大',
    uri_too_long: '请求地址过长',
    unsupported_media_type: '不支持的内容类型',
    too_many_requests: '请求过于频繁',
    too_many_mails: '发往此地址的邮件已足够多，请稍后再试',
    too_many_attempts: '失败的尝试过多，请稍后再试',
    headers_too_large: '请求头过大',
    internal_error: '服务器内部错误',
    bad_gateway: '上游服务未给出可用的响应',
    service_unavailable: '服务暂时不可用',
    too_busy: '服务繁忙，请稍后再试',
    too_many_exports: '正在进行的导出过多',
    too_many_streams: '正在进行的流过多',
    mail_not_configured: '此服务未配置邮件发送',
    gateway_timeout: '上游服务未及时响应',
  },

  reasons: {
    already_taken: '该值已被占用',
    foreign_cursor: '该游标不是由此列表以此顺序给出的',
    reused_idempotency_key: '该键已用于另一个请求',
    dangling_reference: '它引用了不存在的内容',
    outside_limits: '某个值超出了限制',
    text_too_long: '某段文本过长',
    number_too_large: '某个数字过大',
    passwords_differ: '两次输入的密码不一致',
    password_unchanged: '新密码不能与当前密码相同',
    wrong_password: '当前密码不正确',
    terms_not_accepted: '必须同意服务条款才能注册',
    unusable_token: '该令牌不存在、已被使用或已过期',
    role_or_permissions: '角色和权限必须且只能给出一项',
    unknown_permissions: '没有与这些位对应的权限',
    moment_has_passed: '该时间已经过去',
    unstorable_text: '某段文本含有无法存储的字符',
    unanswerable_comment: '这篇文章下没有可以回复的这条评论',
  },
  valueError: (reason) => `值错误，${reason}`,

  mails: {
    confirm_registration: {
      subject: '请确认您的邮箱地址',
      text:
        '有人（希望是您本人）用此邮箱地址注册了用户名 {username}。仅当这是您的用户名时才继续。' +
        '\n\n{access}\n\n' +
        '仅可使用一次，{hours} 小时内有效。如果不是您本人操作，无需处理：未经确认不会创建账户。',
    },
    already_registered: {
      subject: '您已有账户',
      text:
        '有人（希望是您本人）想把此邮箱地址用于一个账户，而它已属于账户 {username}。' +
        '请使用该账户登录；如果忘记了密码，可以重置。',
    },
    confirm_email_change: {
      subject: '请确认您的新邮箱地址',
      text:
        '有人（希望是您本人）想把此邮箱地址用于一个账户。\n\n{access}\n\n' +
        '仅可使用一次，{hours} 小时内有效。如果不是您本人操作，无需处理。',
    },
    email_changed: {
      subject: '您的邮箱地址已更改',
      text:
        '账户 {username} 现在使用另一个邮箱地址，其邮件将发往新地址。' +
        '如果不是您本人更改的，请立即联系管理员。',
    },
    reset_password: {
      subject: '重置您的密码',
      text:
        '有人（希望是您本人）想为您的账户 {username} 设置新密码。\n\n{access}\n\n' +
        '仅可使用一次，{minutes} 分钟内有效。如果不是您本人操作，无需处理：您的密码保持不变。',
    },
    password_changed: {
      subject: '您的密码已更改',
      text: '账户 {username} 的密码已更改。如果不是您本人更改的，请重置密码并立即联系管理员。',
    },
  },

  mailAccess: {
    link: '请打开此页面以继续：\n{link}',
    operation: '请将此令牌发送到 {operation} 以继续：\n{token}',
  },
};
