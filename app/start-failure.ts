import pg from 'pg';
import { EmbeddedPostgresError } from '#src/db/embedded/index.js';
import { MigrationError } from '#src/db/migrator.js';
import { ConfigError } from './config.js';

interface SystemError extends Error {
  code?: string;
  syscall?: string;
  address?: string;
  port?: number;
  hostname?: string;
}

/**
 * Explains why the service or a command failed, and what to do about it: in one line, except that a
 * migration lists the rows that it cannot convert.
 */
export function describeFailure(error: unknown): string {
  if (error instanceof MigrationError) return error.message;
  return describe(error).replaceAll(/\s+/g, ' ').trim();
}

function describe(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return describe(error.errors[0]);
  if (error instanceof ConfigError || error instanceof EmbeddedPostgresError) return error.message;
  if (error instanceof pg.DatabaseError) return describeDatabaseError(error);
  if (error instanceof Error) return describeSystemError(error);
  return String(error);
}

function describeDatabaseError(error: pg.DatabaseError): string {
  switch (error.code) {
    case '28000':
    case '28P01':
      return `The database refused the login (${error.message}): correct DATABASE_URL.`;
    case '3D000':
      return `The ${error.message}: create it, or correct DATABASE_URL.`;
    case '42501':
      return `The database user lacks a privilege (${error.message}): grant it, or use another user.`;
    case '42P01':
    case '42703':
      return `The database is not migrated (${error.message}): run \`npm run cli -- db up\`.`;
    case '53300':
      return 'The database has no free connection: raise max_connections, or close other connections.';
    case '57P03':
      return 'The database is starting or stopping: try again in a moment.';
    default:
      return `The database reported an error: ${error.message}.`;
  }
}

function describeSystemError(error: SystemError): string {
  const place = error.port === undefined ? error.address : `${error.address}:${error.port}`;
  switch (error.code) {
    case 'EADDRINUSE':
      return `Port ${error.port} of ${error.address} is in use: stop the other program, or set PORT.`;
    case 'EADDRNOTAVAIL':
      return `${error.address} is not an address of this machine: correct HOST.`;
    case 'EACCES':
      if (error.syscall === 'listen')
        return `Port ${error.port} needs elevated privileges: set PORT to 1024 or higher.`;
      return `${error.message}: correct the permissions.`;
    case 'ECONNREFUSED':
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `The database at ${place} is not reachable: start it, or correct DATABASE_URL.`;
    case 'ENOENT':
      if (error.syscall !== 'connect') return `${error.message}.`;
      return `The database socket ${place} does not exist: start the server, or correct DATABASE_URL.`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      if (error.syscall === 'getaddrinfo') {
        return `The host ${error.hostname} is unknown: correct HOST or DATABASE_URL.`;
      }
      return `${error.message}.`;
    default:
      return describeDriverError(error.message);
  }
}

/** Errors of the driver have no code, only a message. */
function describeDriverError(message: string): string {
  if (/timeout|timed out/i.test(message)) {
    return 'The database does not respond in time: start it, or correct DATABASE_URL.';
  }
  if (/client password must be/.test(message)) {
    return 'The database requires a password: add it to DATABASE_URL.';
  }
  if (/^Connection terminated/.test(message)) {
    return 'The database closed the connection: try again, or correct DATABASE_URL.';
  }
  return message;
}
