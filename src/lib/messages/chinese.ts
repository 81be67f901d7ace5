import { plainNumber } from '#src/lib/validation/index.js';
import type { Messages } from './english.js';

const text = (fixed: string) => () => fixed;

/** Translates the `or` with which Pydantic joins the last two values. */
function choice(expected: unknown): string {
  const text = String(expected);
  const at = text.indexOf(' or ', text.lastIndexOf(',') + 1);
  return at === -1 ? text : `${text.slice(0, at)} 或 ${text.slice(at + ' or '.length)}`;
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

/** Simplified Chinese, 简体中文. */
export const chinese: Messages = {
  validation: {
    missing: text('该字段为必填项'),
    extra_forbidden: text('不允许出现多余的字段'),
    recursion_loop: text('递归错误：检测到循环引用'),
    json_invalid: text('JSON 解析错误'),
    none_required: text('输入应为空值'),

    string_type: text('输入应为有效的字符串'),
    string_unicode: text('输入应为有效的字符串，原始数据无法解析为 Unicode 字符串'),
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
    bool_parsing: text('输入应为有效的布尔值，无法识别该输入'),

    model_attributes_type: text('输入应为有效的字典或可提取字段的对象'),
    dict_type: text('输入应为有效的字典'),
    list_type: text('输入应为有效的列表'),
    set_type: text('输入应为有效的集合'),
    tuple_type: text('输入应为有效的元组'),
    too_short: (ctx) => itemCount(ctx, '至少', ctx['min_length']),
    too_long: (ctx) => itemCount(ctx, '最多', ctx['max_length']),

    enum: (ctx) => `输入应为 ${choice(ctx['expected'])}`,
    literal_error: (ctx) => `输入应为 ${choice(ctx['expected'])}`,
    union_tag_not_found: (ctx) => `无法通过判别字段 ${ctx['discriminator']} 确定标签`,
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
    date_from_datetime_inexact: text('用作日期的日期时间，其时间部分应为零点'),
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
    password_too_common: text('密码过于常见，添加数字、符号或替换字母后仍属常见密码'),
    password_contains_name: text('密码不能包含用户名或昵称'),
    password_contains_email: text('密码不能包含邮箱地址或其 @ 之前的部分'),

    html_too_long: (ctx) => `渲染后的 HTML 不能超过 ${ctx['max_length']} 字节`,
  },

  errors: {
    bad_request: '请求无效',
    malformed_request: '请求不符合 HTTP/1.1 格式',
    malformed_url: '请求地址格式错误：非 ASCII 字符须按 UTF-8 进行百分号编码，% 须写作 %25',
    invalid_host: '请求必须包含且仅包含一个有效的 Host 请求头',
    unparsable_body: '无法解析请求体',
    missing_boundary: 'multipart 请求缺少 boundary 参数',
    invalid_multipart: 'multipart 请求体格式有误',
    missing_part_name: 'multipart 的每个部分都必须在 Content-Disposition 中给出 name 参数',
    too_many_fields: '表单字段过多，最多 1000 个',
    too_many_files: '上传文件过多，最多 1000 个',
    division_by_zero: '除数不能为零',
    result_too_large: '结果过大，超出数字的表示范围',
    not_authenticated: '缺少有效的认证令牌',
    invalid_credentials: '用户名或密码错误',
    invalid_token: '令牌无效或已过期',
    wrong_token_type: '令牌类型错误',
    user_unavailable: '用户不存在或已禁用',
    forbidden: '权限不足',
    admin_required: '需要管理员权限',
    insufficient_scope: '此 API 密钥缺少权限范围 `{scope}`',
    project_role_required: '此操作至少需要项目中的 {role} 角色',
    key_not_allowed: '此处不能使用 API 密钥，请登录后操作',
    key_cannot_administer:
      'API 密钥不能创建、更改或删除管理员，不能更改任何用户的邮箱地址，也不能更改其所属用户的用户名、角色或状态，请登录后操作',
    registration_closed: '注册已关闭，请联系管理员创建账户',
    beyond_own_permissions: '不能授予自己没有的权限，也不能更改拥有这些权限的管理员',
    edit_window_over: '评论只能在发表后 {minutes} 分钟内编辑',
    not_your_post_to_change: '无权限修改此文章',
    not_your_post_to_delete: '无权限删除此文章',
    csrf_failed:
      'CSRF 令牌缺失或不正确，请在 X-CSRF-Token 中发送由 GET /api/v1/auth/csrf 取得的令牌',
    not_found: '未找到',
    no_upstream: '未配置上游服务，请设置 PLAYGROUND_UPSTREAM_URL',
    method_not_allowed: '不允许的请求方法',
    request_timeout: '未能及时收到完整的请求',
    not_acceptable: '无法提供可接受的内容类型',
    duplicate: '已被占用：{fields}',
    still_in_use: '仍有其他内容引用该资源，请先修改或删除这些内容',
    last_administrator: '不能移除最后一位有效的管理员，请先指定另一位',
    not_invitable: '该用户已停用，或已设置密码（可通过邮件重置）',
    request_in_progress: '使用此 Idempotency-Key 的请求仍在处理中，请稍后再试',
    too_many_keys: 'API 密钥数量已达上限，请先删除一个',
    too_many_posts: '文章数量已达上限，请先从回收站彻底删除一些',
    too_many_comments: '评论数量已达上限，请先从回收站彻底删除一些',
    too_many_tasks: '任务数量已达上限，请先从回收站彻底删除一些任务',
    too_many_projects: '项目数量已达上限，请先退出或彻底删除一些项目',
    too_many_members: '该项目的成员数量已达上限',
    too_many_invitations: '该项目的待处理邀请数量已达上限',
    too_many_project_keys: '该项目用过的代号过多，请重新使用其中之一',
    transition_not_allowed: '任务不能从{from}变为{to}；允许：{allowed}',
    column_full: '{column}列最多只能有{limit}个任务',
    too_many_project_tasks: '该项目的任务数量已达上限，请先从回收站彻底删除一些任务',
    too_many_labels: '该项目的标签数量已达上限',
    too_many_items: '该清单的条目数量已达上限',
    too_many_task_comments: '该任务的评论数量已达上限',
    too_many_muted_tasks: '您静音的任务数量已达上限',
    too_many_relations: '任务的关联过多，或关联链过长',
    relation_cycle: '这两个任务已存在直接或间接的反向关联',
    already_subtask: '该任务已是任务 {number} 的子任务，请先解除该关联',
    last_owner: '项目必须有所有者，请先将其他成员设为所有者',
    already_member: '该用户已是项目成员',
    project_archived: '该项目已归档，请先取消归档',
    too_many_topics: '分类或标签数量已达上限，请先删除一个',
    already_signed_in: '该连接已属于某个用户',
    job_running: '该任务正在运行',
    precondition_failed: '该资源在您读取之后已被修改，请重新读取后再试',
    payload_too_large: '请求体过大',
    uri_too_long: '请求地址过长',
    unsupported_media_type: '不支持的内容类型',
    too_many_requests: '请求过于频繁，请稍后再试',
    too_many_mails: '请求向此邮箱地址发送邮件的次数过多，请稍后再试',
    too_many_registrations: '您所在的网络有过多注册尚未确认，请稍后再试',
    too_many_idempotency_keys:
      '24 小时内使用的 Idempotency-Key 过多，请稍后再试，或不带该请求头重试',
    too_many_attempts: '失败次数过多，请稍后再试',
    headers_too_large: '请求头过大',
    internal_error: '服务器内部错误',
    bad_gateway: '上游服务未返回可用的响应',
    service_unavailable: '服务暂时不可用，请稍后再试',
    too_busy: '服务繁忙，请稍后再试',
    too_many_subscriptions: '订阅数量已达上限，请先取消一些订阅',
    too_many_exports: '同时只能进行一个导出，请在当前导出结束后再试',
    too_many_streams: '同时只能打开一个数据流，请在当前数据流结束后再试',
    too_many_live: '实时连接过多，请先关闭一些',
    mail_not_configured: '此服务未配置邮件发送，请联系管理员',
    gateway_timeout: '上游服务未及时响应',
  },

  reasons: {
    already_taken: '该值已被占用',
    foreign_cursor: '该游标不适用于此列表或此排序方式',
    reused_idempotency_key: '该键已用于另一个不同的请求',
    dangling_reference: '所引用的资源不存在',
    outside_limits: '某个值超出允许的范围',
    text_too_long: '某个字符串过长',
    number_too_large: '某个数字超出允许的范围',
    passwords_differ: '两次输入的密码不一致',
    password_unchanged: '新密码不能与当前密码相同',
    wrong_password: '当前密码不正确',
    terms_not_accepted: '必须同意服务条款才能注册',
    unusable_token: '该令牌不存在、已被使用或已过期',
    role_or_permissions: '必须且只能指定角色和权限中的一项',
    unknown_permissions: '权限掩码中含有未定义的权限位',
    timestamp_has_passed: '该时间必须晚于当前时间',
    unstorable_text: '某个字符串含有无法存储的字符',
    invisible_comment: '评论没有可显示的内容',
    unanswerable_comment: '该文章下没有可回复的这条评论',
    username_or_email: '用户名和邮箱必须且只能提供一个',
    ids_or_up_to_id: 'ids 和 up_to_id 必须且只能提供一个',
    not_in_column: '该列中没有此任务',
    not_a_member: '有用户不是项目成员',
    unknown_label: '有标签不属于该项目',
    unknown_task: '该项目中没有此任务',
    same_task: '任务不能与自身关联',
    unusable_recurrence: '无法使用该重复规则',
    recurrence_without_due: '重复任务必须有截止日期',
    start_after_due: '开始日期不能晚于截止日期',
    unknown_user: '没有该用户',
    unknown_time_zone: '该时区不在IANA数据库中',
    task_summary_empty: '任务内容不能为空',
    task_summary_too_long: '任务内容不能超过300个字符',
    comment_changed: '该评论在您读取之后已被修改',
  },
  valueError: (reason) => `值错误，${reason}`,

  mails: {
    confirm_registration: {
      subject: '请确认您的邮箱地址',
      text:
        '有人使用此邮箱地址注册了用户名 {username}。如果是您本人操作，请按以下方式确认注册，' +
        '并输入您当时设置的密码。\n\n{access}\n\n' +
        '此操作仅可进行一次，{hours} 小时内有效。\n\n' +
        '如果不是您本人操作，请忽略此邮件，也不要将其内容转告他人，这样就不会创建账户。' +
        '您仍可使用此邮箱地址自行注册。',
    },
    already_registered: {
      subject: '您已有账户',
      text:
        '有人尝试将此邮箱地址用于一个账户，但它已属于您的账户 {username}。' +
        '如果是您本人操作，请登录该账户；如果忘记了密码，可以重置密码。如果不是您本人操作，请忽略此邮件。',
    },
    confirm_email_change: {
      subject: '请确认您的新邮箱地址',
      text:
        '有人请求将此邮箱地址用于其账户。如果是您本人操作，请按以下方式确认；否则请忽略此邮件。' +
        '\n\n{access}\n\n' +
        '此操作仅可进行一次，{hours} 小时内有效。',
    },
    email_changed: {
      subject: '您的邮箱地址已更改',
      text:
        '您的账户 {username} 的邮箱地址已更改，今后的邮件将发往新地址。' +
        '如果不是您本人操作，请立即联系管理员。',
    },
    reset_password: {
      subject: '重置您的密码',
      text:
        '有人请求重置您的账户 {username} 的密码。如果是您本人操作，请按以下方式设置新密码；' +
        '否则请忽略此邮件，您的密码不会改变。\n\n{access}\n\n' +
        '此操作仅可进行一次，{minutes} 分钟内有效。',
    },
    invitation: {
      subject: '邀请您加入',
      text:
        '管理员已为您创建账户 {username}。请按以下方式设置密码，即可开始使用。\n\n{access}\n\n' +
        '此操作仅可进行一次，{days} 天内有效。',
    },
    project_invitation: {
      subject: '邀请您加入项目 {project}',
      text:
        '{inviter} 邀请您加入项目“{project}”。请登录（如无账户请先注册），然后按以下方式接受邀请。\n\n{access}\n\n' +
        '此操作仅可进行一次，{days} 天内有效。请勿转发此邮件：持有者可以代您接受邀请。',
    },
    password_changed: {
      subject: '您的密码已更改',
      text:
        '您的账户 {username} 的密码已更改。如果不是您本人操作，请重置密码（这也会终止所有会话、API 密钥和日历令牌），' +
        '并立即联系管理员。',
    },
    api_key_created: {
      subject: '已创建 API 密钥',
      text:
        '您的账户 {username} 已创建 API 密钥“{name}”。持有该密钥的程序可以您的名义进行操作。' +
        '如果不是您本人操作，请重置密码（这也会终止所有会话、API 密钥和日历令牌），并立即联系管理员。',
    },
  },

  mailAccess: {
    link: '请打开以下页面继续操作：\n{link}',
    operation: '请将以下令牌发送到 {operation} 以继续操作：\n{token}',
  },

  notifications: {
    assigned: '{actor} 将 {task} 分配给您',
    mentioned: '{actor} 在 {task} 的评论中提到了您',
    commented: '{actor} 评论了 {task}',
    moved: '{actor} 将 {task} 移到了另一列',
    due_soon: '{task} 即将到期',
    invited: '{actor} 邀请您加入项目“{project}”',
    task: '{number}“{summary}”',
    someone: '有人',
    text: '{what}。\n\n{where}\n\n您可以在通知设置中选择接收哪些邮件。',
    digest_subject: '{count} 条未读通知',
    digest_text: '{lines}\n\n{where}\n\n您可以在通知设置中选择接收哪些邮件。',
    more: '另有 {count} 条',
    link: '请打开以下页面查看详情：\n{link}',
    operation: '请调用 {operation} 查看详情',
  },
};
