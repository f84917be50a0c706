import { isUtf8 } from "node:buffer";
import { createWriteStream } from "node:fs";
import type { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { type IdentityUsage, openSource, type StorageAccess } from "./blobs.ts";
import { ingestionError } from "./ingestionError.ts";

/** What a text looks like, as far as the way to read it depends on it. */
export interface TextShape {
  readonly bytes: number;
  /** Every quote opens a field, closes one or is doubled; no lone carriage return; one kind of line end. */
  readonly plain: boolean;
  readonly quotedBreaks: boolean;
  readonly lineEnd: "\n" | "\r\n";
  readonly openQuote: boolean;
}

const QUOTE = 0x22;
const LF = 0x0a;
const CR = 0x0d;

/** Follows the quotes of a text, buffer by buffer. */
function shapeScanner(delimiter: number): { scan: (bytes: Buffer) => void; shape: () => TextShape } {
  let bytes = 0;
  let inside = false;
  let previous = LF;
  let plain = true;
  let quotedBreaks = false;
  let lf = false;
  let crlf = false;
  const slow = (chunk: Buffer): void => {
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i] ?? 0;
      if (inside) {
        if (byte === QUOTE) inside = false;
        else if (byte === LF || byte === CR) quotedBreaks = true;
      } else if (byte === QUOTE) {
        if (previous !== QUOTE && previous !== delimiter && previous !== LF) plain = false;
        inside = true;
      } else {
        if (previous === QUOTE && byte !== delimiter && byte !== LF && byte !== CR) plain = false;
        if (previous === CR && byte !== LF) plain = false;
        if (byte === LF) {
          if (previous === CR) crlf = true;
          else lf = true;
        }
      }
      previous = byte;
    }
  };
  return {
    scan: (chunk) => {
      if (chunk.length === 0) return;
      bytes += chunk.length;
      const quiet =
        !inside && previous !== QUOTE && previous !== CR && !chunk.includes(QUOTE) && !chunk.includes(CR);
      if (!quiet) return slow(chunk);
      if (previous === LF || chunk[0] === LF || chunk.includes(LF)) lf = lf || chunk.includes(LF);
      previous = chunk[chunk.length - 1] ?? 0;
    },
    shape: () => ({
      bytes,
      plain: plain && previous !== CR && !(lf && crlf),
      quotedBreaks,
      lineEnd: crlf ? "\r\n" : "\n",
      openQuote: inside,
    }),
  };
}

/** Length of the part of a buffer that ends with a whole UTF-8 character. */
function wholeLength(chunk: Buffer): number {
  for (let back = 1; back <= Math.min(3, chunk.length); back++) {
    const byte = chunk[chunk.length - back] ?? 0;
    if (byte < 0x80) return chunk.length;
    if (byte >= 0xc0)
      return (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) > back ? chunk.length - back : chunk.length;
  }
  return chunk.length;
}

/** Invalid UTF-8 becomes U+FFFD (`kusto/query/scalar-data-types/string.md`); a byte order mark goes. */
async function* cleanText(
  source: AsyncIterable<Buffer>,
  seen: (bytes: Buffer) => void,
): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0);
  let first = true;
  const clean = (bytes: Buffer): Buffer => {
    let valid = isUtf8(bytes) ? bytes : Buffer.from(bytes.toString("utf8"), "utf8");
    if (first && valid.length > 0) {
      if (valid.subarray(0, 3).equals(Buffer.from("\ufeff", "utf8"))) valid = valid.subarray(3);
      first = false;
    }
    seen(valid);
    return valid;
  };
  for await (const chunk of source) {
    const joined = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const whole = first && joined.length < 3 ? 0 : wholeLength(joined);
    rest = Buffer.from(joined.subarray(whole));
    yield clean(joined.subarray(0, whole));
  }
  yield clean(rest);
}

async function* buffers(stream: Readable | Transform): AsyncGenerator<Buffer> {
  for await (const chunk of stream) yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
}

export interface FetchOptions {
  readonly access: StorageAccess;
  readonly usage: IdentityUsage;
  /** The delimiter's byte for text, undefined for binary formats, which come as they are. */
  readonly delimiter?: number;
  readonly gzip: boolean;
}

/** Brings a source to a local file, unzipped and, for text, as valid UTF-8; says how the text looks. */
export async function fetchSource(source: string, file: string, options: FetchOptions): Promise<TextShape> {
  const opened = await openSource(source, options.access, options.usage);
  const scanner = shapeScanner(options.delimiter ?? 0);
  const steps = async function* (input: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    if (options.delimiter !== undefined) return yield* cleanText(input, scanner.scan);
    for await (const chunk of input) {
      scanner.scan(chunk);
      yield chunk;
    }
  };
  try {
    if (options.gzip)
      await pipeline(
        opened.stream,
        createGunzip({ chunkSize: 1024 * 1024 }),
        (unzipped: Transform) => steps(buffers(unzipped)),
        createWriteStream(file),
      );
    else await pipeline(opened.stream, (plain: Readable) => steps(buffers(plain)), createWriteStream(file));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code.startsWith("Z_"))
      throw ingestionError("BadRequest_InvalidBlob", `The blob is not valid gzip: '${opened.printable}'.`);
    throw error;
  }
  return scanner.shape();
}

/** The shape of a text that is already at hand. */
export function shapeOfText(bytes: Buffer, delimiter: number): TextShape {
  const scanner = shapeScanner(delimiter);
  scanner.scan(bytes);
  return scanner.shape();
}
