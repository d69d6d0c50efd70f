// Which pictures can be sent, and how large. Pure. The limits are those that the model providers share: 5 MB as base64,
// and nothing is gained beyond some 2,000 pixels a side.

const KINDS = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);
/** Before base64, which makes four bytes of three */
export const LARGEST_BYTES = 3_700_000;
const LONGEST_SIDE = 2_000;

export interface PictureFile {
  readonly name: string;
  readonly type: string;
  readonly size: number;
}

/** Why it cannot be sent; undefined when it can, perhaps made smaller. */
export function pictureProblem(file: PictureFile): string | undefined {
  if (!KINDS.has(file.type)) return `${file.name} is not a PNG, JPEG, GIF or WebP picture`;
  const still = file.type !== 'image/gif';
  if (file.size > LARGEST_BYTES && !still)
    return `${file.name} is ${megabytes(file.size)}; a GIF is sent as it is, up to ${megabytes(LARGEST_BYTES)}`;
  return undefined;
}

export function scaleFor(width: number, height: number): number {
  return Math.min(1, LONGEST_SIDE / Math.max(width, height));
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
