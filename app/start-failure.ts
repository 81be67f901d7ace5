import pg from 'pg';
import { EmbeddedPostgresError } from '#src/db/embedded/index.js';
import { ConfigError } from './config.js';

interface SystemError extends Error {
  code?: string;
  syscall?: string;
  address?: string;
  port?: number;
  hostname?: string;
}

/** Why the service, or a command, could not start: one line for people, with what to do. */
export function describeFailure(error: unknown): string {
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
      return `The database user may not do this (${error.message}): grant it, or use another user.`;
    case '42P01':
    case '42703':
      return `The database is not migrated (${error.message}): run \`npm run cli -- db up\`.`;
    case '53300':
      return 'The database has no connection left: raise its max_connections or stop others.';
    case '57P03':
      return 'The database is starting or stopping: try again in a moment.';
    default:
      return `The database answered: ${error.message}.`;
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
      if (error.syscall === 'listen') return `Port ${error.port} needs more rights: set PORT.`;
      return `${error.message}: correct the permissions.`;
    case 'ECONNREFUSED':
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `The database at ${place} does not answer: start it, or correct DATABASE_URL.`;
    case 'ENOENT':
      if (error.syscall !== 'connect') return `${error.message}.`;
      return `The database socket ${place} is not there: start the server, or correct DATABASE_URL.`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      if (error.syscall === 'getaddrinfo') {
        return `The host ${error.hostname} is not known: correct HOST or DATABASE_URL.`;
      }
      return `${error.message}.`;
    default:
      return describeDriverError(error.message);
  }
}

/** The driver gives these no code, only a sentence. */
function describeDriverError(message: string): string {
  if (/timeout|timed out/i.test(message)) {
    return 'The database does not answer in time: start it, or correct DATABASE_URL.';
  }
  if (/client password must be/.test(message)) {
    return 'The database wants a password: put it into DATABASE_URL.';
  }
  if (/^Connection terminated/.test(message)) {
    return 'The database ended the connection: try again, or correct DATABASE_URL.';
  }
  return message;
}
