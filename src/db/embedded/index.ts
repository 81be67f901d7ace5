export { DirectoryInUseError, EmbeddedPostgresError } from './embedded-postgres-error.js';
export { findRunningPostgres } from './find-running-server.js';
export {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from './start-embedded-postgres.js';
