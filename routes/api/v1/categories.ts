import {
  Category,
  CategoryCreate,
  CategoryPage,
  CategoryReplace,
  CategoryUpdate,
} from '#schemas/categories.js';
import { categories } from '#src/articles/services/categories.js';
import { topicRoutes } from './topics.js';

export default topicRoutes(categories, {
  noun: 'category',
  plural: 'categories',
  schemas: {
    topic: Category,
    page: CategoryPage,
    create: CategoryCreate,
    replace: CategoryReplace,
    update: CategoryUpdate,
  },
  shown: '',
  replaced: 'Omitted fields are reset to their defaults, except the slug',
  left: 'a category',
  examples: { slug: 'guides', idToDelete: 2 },
});
