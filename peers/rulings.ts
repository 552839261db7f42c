/** Who is right, where verify and a server disagree, and by which clause. */
export interface Ruling {
  /** As test/golden/findings.ts writes it: `fail core.head.no-store`. */
  readonly finding: string;
  readonly says: string;
  /** Races: seen in some runs only. */
  readonly sometimes?: true;
}

const rfc9110 = 'RFC 9110';
const rfc9112 = 'RFC 9112';

/** The same in several servers. */
const firstOfTwoOffsets = `the server is wrong: two lines Upload-Offset mean the value "0, 5" (${rfc9110}, 5.3), which is no integer (tus 1.0.0, Upload-Offset); it takes the first`;
const lossyMetadata =
  'the server is wrong: values are base64 of any bytes, and HEAD must repeat them as the client gave them (tus 1.0.0, Creation, Upload-Metadata); it takes them for UTF-8';
const lostMetadata =
  'the server is wrong: values are base64 of any bytes (tus 1.0.0, Creation, Upload-Metadata); it forgets those that are no UTF-8';
const emptyValues =
  'the server is wrong: "the value MAY be empty" (tus 1.0.0, Creation, Upload-Metadata); it forgets such keys';
const lengthAndChunked = `the server is wrong: it must close the connection after such a request (${rfc9112}, 6.1); a warning, because it reads the body right`;
const unverified =
  'the server is wrong: it lists checksum, and a chunk whose checksum does not match MUST NOT be stored (tus 1.0.0, Checksum); as cargo builds it, without its feature "hashers", it never looks at Upload-Checksum';
const asksForTheBody = `the server is wrong: offset and length are in the head, so the final status has to come at once instead of 100 (${rfc9110}, 10.1.1); it waits for a body that it will refuse. A warning, because a proxy that buffers does the same`;

