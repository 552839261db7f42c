import type { Answer, WireRequest } from './wire.ts';

export interface NewUpload {
  /** Absent where it is to be said later, with the bytes. */
  readonly sizeBytes?: number;
  /** Keys and plain values; the protocol encodes them. */
  readonly metadata: Readonly<Record<string, string>>;
  /** It is to be joined with others, and is of no use alone. */
  readonly isPart?: true;
}

export interface Chunk {
  readonly offsetBytes: number;
  readonly bytes: Uint8Array;
  /** The size of the whole upload, where its creation left that open. */
  readonly totalBytes?: number;
  /** That of exactly these bytes; absent where none is to be sent along. */
  readonly checksum?: ChunkChecksum;
}

export interface ChunkChecksum {
  /** As the server spells it. */
  readonly algorithm: string;
  readonly base64: string;
}

export interface FinalizeFacts {
  readonly uploadId: string;
  readonly filename: string;
  readonly token?: string;
}

/** What a finalize answer says. A field is absent where the server said nothing usable. */
export interface Finalized {
  readonly videoId?: string;
  readonly status?: string;
  readonly sizeBytes?: number;
  /** 64 lower-case hex digits. */
  readonly sha256?: string;
  /** A checksum that is no SHA-256, as the server wrote it. */
  readonly otherChecksum?: string;
  /** A size that is no number, as the server wrote it. */
  readonly otherSize?: string;
  /** It says that it failed, whatever else it says. */
  readonly hasFailed?: true;
}

/** A file as it would be created at a server. */
export interface Candidate {
  /** Absent where nobody knows it yet. */
  readonly sizeBytes?: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What a server says of itself before anything is sent. What it does not say is absent. */
export interface Offer {
  /** Why the server will not take a file, by its own words; undefined where it says nothing against it. */
  readonly objection?: (candidate: Candidate) => string | undefined;
  /** Further metadata that a file of this name needs. */
  readonly describe?: (filename: string) => Readonly<Record<string, string>>;
  /** Metadata that declares the SHA-256 (hex) of the whole file; absent where the server does not list it. */
  readonly declare?: (sha256: string) => Readonly<Record<string, string>>;
  /** What it can do beyond the core of its protocol, by the protocol's own names in lower case. */
  readonly extensions?: ReadonlySet<string>;
  /** The digests of single chunks that it can compare, as it spells them. */
  readonly checksumAlgorithms?: readonly string[];
}

/** An upload whose content is asked for. */
export interface StoredUpload {
  readonly uploadUrl: URL;
  /** The name that the client gave it, where it gives one. */
  readonly chosenId?: string;
}

/**
 * A protocol is a value: what it lacks is absent, and its special steps are functions from facts to a request.
 * The uploader asks what is there, never which protocol it is.
 */
export interface Protocol {
  readonly id: string;
  /** The headers that carry the user's token. */
  readonly credentials: (token: string) => Readonly<Record<string, string>>;
  /** When a token ends, in ms since 1970, where it can say so itself. */
  readonly tokenExpiryMs?: (token: string) => number | undefined;
  readonly create: (server: URL, upload: NewUpload) => WireRequest;
  /** The same creation with the first bytes of the upload, for servers that offer to take them. */
  readonly createWithData?: (creation: WireRequest, bytes: Uint8Array) => WireRequest;
  /** Asks for the current offset. */
  readonly status: (uploadUrl: URL) => WireRequest;
  readonly append: (uploadUrl: URL, chunk: Chunk, body: 'raw' | 'multipart') => WireRequest;
  /** `append` knows multipart. */
  readonly hasForms?: true;
  /** Ends an upload for good: its bytes are thrown away. */
  readonly terminate?: (uploadUrl: URL) => WireRequest;
  readonly finalize?: {
    readonly request: (server: URL, facts: FinalizeFacts) => WireRequest;
    /** Undefined where the answer is not what this protocol's finalize answers. */
    readonly read: (answer: Answer) => Finalized | undefined;
  };
  /** Asked once a run, before anything is sent. */
  readonly discover?: {
    readonly request: (server: URL) => WireRequest;
    /** Undefined where the answer is not what this protocol answers. */
    readonly read: (answer: Answer) => Offer | undefined;
    /** Servers need not answer: one that does not is used as one that can do the core, and nothing more. */
    readonly isOptional?: true;
  };
  /** Present where the client names its uploads: the same name again is the same upload. */
  readonly naming?: {
    /** The key of the metadata that carries the name, and by which the user may give one. */
    readonly key: string;
    readonly newId: () => string;
    /** What is wrong with a name; undefined where nothing is. */
    readonly problem: (id: string) => string | undefined;
    /** Where an upload of that name is, if the answer that said so was lost. */
    readonly uploadUrl: (server: URL, id: string) => URL;
  };
  /** The extension with which the size of an upload may be said after its creation; absent where it never may. */
  readonly sizeMayFollow?: string;
  /** Present where uploads may be made side by side and then joined. */
  readonly joining?: {
    /** The extension that must be offered for it. */
    readonly extension: string;
    /** Creates the upload that consists of these, in their order. */
    readonly request: (server: URL, partUrls: readonly URL[], metadata: NewUpload['metadata']) => WireRequest;
  };
  /** The bytes of a complete upload, where they can be asked for. */
  readonly content?: {
    readonly request: (server: URL, stored: StoredUpload) => WireRequest;
    /** Present where HEAD is about the bytes too, and may hold their digest. */
    readonly hasHead?: true;
  };
  /** Spoken where the server shows no sign of any protocol. */
  readonly isAssumed?: true;
  readonly recognise: {
    readonly request: (server: URL) => WireRequest;
    /** The sign that was seen, in words; undefined where the answer shows none. */
    readonly sign: (answer: Answer) => string | undefined;
    /** What stands behind the server's URL where uploads are created: who names that as well has named too much. */
    readonly creation?: string;
  };
}
