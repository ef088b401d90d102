// Who may ask. Against DNS rebinding, a page that makes a browser call this server under a name of its own, the Host
// header must be an address (no such page can choose that), or a name the server was given. Against other pages, a POST
// that says where it comes from (Origin) must come from here. Tools and programs send no Origin.

import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { RequestError } from './request-error.js';

/** Headers that are remembered: clients have few, whoever invents them gets no memory by it. */
const MOST_REMEMBERED = 100;

export class Guards {
  private readonly names: ReadonlySet<string>;
  /** Host headers that were found to be ours, so that most requests are one look-up. */
  private readonly ours = new Set<string>();

  /**
   * @param host that the server is bound to
   * @param allowed further names by which it may be called; `*` is any
   */
  constructor(host: string, allowed: readonly string[] = []) {
    this.names = new Set(['localhost', host, hostname(), ...allowed].map((name) => name.toLowerCase()));
  }

  /** @throws RequestError 403 */
  requireKnownHost(header = ''): void {
    if (this.ours.has(header)) return;
    const name = hostName(header);
    if (isIP(name) !== 0 || this.names.has(name) || this.names.has('*')) {
      if (this.ours.size < MOST_REMEMBERED) this.ours.add(header);
      return;
    }
    throw new RequestError(
      403,
      `This server is not called '${name.slice(0, 60)}' (allowed: its addresses and ${[...this.names].join(', ')}; others are named by --allow-host).`,
      'foreign_host',
    );
  }

  /** @throws RequestError 403 for a request from a page of another host */
  requireOwnOrigin(origin: string | undefined, host: string | undefined): void {
    if (origin === undefined || originHost(origin) === host?.toLowerCase()) return;
    throw new RequestError(
      403,
      `A page of '${origin.slice(0, 60)}' may not post here (allowed: pages of this host, and programs, which send no Origin).`,
      'foreign_origin',
    );
  }
}

/** A Host header without its port, in lower case; an IPv6 address without its brackets. */
export function hostName(header: string): string {
  const [, bracketed, plain = ''] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(header) ?? [];
  return (bracketed ?? plain).toLowerCase();
}

/** Host and port of an origin such as `https://shop.example`; undefined for `null` and for what is none. */
function originHost(origin: string): string | undefined {
  return /^https?:\/\/([^/]+)$/i.exec(origin)?.[1].toLowerCase();
}
