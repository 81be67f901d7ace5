import { Random } from '#test/support/random.js';

/** Words found in about half of all texts, and words found in one of ten thousand. */
export const WORDS = {
  common: { English: 'database', Chinese: '数据库' },
  rare: { English: 'quetzal', Chinese: '鸭嘴兽' },
} as const;

/** Languages of the texts, alternating. */
const LANGUAGES = ['English', 'Chinese'] as const;
type Language = (typeof LANGUAGES)[number];

export interface Text {
  title: string;
  content: string;
}

const VOCABULARY: Record<Language, readonly string[]> = {
  English: (
    'the of and to in is for on with as by at from it this that are be or an server client request ' +
    'response query index table column row transaction lock connection pool cache memory disk ' +
    'network latency throughput thread process worker queue job schema migration version release ' +
    'deploy container cluster node replica leader failover backup restore monitor metric alert ' +
    'trace log error retry timeout limit quota token session cookie password secret key signature ' +
    'certificate header body stream buffer chunk encode decode parse render template component ' +
    'route handler plugin hook module package import export build test mock fixture coverage lint ' +
    'format review merge branch commit author reader editor article comment category search rank ' +
    'weight stem word phrase language segment character unicode string number boolean array object ' +
    'field value type contract validate serialize compress measure improve explain describe compare'
  ).split(' '),
  Chinese: (
    '的 了 在 是 我们 使用 服务 服务器 客户端 请求 响应 查询 索引 事务 连接 连接池 缓存 内存 磁盘 网络 延迟 ' +
    '吞吐 线程 进程 队列 任务 迁移 版本 发布 部署 容器 集群 节点 副本 备份 恢复 监控 指标 告警 日志 错误 重试 ' +
    '超时 限制 令牌 会话 密码 密钥 签名 证书 编码 解析 渲染 模板 组件 路由 插件 模块 构建 测试 覆盖 审查 合并 ' +
    '分支 提交 作者 读者 编辑 文章 评论 分类 搜索 排名 权重 词语 短语 语言 字符 数字 类型 契约 验证 压缩 测量 ' +
    '改进 说明 描述 比较 生产 环境 稳定 性能 优化 设计 架构 接口 文档 需要 可以 如果 因为 所以 但是 已经 非常'
  ).split(' '),
};

/**
 * Generates realistic texts: word frequencies follow Zipf's law, languages alternate, and nine of
 * ten texts contain the common word of their language. The first text contains the rare words of
 * both languages.
 *
 * @param length number of words per text
 */
export function makeTexts(seed: number, count: number, length: number): Text[] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, index) => {
    const language = LANGUAGES[index % 2] ?? 'English';
    const words = (wanted: number) => Array.from({ length: wanted }, () => word(random, language));
    const content = words(length);
    if (random.chance(0.9)) content[random.int(0, length - 1)] = WORDS.common[language];
    if (index === 0) content.push(WORDS.rare.English, WORDS.rare.Chinese);
    return { title: sentence(words(5), language), content: sentence(content, language) };
  });
}

function word(random: Random, language: Language): string {
  const words = VOCABULARY[language];
  const place = Math.floor(words.length ** random.next()) - 1;
  return words[place] ?? WORDS.common[language];
}

function sentence(words: string[], language: Language): string {
  return words.join(language === 'Chinese' ? '' : ' ');
}
