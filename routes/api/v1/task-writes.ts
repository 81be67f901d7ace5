export interface TaskWriteOptions {
  /** The maximum number of requests per minute and IP address that change tasks of projects. */
  perMinute: number;
}

/** The configuration of the operations that change tasks of projects. All count together. */
export function taskWrite({ perMinute }: TaskWriteOptions) {
  return {
    access: 'user',
    scope: 'projects:write',
    errors: [404, 409, 412],
    limit: { perMinute, group: 'tasks' },
    revokes: false,
  } as const;
}
