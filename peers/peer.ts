/** A server or client that somebody else made, in one pinned version. */
export interface Peer {
  readonly id: string;
  /** Name and version, for the page. */
  readonly title: string;
  /** Where it comes from, in words. */
  readonly from: string;
  /** Makes it ready in that folder, which outlives the run; the reason, where it is not to be had here. */
  readonly fetch: (cache: string) => string | undefined;
}

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

export interface ServerPeer extends Peer {
  /** Listens on 127.0.0.1 and keeps its files in that folder. */
  readonly command: (cache: string, port: number, dir: string) => Command;
  /** The path of the creation URL. */
  readonly path: string;
  /** A command for the page. */
  readonly shown: string;
}

export interface ClientPeer extends Peer {
  /** Sends a file to a creation URL, and goes on where it was after a broken connection. */
  readonly command: (cache: string, file: string, url: string) => Command;
  readonly shown: string;
  /** Where it does not end with the whole file: who is right, and by which clause. */
  readonly ruling?: string;
}
