import type { Role } from '../../schemas/users.js';

/** The user on whose behalf a request is made. */
export interface Viewer {
  id: number;
  username: string;
  role: Role;
}
