/**
 * The Chinese texts of the command line by the English ones, which are in the code. A sentence
 * without a translation does not compile.
 */
export const CHINESE = {
  'Usage:': '用法：',
  'Arguments:': '参数：',
  'Options:': '选项：',
  'Commands:': '命令：',
  'display help for command': '显示命令的帮助信息',
  'output the version number': '显示版本号',
  'Administers Althing: its database, its administrators and its contract.':
    '管理 Althing：数据库、管理员与接口契约。',

  'Creates all tables and indexes; the same as `db up`': '创建所有数据表和索引，等同于 `db up`',
  'The database is initialized.': '数据库初始化完成。',

  'Runs database migrations': '管理数据库迁移',
  'apply all pending migrations': '执行所有待执行的迁移',
  'revert the newest migrations: deletes the tables and columns they created, with their data':
    '回退最新的迁移：删除其创建的数据表和列，以及其中的数据',
  'number of migrations to revert': '要回退的迁移数量',
  'do not ask for confirmation': '不询问，直接执行',
  'Revert the newest migrations ({steps}) and delete their data?':
    '确定回退最新的迁移（{steps} 个）并删除其数据吗？',
  'list the migrations and when each was applied': '列出所有迁移及其执行时间',
  'not applied': '未执行',
  'applied {name}': '已执行 {name}',
  'reverted {name}': '已回退 {name}',
  'marked {name}': '已标记 {name}',
  'Nothing to apply.': '没有待执行的迁移。',
  'Nothing to revert.': '没有可回退的迁移。',
  'Nothing to mark.': '没有需要标记的迁移。',
  'mark migrations as applied without running them, up to and including <name>; for a database that has their tables already':
    '将 <name> 及之前的迁移标记为已执行，但不实际执行；用于已有这些数据表的数据库',
  'name of the last migration to mark, or `head` for all':
    '要标记的最后一个迁移的名称；`head` 表示全部',
  'There is no migration {name}.': '迁移 {name} 不存在。',
  'create the two files of a migration; the name is lowercase with underscores':
    '创建一个迁移的两个文件；名称由小写字母和下划线组成',
  'Must be an integer of at least 1.': '必须是不小于 1 的整数。',

  'Loads demo data into a database without users': '向没有用户的数据库载入演示数据',
  'also add this many generated users': '另外添加指定数量的随机用户',
  'The database already has users: no demo data was loaded.': '数据库中已有用户，未载入演示数据。',
  'Loaded the demo data. Sign in as {username} with the password {password}':
    '演示数据载入完成。请使用用户名 {username} 和密码 {password} 登录',
  'Must be an integer from 0 to 10,000,000.': '必须是 0 到 10,000,000 之间的整数。',

  'Creates an administrator; prompts for the password unless {variable} is set':
    '创建管理员；未设置 {variable} 时提示输入密码',
  'username to sign in with': '登录用户名',
  'email address': '邮箱地址',
  'Created the administrator {username}.': '管理员 {username} 创建完成。',
  'The {field} is already taken.': '{field} 已被使用。',
  'Sets the password of a user, and ends their sessions, API keys and calendar token; prompts for it unless {variable} is set':
    '设置用户的密码，并使其会话、API 密钥和日历令牌失效；未设置 {variable} 时提示输入密码',
  'username or email address': '用户名或邮箱地址',
  'The user {login} does not exist.': '用户 {login} 不存在。',
  'Set the password of {username}.': '{username} 的密码设置完成。',
  'Prints an invitation with which a user without a password can choose one':
    '显示一份邀请，供没有密码的用户设置密码',
  'Send this token to POST /api/v1/auth/reset-password as `token`: {token}':
    '请将此令牌作为 `token` 提交到 POST /api/v1/auth/reset-password：{token}',
  'It works once, within {days} days.': '仅可使用一次，{days} 天内有效。',
  'The user is deactivated or already has a password: use set-password.':
    '该用户已停用或已有密码，请使用 set-password。',
  'There is no terminal to prompt for the password: set {variable}.':
    '没有可供输入密码的终端，请设置 {variable}。',
  'Password: ': '密码：',
  'Again: ': '再次输入：',
  'The two passwords do not match.': '两次输入的密码不一致。',
  'There is no terminal to ask for confirmation: confirm with --yes.':
    '没有可供确认的终端，请使用 --yes 确认。',
  'Nothing was changed.': '未作任何更改。',
  'No password was given.': '未输入密码。',
  'No answer was given.': '未作回答。',
  'Interrupted.': '已中断。',

  'Prints a new random secret of 64 hexadecimal digits, for SECRET_KEY or JWT_SECRET':
    '生成一个 64 位十六进制随机密钥，用于 SECRET_KEY 或 JWT_SECRET',

  'Imports Markdown files as posts; run again to import changes. A post is identified by the path of its file in the folder. A file that shares neither title nor slug nor any line with the post imported from its path is skipped, and so is one whose front matter cannot be read. Drafts, and files with a future date or a past expiryDate, are imported as drafts.':
    '将 Markdown 文件导入为文章；再次运行可导入更改。文章由文件在文件夹中的路径标识。若文件与此前从同一路径导入的文章在标题、别名和内容上均无相同之处，则跳过该文件；front matter 无法读取的文件也会跳过。草稿，以及日期在将来或 expiryDate 已过的文件，导入为草稿。',
  'Markdown files with the front matter of Hexo, Hugo or Jekyll, or with none':
    '含 Hexo、Hugo 或 Jekyll 的 front matter（也可不含）的 Markdown 文件',
  'author of posts whose front matter names no existing user':
    'front matter 未指明现有用户时的文章作者',
  'overwrite posts changed since their import, even if the file is unchanged':
    '覆盖导入后修改过的文章，即使文件没有变化',
  'report what would change without saving it; locks the affected posts meanwhile':
    '仅报告将发生的更改而不保存；期间会锁定相关文章',
  'The folder {folder} does not exist.': '文件夹 {folder} 不存在。',
  'skipped {path}: {reason}': '已跳过 {path}：{reason}',
  'left {path} in the trash': '{path} 仍在回收站中',
  'Unknown authors: {names}. To assign their posts, create these users and import the folder again.':
    '未知作者：{names}。如需指定这些文章的作者，请创建上述用户后重新导入该文件夹。',
  'Files: {created} created, {updated} updated, {unchanged} unchanged, {trashed} left in the trash, {skipped} skipped.':
    '文件：新建 {created}，更新 {updated}，未变 {unchanged}，仍在回收站 {trashed}，跳过 {skipped}。',
  'Dry run: {created} created, {updated} updated, {unchanged} unchanged, {trashed} left in the trash, {skipped} skipped.':
    '试运行：新建 {created}，更新 {updated}，未变 {unchanged}，仍在回收站 {trashed}，跳过 {skipped}。',

  'Exports all posts except those in the trash as Markdown files with front matter':
    '将回收站以外的所有文章导出为带 front matter 的 Markdown 文件',
  'destination, created if missing': '目标文件夹，不存在时自动创建',
  'overwrite files that differ': '覆盖内容不同的文件',
  '{folder} is not a folder.': '{folder} 不是文件夹。',
  'the existing file differs; use --force to overwrite it':
    '已有文件的内容不同；使用 --force 可覆盖',
  'the path leaves the folder or is not a regular file': '路径超出该文件夹，或不是普通文件',
  'Files: {written} written, {unchanged} unchanged, {skipped} skipped.':
    '文件：写入 {written}，未变 {unchanged}，跳过 {skipped}。',

  'Imports and exports the tasks of a project as JSON lines (.jsonl) or CSV (.csv)':
    '以 JSON Lines（.jsonl）或 CSV（.csv）格式导入、导出项目的任务',
  'Writes all tasks of a project except those in the trash, column by column, without their comments and relations. CSV is for spreadsheets: an apostrophe stands before each text that one would calculate.':
    '逐列写出项目的所有任务，不含回收站中的任务，也不含评论和关联。CSV 供电子表格使用：会被当作公式计算的文本前加单引号。',
  'key of the project': '项目的键',
  'file to write': '要写入的文件',
  'file to read': '要读取的文件',
  'overwrite an existing file': '覆盖已有文件',
  'Creates the tasks of a file in a project: all of them, or none if one is not valid. A task whose number the project has is left out. Labels that are missing are created. Assignees and creators who are not members are left out. Limits of columns do not apply, and nobody is notified.':
    '在项目中创建文件里的任务：全部创建；只要有一项无效，就都不创建。编号在项目中已存在的任务会跳过。缺少的标签会新建。非成员的负责人和创建者会被略去。不受列的任务上限限制，也不发送通知。',
  'The name of the file {file} must end in .jsonl or .csv.':
    '文件名 {file} 必须以 .jsonl 或 .csv 结尾。',
  'The project {key} does not exist.': '项目 {key} 不存在。',
  'The file {file} exists; use --force to overwrite it.': '文件 {file} 已存在；使用 --force 覆盖。',
  'Tasks: {count} written.': '任务：写入 {count} 项。',
  'Tasks: {created} created, {existing} left out because their numbers exist.':
    '任务：新建 {created} 项，因编号已存在而跳过 {existing} 项。',
  'Not assigned, because they are no members: {names}': '以下用户不是成员，未被指派：{names}',
  'New labels: {names}': '新建的标签：{names}',
  'task {task}: {field}: {reason}': '任务 {task}：{field}：{reason}',
  'Nothing was imported.': '未导入任何内容。',

  'Re-renders all posts, comments and tasks, after an update that changes how Markdown is rendered or which HTML is allowed. The service can keep running.':
    '重新渲染所有文章、评论和任务；用于更新改变了 Markdown 渲染方式或允许的 HTML 之后。服务无需停止。',
  'skipped {kind} {id}: rendering takes too long': '已跳过 {kind} {id}：渲染耗时过长',
  'kept the former HTML of {kind} {id}: the new HTML would be too long':
    '保留 {kind} {id} 原有的 HTML：新的 HTML 过长',
  'Changed by re-rendering: {post} posts, {comment} comments, {task} tasks, {task_comment} comments on tasks.':
    '重新渲染后有变化：文章 {post} 篇，评论 {comment} 条，任务 {task} 项，任务评论 {task_comment} 条。',

  'Generates the contract in openapi/ and its types from the routes, without a database':
    '根据路由生成 openapi/ 中的接口契约及其类型，无需数据库',
  'write nothing; fail if a file is out of date': '不写入文件；有文件不是最新时报错',
  "Writes .env.example and the README's configuration table":
    '写入 .env.example 和 README 的配置表',

  'error: ': '错误：',
  'warning: ': '警告：',
  files: '个文件',
  posts: '篇文章',
  texts: '个文本',
  users: '个用户',
} as const satisfies Record<string, string>;

/** A sentence of the command line, in English. */
export type Sentence = keyof typeof CHINESE;
