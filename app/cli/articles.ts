import { Command } from 'commander';
import type { ExportOptions } from './export-articles.js';
import type { ImportOptions } from './import-articles.js';
import { say } from './language.js';

// The Markdown renderer is imported on demand, because loading it would slow down every command.

/** `import`: posts from Markdown files. */
export function importCommand(): Command {
  return new Command('import')
    .description(
      say(
        'Imports Markdown files as posts; run again to import changes. A post is identified by the path of its file in the folder. A file that shares neither title nor slug nor any line with the post imported from its path is skipped, and so is one whose front matter cannot be read. Drafts, and files with a future date or a past expiryDate, are imported as drafts.',
      ),
    )
    .argument(
      '<folder>',
      say('Markdown files with the front matter of Hexo, Hugo or Jekyll, or with none'),
    )
    .option('--author <username>', say('author of posts whose front matter names no existing user'))
    .option(
      '--force',
      say('overwrite posts changed since their import, even if the file is unchanged'),
    )
    .option(
      '--dry-run',
      say('report what would change without saving it; locks the affected posts meanwhile'),
    )
    .action(async (folder: string, options: ImportOptions) => {
      const { importArticles } = await import('./import-articles.js');
      await importArticles(folder, options);
    });
}

/** `render`: re-renders posts, comments and tasks. */
export function renderCommand(): Command {
  return new Command('render')
    .description(
      say(
        'Re-renders all posts, comments and tasks, after an update that changes how Markdown is rendered or which HTML is allowed. The service can keep running.',
      ),
    )
    .action(async () => {
      const { reRender } = await import('./re-render.js');
      await reRender();
    });
}

/** `export`: posts to Markdown files. */
export function exportCommand(): Command {
  return new Command('export')
    .description(
      say('Exports all posts except those in the trash as Markdown files with front matter'),
    )
    .argument('<folder>', say('destination, created if missing'))
    .option('--force', say('overwrite files that differ'))
    .action(async (folder: string, options: ExportOptions) => {
      const { exportArticles } = await import('./export-articles.js');
      await exportArticles(folder, options);
    });
}
