import { Tag, TagCreate, TagPage, TagReplace, TagUpdate } from '#schemas/tags.js';
import { tags } from '#src/articles/services/tags.js';
import { topicRoutes } from './topics.js';

export default topicRoutes(tags, {
  noun: 'tag',
  plural: 'tags',
  schemas: {
    topic: Tag,
    page: TagPage,
    create: TagCreate,
    replace: TagReplace,
    update: TagUpdate,
  },
  shown:
    'Tags without published posts are visible to editors only. Those of drafts are private ' +
    'to their author, so several may have the same name.',
  replaced: 'An omitted slug is kept',
  left: 'the tag',
  examples: { slug: 'postgres', idToDelete: 6 },
});
