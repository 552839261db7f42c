/** What a command of the tool is: text in, exit code out. */
interface Command {
  readonly run: (invocation: Invocation) => Promise<number>;
}

export interface Invocation {
  /** The arguments without the command's name. */
  readonly argv: readonly string[];
  /** Whether the command was named; uploading needs no name. */
  readonly named: boolean;
}

interface Entry {
  /** What stands behind `pulse-upload` in the help. */
  readonly usage: string;
  /** Present where the first screen has room for it. */
  readonly summary?: string;
  /** For the man page and the completion, where the help has no room. */
  readonly means?: string;
  readonly load: () => Promise<Command>;
}

/** Every command; one more is one more line here, and one more file. */
export const commands = {
  upload: {
    usage: '<file...> --server <url> [options]',
    means: 'upload files; the word itself may be left out',
    load: () => import('./commands/upload.ts'),
  },
  verify: {
    usage: 'verify <url> [options]',
    summary: 'drive a server through the protocol',
    load: () => import('./commands/verify.ts'),
  },
  report: {
    usage: 'report <file> [options]',
    // Belongs to verify; the first screen has no room for it.
    means: 'render the results of verify again',
    load: () => import('./commands/report.ts'),
  },
  list: {
    usage: 'list [options]',
    summary: 'what can resume; also forget, abort',
    load: () => import('./commands/list.ts'),
  },
  forget: {
    usage: 'forget <file...|--all> [options]',
    // Named in the line above it.
    means: 'forget unfinished uploads',
    load: () => import('./commands/forget.ts'),
  },
  abort: {
    usage: 'abort <file|url...> [options]',
    // Named beside forget.
    means: 'remove unfinished uploads from the server, and forget them',
    load: () => import('./commands/abort.ts'),
  },
  ledger: {
    usage: 'ledger <file> [options]',
    // Belongs to --help-bulk.
    means: 'show, audit and merge ledgers',
    load: () => import('./commands/ledger.ts'),
  },
  serve: {
    usage: 'serve [options]',
    summary: 'a reference server, to try it on',
    load: () => import('./commands/serve.ts'),
  },
  completion: {
    usage: 'completion <bash|zsh|fish>',
    // Needed once in the life of a machine.
    means: 'completion for a shell',
    load: () => import('./commands/completion.ts'),
  },
} as const satisfies Readonly<Record<string, Entry>>;

export type CommandName = keyof typeof commands;

export function isCommandName(word: string | undefined): word is CommandName {
  return word !== undefined && Object.hasOwn(commands, word);
}
