// WebAssembly memory comes in pages.

export const PAGE_BYTES = 65536;

/** Pages that hold this many bytes. */
export function pagesOf(bytes: number): number {
  return Math.ceil(bytes / PAGE_BYTES);
}
