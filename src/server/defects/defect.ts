import type { Behaviour } from '../parts.ts';
import type { ServedProtocol } from '../words.ts';

/**
 * One deliberate mistake of the reference server: it shows that the checks it names can fail. Real servers made most
 * of them, and `source` says which.
 */
export interface Defect {
  readonly id: string;
  /** What the server does wrong, one sentence. */
  readonly says: string;
  /** The ids of exactly those checks of the conformance tester that must notice. */
  readonly breaks: readonly string[];
  /** The ids of checks that cannot judge anything any more because of it. */
  readonly blocks?: readonly string[];
  readonly source?: string;
  /** Correct clients survive it: the checks warn of it or note it, and never fail. */
  readonly onlyWarns?: true;
  /** How the server is started to show it; a pulse server open to anyone where absent. */
  readonly serve?: Serving;
  /** Made anew for every server, because some mistakes remember things. */
  readonly behaviour: (scale?: DefectScale) => Behaviour;
}

/** What the mistakes with large files count as a GiB: less than 2^30 shows them with files of that much less. */
export interface DefectScale {
  readonly gibibyteBytes: number;
}

export const fullScale: DefectScale = { gibibyteBytes: 2 ** 30 };

/** A difference that is right: no check may fail or warn because of it. */
export type Variation = Omit<Defect, 'breaks' | 'blocks' | 'source' | 'onlyWarns'>;

export interface Serving {
  readonly protocol?: ServedProtocol;
  /** The server asks for a token. */
  readonly guarded?: true;
  /** Its tokens are good for one artifact each, and for what is related to that; `guarded` stands beside it. */
  readonly bound?: true;
  readonly maxSizeBytes?: number;
  /** Clients reach it by https, through a proxy. */
  readonly https?: true;
  /** The path prefix below which clients find the server. */
  readonly below?: string;
  /**
   * Shows only when the tester is allowed that much, or at a smaller scale; or when it is given a command that reads back
   * what is stored.
   */
  readonly needs?: 'large' | 'read-back';
}
