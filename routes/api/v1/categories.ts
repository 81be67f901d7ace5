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
  replaced: 'what is left out goes back to its default, except the slug',
  left: 'a category',
});