/** Every finding of verify in the servers of servers.ts. What is not here is news, and fails `npm run peers`. */
export const rulings: Readonly<Record<string, readonly Ruling[]>> = {
  'tus-node': [
    {
      finding: 'warn core.version.unsupported.412',
      says: 'the server is wrong: 412 is demanded (tus 1.0.0, Tus-Resumable), 400 comes; a warning, because nothing is processed',
    },
    {
      finding: 'warn core.version.head-unsupported',
      says: 'the server is wrong by the same clause, on HEAD; many servers do without, hence a warning',
    },
    {
      finding: 'warn core.method-override.patch',
      says: 'the server is wrong: the override MUST be interpreted (tus 1.0.0, X-HTTP-Method-Override); commonly missing, hence a warning',
    },
    { finding: 'warn core.method-override.delete', says: 'the server is wrong by the same clause' },
    { finding: 'fail metadata.binary-value', says: lossyMetadata },
    {
      finding: 'warn metadata.header-injection',
      says: 'the server is wrong: GET builds Content-Disposition from a file name with a line break, Node refuses the header, and the answer is 500; nothing is injected, hence a warning',
    },
  ],
  tusd: [
    {
      finding: 'warn core.version.unsupported.tus-version',
      says: 'the server is wrong: a 412 MUST include Tus-Version (tus 1.0.0, Tus-Resumable); it has none',
    },
    { finding: 'fail core.patch.offset-syntax.list', says: firstOfTwoOffsets },
    {
      finding: 'fail core.method-override.head',
      says: `the server is wrong: it answers the POST with the Content-Length of a HEAD and without a body, so the message is incomplete (${rfc9112}, 8), and closes the connection`,
    },
    { finding: 'fail metadata.binary-value', says: lossyMetadata },
    {
      finding: 'warn data.head-during-patch.time',
      says: 'nobody is wrong by the text: HEAD takes the lock and ends the running PATCH, which takes seconds; more than 5 s is worth a warning (up to 35 s)',
      sometimes: true,
    },
    { finding: 'warn http.cl-and-te', says: lengthAndChunked },
    {
      finding: 'fail http.bad-chunk-size',
      says: `the server is wrong: a chunk size that is no number is a mistake of the client, 4xx (${rfc9110}, 15.5); 500 comes. The content is right afterwards`,
    },
    {
      finding: 'fail http.long-url',
      says: `the server is wrong: a name too long for the file system is a mistake of the client (${rfc9110}, 15.5.15); 500 comes`,
    },
    {
      finding: 'fail http.bad-percent',
      says: `the server is wrong: the id %00 is a mistake of the client (${rfc9110}, 15.5); 500 comes`,
    },
    { finding: 'fail http.no-5xx', says: 'the three above once more' },
    {
      finding: 'fail sec.id.alias',
      says: 'the server is wrong: x%2F..%2FID is another path than ID (RFC 3986, 2.2), and reaches the same upload; ids are joined to paths as they come',
    },
    {
      finding: 'fail sec.id.nul-and-slash',
      says: `the server is wrong: ID%00 is a mistake of the client (${rfc9110}, 15.5); 500 comes`,
    },
  ],
  rustus: [
    {
      finding: 'fail core.version.unsupported.412',
      says: 'the server is wrong: 412 is demanded, and the server MUST NOT process the request (tus 1.0.0, Tus-Resumable); it never looks at the header',
    },
    {
      finding: 'fail core.version.unsupported.not-processed',
      says: 'the server is wrong by the same clause',
    },
    {
      finding: 'fail core.head.no-store',
      says: 'the server is wrong: Cache-Control: no-store is demanded (tus 1.0.0, HEAD); no-cache comes',
    },
    { finding: 'fail core.patch.offset-syntax.list', says: firstOfTwoOffsets },
    {
      finding: 'fail core.patch.exceed-length',
      says: 'the server is wrong: Upload-Length is the size of the entire upload (tus 1.0.0, Upload-Length); it takes more, and the offset passes it',
    },
    { finding: 'fail core.patch.exceed-length-chunked', says: 'the server is wrong by the same clause' },
    { finding: 'fail core.patch.exceed-then-recover', says: 'follows from the two above' },
    { finding: 'fail metadata.empty-value.no-space', says: emptyValues },
    { finding: 'fail metadata.empty-value.space', says: emptyValues },
    {
      finding: 'fail metadata.binary-value',
      says: lostMetadata,
    },
    {
      finding: 'fail data.concurrent.same-offset',
      says: 'the server is wrong: the second chunk no longer matches the offset and MUST be refused with 409 (tus 1.0.0, PATCH); without a lock both are acknowledged and stored',
      sometimes: true,
    },
    { finding: 'warn http.expect-100.reject', says: asksForTheBody },
    { finding: 'warn http.cl-and-te', says: lengthAndChunked },
    {
      finding: 'fail defer.patch.set-length-empty',
      says: 'the server is wrong: "once it is known" the size is set by the next PATCH (tus 1.0.0, Creation, POST), and no word asks for bytes in it; behind the last byte it answers 400, "File is frozen"',
    },
    {
      finding: 'warn defer.patch.length-syntax',
      says: 'the server is wrong: Upload-Length "MUST be a non-negative integer" (tus 1.0.0, Upload-Length); it ignores abc and -1 and takes the chunk. A warning, because HEAD still says that the size comes later',
    },
    {
      finding: 'fail cwu.post.exceed-length',
      says: 'the server is wrong as in core.patch.exceed-length: five bytes are stored of an upload of three',
    },
    ...[
      'fail checksum.advertised',
      'fail checksum.mismatch.discard',
      'fail checksum.mismatch.retry',
      'fail checksum.mismatch.last-chunk',
      'fail checksum.unsupported.discard',
      'fail checksum.malformed',
      'fail checksum.truncated-digest',
      'warn checksum.empty-chunk',
    ].map((finding) => ({ finding, says: unverified })),
    {
      finding: 'fail checksum.algorithms-header',
      says: 'the server is wrong: a server with this extension MUST state Tus-Checksum-Algorithm (tus 1.0.0, Checksum)',
    },
    {
      finding: 'fail checksum.sha1-required',
      says: 'follows from that: SHA1 MUST be among the algorithms (tus 1.0.0, Checksum)',
    },
    ...['blocked checksum.algorithms-names', 'blocked checksum.match.204'].map((finding) => ({
      finding,
      says: 'follows from that: without a list no algorithm can be tried',
    })),
    {
      finding: 'warn concat.invalid-value',
      says: 'the server is wrong: Upload-Concat is "partial" or "final;" with URLs (tus 1.0.0, Concatenation, Upload-Concat), and it ignores "foo"; a warning, because the upload is as if nothing had been said',
    },
    {
      finding: 'warn sec.location.host-reflection',
      says: 'the server is too trusting: X-Forwarded-Host of any client decides where Location points; behind a proxy that sets it nothing is wrong, hence a warning',
    },
  ],
  tussi: [
    {
      finding: 'warn core.head.offset-completed',
      says: 'the server is wrong: HEAD MUST state the offset even if "the upload is already considered completed" (tus 1.0.0, HEAD); it moves the file away, and answers 404',
    },
    { finding: 'fail core.patch.offset-syntax.list', says: firstOfTwoOffsets },
    {
      finding: 'warn core.patch.store-partial',
      says: 'the server does less than it SHOULD: "store as much of the received data as possible" (tus 1.0.0, PATCH); it keeps nothing of a chunk that was cut',
    },
    { finding: 'fail metadata.empty-value.no-space', says: emptyValues },
    { finding: 'fail metadata.empty-value.space', says: emptyValues },
    { finding: 'fail metadata.binary-value', says: lostMetadata },
    {
      finding: 'fail data.chunked-transfer-encoding',
      says: `the server is wrong: chunked bodies are HTTP/1.1 (${rfc9112}, 7.1), and who wants a length says 411 (${rfc9110}, 15.5.12); it answers 400`,
    },
    { finding: 'warn http.expect-100.reject', says: asksForTheBody },
    { finding: 'warn http.cl-and-te', says: lengthAndChunked },
  ],
};
