import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { ConfigSchema } from '#app/config-schema.js';
import { projectRoot } from '#src/lib/project-root.js';
import { say } from './language.js';

const BEGIN = '<!-- configuration: written by npm run docs -->';
const END = '<!-- end of configuration -->';

interface Variable {
  name: string;
  default: string;
  description: string;
}

const variables: Variable[] = Object.entries(ConfigSchema.properties).map(([name, schema]) => ({
  name,
  default: schema.default === undefined ? '' : String(schema.default),
  description: schema.description ?? '',
}));

/** Variables that docker-compose.yml reads, and the service does not. */
const COMPOSE_VARIABLES: Variable[] = [
  {
    name: 'POSTGRES_PASSWORD',
    default: '',
    description:
      'Password of the database that docker-compose.yml starts; required there. It is set when the database is created.',
  },
  {
    name: 'DOCKER_PORT',
    default: '8000',
    description: 'Port of this machine on which docker-compose.yml publishes the service',
  },
];

/** `docs`: writes or checks the files generated from the configuration schema. */
export function docs(): Command {
  return new Command('docs')
    .description(say("Writes .env.example and the README's configuration table"))
    .option('--check', 'write nothing; fail if a file is out of date')
    .action(({ check }: { check?: boolean }) => {
      const readme = join(projectRoot, 'README.md');
      const files: [path: string, text: string][] = [
        [join(projectRoot, '.env.example'), renderEnvExample()],
        [readme, withTable(readFileSync(readme, 'utf8'))],
      ];
      for (const [path, text] of files) {
        if (check !== true) writeFileSync(path, text);
        else if (readFileSync(path, 'utf8') !== text) {
          throw new Error(`${path} is out of date: run \`npm run docs\`.`);
        }
      }
    });
}

/** The text of `.env.example`: all variables with descriptions, commented out at their defaults. */
export function renderEnvExample(): string {
  const blocksOf = (list: Variable[]) =>
    list
      .map((variable) => `# ${variable.description}\n# ${variable.name}=${variable.default}\n`)
      .join('\n');
  return [
    '# Copy to .env and uncomment what you change.\n',
    blocksOf(variables),
    '# Only for docker-compose.yml:\n',
    blocksOf(COMPOSE_VARIABLES),
  ].join('\n');
}

/**
 * Replaces the configuration table in the text of a README.
 *
 * @throws Error if the text lacks the markers of the table
 */
export function withTable(readme: string): string {
  const begin = readme.indexOf(BEGIN);
  const end = readme.indexOf(END);
  if (begin < 0 || end < begin)
    throw new Error('README.md lacks the markers of the configuration table.');
  const rows = variables.map(
    (variable) =>
      `| \`${variable.name}\` | ${variable.default === '' ? '' : `\`${variable.default}\``} | ${variable.description} |`,
  );
  const table = ['| variable | default | description |', '|---|---|---|', ...rows].join('\n');
  return `${readme.slice(0, begin)}${BEGIN}\n${table}\n${readme.slice(end)}`;
}
