import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import { Board, MAX_BOARD_BYTES } from '#schemas/boards.js';
import { IfNoneMatchHeaders, NotModified } from '#schemas/headers.js';
import { ProjectTask, ProjectTaskNumberParams, tag } from '#schemas/project-tasks.js';
import { ProjectParams } from '#schemas/projects.js';
import { Ref } from '#schemas/types.js';
import { readBoard } from '#src/work/services/boards.js';
import * as tasks from '#src/work/services/project-tasks.js';

const tags = [tag.name];

const operations = {
  board: {
    operationId: 'project-tasks-board',
    summary: 'Read the board of a project',
    description:
      'Returns the columns of the board with their first tasks, in at most about ' +
      `${MAX_BOARD_BYTES.toLocaleString('en')} bytes. To stay up to date, subscribe to ` +
      '`project:{id}` since its `event_id`.',
    tags,
    params: ProjectParams,
    response: { 200: Ref(Board) },
  },
  readByNumber: {
    operationId: 'project-tasks-read-by-number',
    summary: 'Read a task by its number',
    description:
      'Returns the task that is called, for example, `WEB-1`. A key that the project had before ' +
      'redirects to the current one with 301.',
    tags,
    params: ProjectTaskNumberParams,
    headers: IfNoneMatchHeaders,
    response: {
      200: Ref(ProjectTask),
      301: Type.Null({ description: 'The project has another key by now' }),
      304: NotModified,
    },
  },
} as const;

const read = { access: 'user', scope: 'projects:read', errors: [404] } as const;

/** The boards of projects, and their tasks by number. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/:id/board', { schema: operations.board, config: read }, async (request) => {
    return readBoard(request.acting(), request.params.id);
  });

  app.get(
    '/key/:key/tasks/:number',
    { schema: operations.readByNumber, config: read },
    async (request, reply) => {
      const { key, number } = request.params;
      const found = await tasks.readProjectTaskByNumber(request.acting(), key, number);
      const { project, task } = found;
      if (project.key !== key) {
        return reply.redirect(`${app.prefix}/key/${project.key}/tasks/${number}`, 301);
      }
      return reply.entity(task, tasks.projectTaskTag(task));
    },
  );
};

export default routes;
