import { Command } from 'commander';
import type { ExportOptions } from './export-articles.js';
import type { ImportOptions } from './import-articles.js';

// What renders articles is loaded by these alone: it would make every command slow to start.

/** `import`: articles from files. */
export function importCommand(): Command {
  return new Command('import')
    .description(
      'Makes posts of the Markdown files in a folder; again, it takes what has changed. A post is ' +
        'known by the path of its file in the folder: a file that has neither title nor slug nor ' +
        'any line in common with the post of its path is another, and skipped. Drafts, and what ' +
        'has a date to come or is past its expiryDate, become drafts.',
    )
    .argument('<folder>', 'with files as Hexo, Hugo and Jekyll have them, or without front matter')
    .option('--author <username>', 'who wrote what names no user')
    .option('--force', 'write over what has been written here, also where the file is as it was')
    .option(
      '--dry-run',
      'only say what would happen; who changes the same posts has to wait for it',
    )
    .action(async (folder: string, options: ImportOptions) => {
      const { importArticles } = await import('./import-articles.js');
      await importArticles(folder, options);
    });
}

/** `render`: what is shown of articles, anew. */
export function renderCommand(): Command {
  return new Command('render')
    .description(
      'Renders all posts and comments again: after an update that renders Markdown otherwise, or ' +
        'allows other HTML. With a database server of its own the service may go on meanwhile',
    )
    .action(async () => {
      const { reRender } = await import('./re-render.js');
      await reRender();
    });
}

/** `export`: articles to files. */
export function exportCommand(): Command {
  return new Command('export')
    .description('Writes every post that is not in the trash as a Markdown file with front matter')
    .argument('<folder>', 'created if it is not there')
    .option('--force', 'write over files that differ')
    .action(async (folder: string, options: ExportOptions) => {
      const { exportArticles } = await import('./export-articles.js');
      await exportArticles(folder, options);
    });
}
